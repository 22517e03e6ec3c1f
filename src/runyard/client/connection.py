"""One store as the client uses it: a sender with its buffer, shared by every client of the process for that store."""

import atexit
import os
import threading
from typing import Any

from runyard import settings
from runyard.client.buffer import Buffer
from runyard.client.errors import Unreachable
from runyard.client.senders import Sender, sender_for
from runyard.exceptions import RunyardException
from runyard.protocol.message import Message
from runyard.tracking.metrics.messages import LogMetric

SECONDS_AT_EXIT = 30.0

_connections: dict[str, "StoreConnection"] = {}
_making = threading.Lock()


def connection_to(uri: str) -> "StoreConnection":
    """The connection of this process to a store."""
    with _making:
        if uri not in _connections:
            _connections[uri] = StoreConnection(sender_for(uri))
        return _connections[uri]


class StoreConnection:
    """Sends messages to a store, in the order they were given, whatever happens to the store meanwhile."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self._buffer = Buffer(sender)

    def ask(self, message: Message) -> dict[str, Any]:
        """Send a message and return the answer. What was buffered before it is delivered first.

        Raises
        ------
        Unreachable: The store cannot be reached.
        RunyardException: The store refused the message.
        """
        message.check()
        self._buffer.flush()
        return self.sender.send(message)

    def write(self, message: Message, synchronous: bool | None = None) -> dict[str, Any]:
        """Send a change to an existing run, after what was buffered before it.

        While the store cannot be reached the change is kept in the journal and delivered in its turn; the answer is
        then empty. With RUNYARD_SYNC_LOGGING or ``synchronous=True`` it is an error instead.

        Raises
        ------
        Unreachable: The store cannot be reached and the call must wait for it.
        RunyardException: The store refused the message.
        """
        message.check()
        if self.waits(synchronous):
            self._buffer.flush()
            return self.sender.send(message)
        if self._buffer.flush():
            try:
                return self.sender.send(message, settings.OFFLINE_AFTER.get())
            except Unreachable:
                pass
        self._buffer.add_change(message)
        return {}

    def log_point(self, run_id: str, key: str, value: float, timestamp: int, step: int) -> None:
        """Buffer one checked point of a metric."""
        self._buffer.add_point(run_id, key, value, timestamp, step)

    def log_annotated(self, message: LogMetric) -> None:
        """Log a point that says more than a buffered one can hold."""
        self.write(message)

    def flush(self) -> bool:
        """Wait until everything buffered is stored; False when the store cannot be reached."""
        return self._buffer.flush()

    def waits(self, synchronous: bool | None) -> bool:
        """Must a call with this argument wait until it is stored?"""
        return bool(synchronous) or bool(settings.SYNC_LOGGING.get())

    def close(self) -> None:
        """Deliver what can be delivered before the process ends."""
        self._buffer.close(SECONDS_AT_EXIT)

    def after_fork(self) -> None:
        """In a forked child: forget connections and buffered entries, which are the parent's."""
        self.sender.after_fork()
        self._buffer.after_fork()


def flush_all() -> None:
    """Wait until everything this process logged is stored.

    Raises
    ------
    Unreachable: A store cannot be reached; what was logged is kept on disk.
    """
    for connection in list(_connections.values()):
        if not connection.flush():
            raise Unreachable(
                f"{connection.sender.address} cannot be reached. What was logged is kept on disk; see: runyard sync"
            )


def _close_all() -> None:
    for connection in list(_connections.values()):
        try:
            connection.close()
        except (RunyardException, OSError):
            continue


def _after_fork() -> None:
    global _making
    _making = threading.Lock()
    for connection in _connections.values():
        connection.after_fork()


atexit.register(_close_all)
os.register_at_fork(after_in_child=_after_fork)
