"""One store as the client uses it: a sender with its buffer, shared by every client of the process for that store."""

import atexit
import logging
import os
import threading
from collections.abc import Iterable
from typing import Any

from runyard import settings
from runyard.client.buffer import Buffer
from runyard.client.errors import Unreachable, says_nothing
from runyard.client.leftovers import deliver_left_behind, left_behind
from runyard.client.senders import Sender, sender_for
from runyard.core.store_address import absolute
from runyard.exceptions import RunyardException
from runyard.protocol.message import Message

log = logging.getLogger("runyard")

_SYNC_LOGGING = settings.SYNC_LOGGING.names[0]

_connections: dict[str, "StoreConnection"] = {}
_making = threading.Lock()


def connection_to(uri: str) -> "StoreConnection":
    """The connection of this process to a store."""
    key = absolute(uri)
    with _making:
        if key not in _connections:
            _connections[key] = StoreConnection(sender_for(key))
        return _connections[key]


class StoreConnection:
    """Sends messages to a store, in the order they were given, whatever happens to the store meanwhile."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self._buffer = Buffer(sender)
        self._looked_for_leftovers = False
        self.log_point = self._buffer.add_point

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        """In another process it is that process's own connection to the store."""
        return connection_to, (self.sender.uri,)

    def ask(self, message: Message) -> dict[str, Any]:
        """Send a message and return the answer. What was buffered before it is delivered first.

        Raises
        ------
        Unreachable: The store cannot be reached.
        RunyardException: The store refused the message.
        """
        message.check()
        self._look_for_leftovers()
        self._deliver_buffered(max(self.sender.patience, settings.OFFLINE_AFTER.get()))
        return self.sender.send(message)

    def write(self, message: Message, synchronous: bool | None = None) -> dict[str, Any]:
        """Send a change to an existing run, after what was buffered before it.

        While the store cannot be reached the change is kept in the journal and delivered in its turn; the answer is
        then empty.

        Parameters
        ----------
        synchronous: True (or RUNYARD_SYNC_LOGGING) waits until it is stored, or raises.

        Raises
        ------
        Unreachable: The store cannot be reached and the call must wait for it.
        RunyardException: The store refused the message.
        """
        if self.waits(synchronous):
            return self.ask(message)
        message.check()
        self._look_for_leftovers()
        patience = settings.OFFLINE_AFTER.get()
        if self._buffer.flush(patience, insist=False):
            try:
                return self.sender.send(message, patience, patience)
            except RunyardException as problem:
                if not says_nothing(problem):
                    raise
                self._buffer.note_offline(problem.message)
        self._buffer.add_change(message)
        return {}

    def write_behind(self, message: Message) -> int:
        """Put a change behind what was buffered before it, without waiting; returns its number for `raise_refused`.

        With RUNYARD_SYNC_LOGGING it waits all the same.
        """
        if self.waits(False):
            self.ask(message)
            return 0
        message.check()
        self._look_for_leftovers()
        return self._buffer.add_change(message)

    def raise_refused(self, numbers: Iterable[int] | None = None) -> None:
        """Raise what the store said of the first of these entries that it refused.

        Parameters
        ----------
        numbers: Of entries that were delivered; everything not raised before when None.
        """
        self._buffer.raise_refused(numbers)

    def flush(self) -> None:
        """Wait until everything buffered is stored.

        Raises
        ------
        Unreachable: The store cannot be reached; what was logged is kept on disk.
        """
        self._deliver_buffered(settings.OFFLINE_AFTER.get())

    def waits(self, synchronous: bool | None) -> bool:
        """Must a call with this argument wait until it is stored?"""
        # looked up as quickly as can be: this is asked for every point
        return synchronous is True or (_SYNC_LOGGING in os.environ and bool(settings.SYNC_LOGGING.get()))

    def close(self) -> None:
        """Deliver what can be delivered before the process ends."""
        self._buffer.close()
        self.sender.close()

    def after_fork(self) -> None:
        """In a forked child: forget connections and buffered entries, which are the parent's."""
        self.sender.after_fork()
        self._buffer.after_fork()

    def _deliver_buffered(self, patience: float) -> None:
        if not self._buffer.flush(patience):
            raise Unreachable(
                f"{self._buffer.offline} What was logged before is kept on disk and delivered when the store is back, "
                "or with: runyard sync"
            )

    def _look_for_leftovers(self) -> None:
        """At the first message: deliver what earlier processes left behind, without making anybody wait."""
        if self._looked_for_leftovers:
            return
        self._looked_for_leftovers = True
        try:
            found = any(address == self.sender.address for _, address in left_behind())
        except OSError:
            return
        if found:
            threading.Thread(target=self._deliver_leftovers, name="runyard-leftovers", daemon=True).start()

    def _deliver_leftovers(self) -> None:
        try:
            for outcome in deliver_left_behind(sender=self.sender):
                if outcome.problem:
                    log.warning("What is left in %s was not delivered: %s", outcome.path, outcome.problem)
                else:
                    log.info("Delivered %d entries that were left in %s.", outcome.delivered, outcome.path)
        except Exception:
            log.exception("Looking for what earlier processes left behind failed. Try: runyard sync")


def flush_all() -> None:
    """Wait until everything this process logged is stored.

    Raises
    ------
    Unreachable: A store cannot be reached; what was logged is kept on disk.
    RunyardException: A store refused something that was logged; it is kept beside the journal.
    """
    for connection in list(_connections.values()):
        connection.flush()
    for connection in list(_connections.values()):
        connection.raise_refused()


def close_all() -> None:
    """Deliver what can be delivered and let go of every store. A later message opens a store again."""
    for connection in list(_connections.values()):
        try:
            connection.close()
        except (RunyardException, OSError):
            log.exception("Letting go of %s failed.", connection.sender.address)


def _after_fork() -> None:
    global _making
    _making = threading.Lock()
    for connection in _connections.values():
        connection.after_fork()


atexit.register(close_all)
os.register_at_fork(after_in_child=_after_fork)
