"""The transport for a tracking URI: HTTP to a server, or a database opened in this process."""

from typing import Any, Protocol

from runyard.client.local import LocalTransport
from runyard.client.remote import RemoteTransport
from runyard.core.store_address import absolute, is_server
from runyard.protocol.message import AnyMessage


class Transport(Protocol):
    """Sends messages to one store and returns the answers.

    Attributes
    ----------
    uri: The store's URI.
    address: The store's URI, without credentials.
    """

    uri: str
    address: str

    @property
    def default_timeout(self) -> float:
        """About how many seconds a message is tried when no timeout is given."""

    def send(
        self, message: AnyMessage, timeout: float | None = None, attempt_timeout: float | None = None
    ) -> dict[str, Any]:
        """Send a message and return the answer.

        Parameters
        ----------
        timeout: Seconds after which the message is not tried again.
        attempt_timeout: Maximum number of seconds for one attempt.
        """

    def ask_text(self, message: AnyMessage) -> bytes:
        """Send a message that reads and return the JSON text of its answer, for those who decode it themselves."""

    def close(self) -> None:
        """Close connections and files."""

    def after_fork(self) -> None:
        """Called in a forked child before it sends anything."""


def transport_to(uri: str) -> Transport:
    """The transport for a tracking URI.

    Parameters
    ----------
    uri: ``http(s)://…`` for a server, ``sqlite:///…`` or ``postgresql://…`` for a database, or the path of a folder
        (also as ``file:``), in which a SQLite database is kept.

    Raises
    ------
    InvalidParameter: It is none of these.
    """
    store = absolute(uri)
    return RemoteTransport(store) if is_server(store) else LocalTransport(store)
