"""From a tracking URI to what carries messages there."""

from typing import Any, Protocol

from runyard.client.local import LocalSender
from runyard.client.remote import RemoteSender
from runyard.core.store_address import absolute, is_server
from runyard.protocol.message import AnyMessage


class Sender(Protocol):
    """Carries messages to one store and brings back answers.

    Attributes
    ----------
    uri: The store's URI.
    address: The store's URI, without credentials.
    """

    uri: str
    address: str

    @property
    def patience(self) -> float:
        """About how many seconds a message is tried when nobody says how long."""

    def send(self, message: AnyMessage, patience: float | None = None, timeout: float | None = None) -> dict[str, Any]:
        """Send a message and return the answer.

        Parameters
        ----------
        patience: Try no more after so many seconds.
        timeout: Seconds one attempt may take.
        """

    def close(self) -> None:
        """Let go of connections and files."""

    def after_fork(self) -> None:
        """Called in a forked child before it sends anything."""


def sender_for(uri: str) -> Sender:
    """The sender for a tracking URI.

    Parameters
    ----------
    uri: ``http(s)://…`` for a server, ``sqlite:///…`` or ``postgresql://…`` for a database, or the path of a folder
        (also as ``file:``), in which a SQLite database is kept.

    Raises
    ------
    InvalidParameter: It is none of these.
    """
    store = absolute(uri)
    return RemoteSender(store) if is_server(store) else LocalSender(store)
