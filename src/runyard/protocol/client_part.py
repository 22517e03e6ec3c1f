"""The connection through which the client's methods reach a store, local or remote."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from runyard.protocol.answer import A
from runyard.protocol.message import AnyMessage, Message


class Connection(Protocol):
    """The ways to send a message to a store."""

    def ask(self, message: AnyMessage) -> dict[str, Any]:
        """Send a message and return the answer. What was buffered before it is delivered first."""

    def ask_text(self, message: AnyMessage) -> bytes:
        """Send a message as `ask` does, and return the JSON text of its answer, for those who decode it themselves."""

    def write(self, message: AnyMessage, synchronous: bool | None = None) -> Any:
        """Send a change to an existing run. When the store cannot be reached it is kept on disk and delivered later.

        Parameters
        ----------
        synchronous: True waits until it is stored, or raises.
        """

    def write_behind(self, message: AnyMessage) -> int:
        """Put a change behind what was buffered before it, without waiting; returns its number for `raise_rejected`."""

    def log_point(
        self,
        run_id: str,
        key: str,
        value: float,
        timestamp: int,
        step: int,
        measured: tuple[str | None, str | None, str | None] | None = None,
    ) -> int:
        """Buffer one checked point of a metric, and the model and dataset (name, digest) it was measured on.

        Returns its number for `raise_rejected`.
        """

    def raise_rejected(self, numbers: Iterable[int] | None = None) -> None:
        """Raise the store's error for the first of these entries that it rejected."""

    def begin(self, message: AnyMessage, later: AnyMessage) -> dict[str, Any] | None:
        """Create a run or a model; None when its server is away and `later` is kept, which creates it."""

    def is_away(self) -> bool:
        """Whether the server is unreachable and runs may start offline."""

    def upload(self, owner: str, owner_id: str, transfer: Callable[[Any], None], ours: bool = False) -> bool:
        """Store files of a run or a model; False when the store is unreachable and they are kept and delivered later.

        Parameters
        ----------
        owner: ``run`` or ``model``, or ``table`` for rows of a table of a run.
        transfer: Puts the files into the artifact repository it is given.
        ours: The files are temporary and will not change any more.
        """

    def flush(self) -> None:
        """Wait until everything buffered is stored; an error when the store cannot be reached."""

    def waits(self, synchronous: bool | None) -> bool:
        """Whether a call with this argument waits until its points are stored."""


class ActiveModel(Protocol):
    """The logged model of metrics that name none.

    Attributes
    ----------
    model_id: Its id; None when there is none.
    """

    model_id: str | None


class ClientPart:
    """Base of the client's methods of one slice. The client inherits them all."""

    connection: Connection
    active_model: ActiveModel

    def send(self, message: Message[A]) -> A:
        """Send a message and return the answer."""
        return message.answered(self.connection.ask(message))


class RunOperations:
    """The result of a call with ``synchronous=False``: an object to wait for."""

    def __init__(self, part: ClientPart, numbers: Iterable[int]) -> None:
        self._part, self._numbers = part, list(numbers)

    def wait(self) -> None:
        """Wait until everything logged so far is stored.

        Raises
        ------
        RunyardException: The store rejected what this call logged.
        """
        self._part.connection.flush()
        self._part.connection.raise_rejected(self._numbers)


def pages_of(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    """The items in runs of at most `size`."""
    return [items[first : first + size] for first in range(0, len(items), size)]
