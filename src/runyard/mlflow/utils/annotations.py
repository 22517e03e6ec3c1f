"""``mlflow.utils.annotations``: decorators that only mark; nothing changes in what they decorate."""

from collections.abc import Callable
from typing import Any, TypeVar

Decorated = TypeVar("Decorated")


def experimental(f: Any = None, version: str | None = None) -> Any:
    """Mark as experimental; with and without arguments."""
    return f if callable(f) else _unchanged


def developer_stable(func: Decorated) -> Decorated:
    """Mark as stable for developers of plug-ins."""
    return func


def deprecated(
    alternative: str | None = None, since: str | None = None, impact: str | None = None
) -> Callable[[Decorated], Decorated]:
    """Mark as deprecated."""
    return _unchanged


def keyword_only(func: Decorated) -> Decorated:
    """Mark as taking keyword arguments only."""
    return func


def _unchanged(decorated: Decorated) -> Decorated:
    return decorated
