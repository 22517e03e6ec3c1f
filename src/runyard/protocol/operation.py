"""Operations: name, methods, path and permission."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

Kind = Literal["read", "write"]

_MLFLOW_ROOTS = (
    "/api/2.0/mlflow",
    "/ajax-api/2.0/mlflow",
    "/api/3.0/mlflow",
    "/ajax-api/3.0/mlflow",
    "/api/2.0/preview/mlflow",
)
_AJAX_ROOTS = ("/ajax-api/2.0/mlflow", "/ajax-api/3.0/mlflow")
_OWN_ROOTS = ("/api/2.0/runyard", "/ajax-api/2.0/runyard")
_PART = re.compile(r"\{(\w+)\}")
_ROOTS = {"mlflow": _MLFLOW_ROOTS, "ajax": _AJAX_ROOTS, "runyard": _OWN_ROOTS}


@dataclass(frozen=True)
class Operation:
    """One operation of the protocol.

    Attributes
    ----------
    name: Snake-case name, ``log_metric``.
    methods: HTTP methods it answers to; the first is the one clients send.
    path: Path below the API's root, ``runs/log-metric``; parts in braces are fields of the message.
    family: ``mlflow`` (all of MLflow's prefixes), ``ajax`` (only those a browser uses), ``runyard`` (our own).
    kind: Whether it changes the store.
    needs: Name of the permission a caller must hold, ``run.edit``.
    dear: Whether it is a read that may take long, for which others do not wait.
    in_query: Fields of a write that may be in the address too, such as ``?fail=true``.
    """

    name: str
    methods: tuple[str, ...]
    path: str
    family: str
    kind: Kind
    needs: str
    dear: bool = False
    in_query: frozenset[str] = frozenset()

    @property
    def main_path(self) -> str:
        """The path a client sends this operation to."""
        return f"{_ROOTS[self.family][0]}/{self.path}"

    def address(self, fields: Mapping[str, Any]) -> str:
        """The path of a message with these fields: parts in braces filled in."""
        return _PART.sub(lambda part: quote(str(fields[part[1]]), safe="", errors="surrogatepass"), self.main_path)

    def routes(self) -> Iterator[tuple[str, str]]:
        """Every (method, path) this operation answers to."""
        for method in self.methods:
            for root in _ROOTS[self.family]:
                yield method, f"{root}/{self.path}"


def operation_name(class_name: str) -> str:
    """``LogMetric`` → ``log_metric``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", class_name).lower()
