"""Parameters of entry points: their types, and what a value of each must be."""

import difflib
import logging
import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from runyard.core.credentials import ANY_SCHEME
from runyard.core.limits import shown
from runyard.exceptions import InvalidProject

log = logging.getLogger(__name__)

_SCHEME = re.compile(f"{ANY_SCHEME}:.+", re.DOTALL)
_FILE_ADDRESS = re.compile(r"file:(//(localhost)?(?=/)|//)?")
_TRUE_OR_FALSE = ("true", "false", "yes", "no", "on", "off", "1", "0")


def _is_float(text: str) -> bool:
    try:
        return not math.isnan(float(text)) or text.strip().lower() in ("nan", "+nan", "-nan")
    except ValueError:
        return False


def _is_integer(text: str) -> bool:
    return re.fullmatch(r"\s*[+-]?\d+\s*", text) is not None


_CHECKS: dict[str, tuple[Callable[[str], bool], str]] = {
    "string": (lambda _text: True, "text"),
    "float": (_is_float, "a number such as 0.1"),
    "path": (lambda text: text != "", "the path of a file or folder, or an address to download"),
    "uri": (lambda text: _SCHEME.fullmatch(text) is not None, "an address with a scheme, such as s3://bucket/data"),
    "int": (_is_integer, "an integer"),
    "bool": (lambda text: text.strip().lower() in _TRUE_OR_FALSE, "true or false"),
}
"""The four types of the format, and two that many projects write though MLflow never looked at them."""

_SPELLINGS = {"str": "string", "double": "float", "number": "float", "integer": "int", "boolean": "bool"}

TYPES = ("string", "float", "path", "uri", "int", "bool")


@dataclass(frozen=True)
class Parameter:
    """A declared parameter.

    Attributes
    ----------
    type: One of `TYPES`.
    default: Its value when none is given; None when one must be.
    is_null: A default is written, and it is null, which is none.
    """

    name: str
    type: str = "string"
    default: str | None = None
    is_null: bool = False

    def check(self, value: str) -> None:
        """Check that a value is of the parameter's type. That a path exists is checked when it is resolved.

        Raises
        ------
        InvalidProject: It is not.
        """
        is_valid, meaning = _CHECKS[self.type]
        if not is_valid(value):
            raise InvalidProject(
                f"Parameter {self.name!r} has the type {self.type}, so it takes {meaning}; got {shown(value)}."
            )


def declared(entry_point: str, name: str, given: Any) -> Parameter:
    """A parameter as an MLproject file declares it: its type, or a mapping with ``type`` and ``default``.

    Raises
    ------
    InvalidProject: The type is unknown, or the declaration is neither of these.
    """
    where = f"Parameter {name!r} of entry point {entry_point!r}"
    mapping: Any = {"type": given} if isinstance(given, str) else {} if given is None else given
    if not isinstance(mapping, Mapping):
        raise InvalidProject(f"{where} is {shown(str(given))}: write a type, or a mapping with 'type' and 'default'.")
    kind = str(mapping.get("type", "string"))
    kind = _SPELLINGS.get(kind, kind)
    if kind not in _CHECKS:
        raise InvalidProject(f"{where} has the unknown type {shown(kind)}. Use one of: {', '.join(TYPES)}.")
    default = mapping.get("default")
    if isinstance(default, Mapping | list):
        raise InvalidProject(f"{where} has a default that is neither text nor a number: {shown(str(default))}.")
    warn_of_unknown(where, mapping, ("type", "default"))
    return Parameter(name, kind, None if default is None else str(default), "default" in mapping and default is None)


def unknown_keys(content: Mapping[str, Any], known: Sequence[str]) -> str:
    """The keys that a part of an MLproject file cannot have and that look like some it can; empty when all is well."""
    near = {str(key): difflib.get_close_matches(str(key), known, 1, 0.7) for key in content if key not in known}
    return " ".join(f"It has the unknown key {key!r}: did you mean {name[0]!r}?" for key, name in near.items() if name)


def warn_of_unknown(where: str, content: Mapping[str, Any], known: Sequence[str]) -> None:
    """Warn of misspelt keys in a part of an MLproject file: they have no effect."""
    if found := unknown_keys(content, known):
        log.warning("%s: %s", where, found)


def is_local(value: str) -> bool:
    """Whether a value of the type path names a local file."""
    return _SCHEME.fullmatch(value) is None or value.startswith("file:")


def local_file(parameter: str, value: str) -> Path:
    """The absolute path of a value of the type path. Relative ones start at the caller's working directory.

    Raises
    ------
    InvalidProject: Nothing is there.
    """
    text = unquote(_FILE_ADDRESS.sub("", value)) if value.startswith("file:") else os.path.expanduser(value)  # noqa: PTH111
    path = Path(text).absolute()  # above: Path.expanduser fails for users who do not exist
    if not path.exists():
        raise InvalidProject(
            f"Parameter {parameter!r} names {shown(value)}, and nothing is at {str(path)!r}. Correct the path."
        )
    return path
