"""The function that performs each message."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from runyard.db.jobs import Unfinished
from runyard.db.transaction import Transaction
from runyard.protocol.answer import Wire
from runyard.protocol.message import AnyMessage

M = TypeVar("M", bound=AnyMessage)


@dataclass(frozen=True)
class Later:
    """An answer of a read that needs no database any more: a store of files, slow as it may be, holds no connection.

    Attributes
    ----------
    make: Makes the answer; called once, after the transaction, on any thread.
    """

    make: Callable[[], Wire]


@dataclass(frozen=True)
class Piece:
    """The beginning of a long answer of a read, which goes on in other transactions: none waits for the one who reads.

    A caller in this process gets the answer whole, and from one transaction.

    Attributes
    ----------
    text: The JSON text so far.
    rest: Reads what follows. When it raises, the answer is broken off.
    """

    text: bytes
    rest: Callable[[Transaction], "Piece | bytes"]


Performer = Callable[[Transaction, M], Wire | Later | Piece | Unfinished]

_PERFORMERS: dict[type[AnyMessage], Performer[Any]] = {}


def performs(kind: type[M]) -> Callable[[Performer[M]], Performer[M]]:
    """Declare the function that performs a message inside an open transaction.

    The function never opens, commits or retries: the gate does. It may be called again with the same message. A write
    that is too long for one transaction returns what is `Unfinished`, whose last step returns the answer.
    """

    def register(function: Performer[M]) -> Performer[M]:
        if kind in _PERFORMERS:
            raise TypeError(f"{kind.__name__} is performed by {_PERFORMERS[kind].__qualname__} already.")
        _PERFORMERS[kind] = function
        return function

    return register


JointPerformer = Callable[[Transaction, Sequence[M]], Sequence[Wire]]

_JOINT: dict[type[AnyMessage], JointPerformer[Any]] = {}


def performs_jointly(kind: type[M]) -> Callable[[JointPerformer[M]], JointPerformer[M]]:
    """Declare a function that performs several writes of a class at once, as if one after another, and answers each.

    Where the database is behind a network, a statement for all takes the time of one. When the function raises, they
    are performed one by one instead, each with its own error.
    """

    def register(function: JointPerformer[M]) -> JointPerformer[M]:
        _JOINT[kind] = function
        return function

    return register


def joint_performer(kind: type[AnyMessage]) -> JointPerformer[Any] | None:
    """The function that performs several messages of this class at once, if any."""
    return _JOINT.get(kind)


_LOOKS: dict[type[AnyMessage], Performer[Any]] = {}


def looks_first(kind: type[M]) -> Callable[[Performer[M]], Performer[M]]:
    """Declare a function that is called before a write, and raises to reject it.

    It is a read, in a transaction of its own: what it answers later may ask a store of files, for which no write waits.
    """

    def register(function: Performer[M]) -> Performer[M]:
        _LOOKS[kind] = function
        return function

    return register


def first_look(kind: type[AnyMessage]) -> Performer[Any] | None:
    """The function called before messages of this class are performed, if any."""
    return _LOOKS.get(kind)


def performer(kind: type[AnyMessage]) -> Performer[Any]:
    """The function that performs messages of this class."""
    return _PERFORMERS[kind]
