"""Which function performs which message."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from runyard.protocol.message import Message

if TYPE_CHECKING:
    from runyard.db.transaction import Transaction

M = TypeVar("M", bound=Message)


class Raw(bytes):
    """An answer that is JSON text already."""


Wire = dict[str, Any] | Raw
"""An answer: a JSON-ready object in the protocol's spelling, or its text."""

_PERFORMERS: dict[type[Message], "Callable[[Transaction, Any], Wire]"] = {}


def performs(kind: type[M]) -> "Callable[[Callable[[Transaction, M], Wire]], Callable[[Transaction, M], Wire]]":
    """Declare the function that performs a message inside an open transaction.

    The function never opens, commits or retries: the gate does. It may be called again with the same message.
    """

    def register(function: "Callable[[Transaction, M], Wire]") -> "Callable[[Transaction, M], Wire]":
        if kind in _PERFORMERS:
            raise TypeError(f"{kind.__name__} is performed by {_PERFORMERS[kind].__qualname__} already.")
        _PERFORMERS[kind] = function
        return function

    return register


def performer(kind: type[Message]) -> "Callable[[Transaction, Any], Wire]":
    """The function that performs messages of this class."""
    return _PERFORMERS[kind]
