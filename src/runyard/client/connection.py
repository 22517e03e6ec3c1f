"""One store as the client uses it: a transport and its buffer, shared by all clients of the process."""

import atexit
import logging
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any, cast

from runyard import settings
from runyard.artifacts.repository import ArtifactRepository
from runyard.client.buffer import Buffer
from runyard.client.errors import Unreachable, is_retryable
from runyard.client.orphans import deliver_orphans, journals
from runyard.client.transports import Transport, transport_to
from runyard.client.uploads import Copies, artifacts_of
from runyard.core.store_address import absolute, is_server
from runyard.exceptions import RunyardException
from runyard.protocol.decoding import check_texts
from runyard.protocol.message import AnyMessage
from runyard.tracking.experiments.messages import GetExperiment

log = logging.getLogger("runyard")

PROBE_TIMEOUT = 2.0
"""Seconds for an attempt at a server that was unreachable a moment ago."""
TOO_LARGE = 413
"""A proxy's limit, which a file would meet again on every retry: the caller must hear of it."""

_SYNC_LOGGING = settings.SYNC_LOGGING.names[0]

_connections: dict[str, "StoreConnection"] = {}
_making = threading.Lock()


def connection_to(uri: str) -> "StoreConnection":
    """The connection of this process to a store."""
    key = absolute(uri)
    with _making:
        if key not in _connections:
            _connections[key] = StoreConnection(transport_to(key))
        return _connections[key]


class StoreConnection:
    """Sends messages to a store, in the order they were given, whatever happens to the store meanwhile."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._buffer = Buffer(transport)
        self._looked_for_orphans = False
        self.log_point = self._buffer.add_point

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        """In another process it is that process's own connection to the store."""
        return connection_to, (self.transport.uri,)

    def ask(self, message: AnyMessage) -> dict[str, Any]:
        """Send a message and return the answer. What was buffered before it is delivered first.

        Raises
        ------
        Unreachable: The store cannot be reached.
        RunyardException: The store rejected the message.
        """
        self._prepare_to_ask(message)
        return self.transport.send(message)

    def ask_text(self, message: AnyMessage) -> bytes:
        """Send a message as `ask` does, and return the JSON text of its answer.

        Raises
        ------
        Unreachable, RunyardException: As of `ask`.
        """
        self._prepare_to_ask(message)
        return self.transport.ask_text(message)

    def _prepare_to_ask(self, message: AnyMessage) -> None:
        check_texts(message)
        message.check_once()
        self._look_for_orphans()
        known_away = self._buffer.offline is not None
        timeout = settings.OFFLINE_AFTER.get()
        undone = f" {message.operation.name} was not done."
        self._deliver_buffered(timeout if known_away else max(self.transport.default_timeout, timeout), undone)

    def write(self, message: AnyMessage, synchronous: bool | None = None) -> dict[str, Any]:
        """Send a change to an existing run, after what was buffered before it.

        While the store cannot be reached the change is kept in the journal and delivered in its turn; the answer is
        then empty.

        Parameters
        ----------
        synchronous: True (or RUNYARD_SYNC_LOGGING) waits until it is stored, or raises.

        Raises
        ------
        Unreachable: The store cannot be reached and the call must wait for it.
        RunyardException: The store rejected the message.
        """
        if self.waits(synchronous):
            return self.ask(message)
        check_texts(message)
        message.check_once()
        self._look_for_orphans()
        timeout = settings.OFFLINE_AFTER.get()
        if self._buffer.flush(timeout, retry=False):
            try:
                return self.transport.send(message, timeout, timeout)
            except RunyardException as problem:
                if not is_retryable(problem):
                    raise
                self._buffer.note_offline(problem.message)
        self._buffer.add_change(message)
        return {}

    def write_behind(self, message: AnyMessage) -> int:
        """Put a change behind what was buffered before it, without waiting; returns its number for `raise_rejected`.

        With RUNYARD_SYNC_LOGGING it waits all the same.
        """
        if self.waits(False):
            self.ask(message)
            return 0
        message.check_once()
        self._look_for_orphans()
        return self._buffer.add_change(message)

    def begin(self, message: AnyMessage, later: AnyMessage) -> dict[str, Any] | None:
        """Create a run or a model; while its server is unreachable, put the creation into the journal.

        Parameters
        ----------
        message: Creates it now.
        later: Creates it under an id of ours; can be repeated without creating a second one.

        Returns
        -------
        The answer; None when the creation was put into the journal.
        """
        for each in (message, later):
            each.check_once()
        if not self._can_be_away():
            return self.ask(message)
        self._look_for_orphans()
        if self._buffer.flush(settings.OFFLINE_AFTER.get(), retry=False):
            try:
                return self.transport.send(message, *self._timeouts())
            except Unreachable as problem:
                if not problem.away:
                    if problem.retry_after:  # it is there and asks to wait, so it has not taken the message
                        return self.ask(message)
                    raise
                self._buffer.note_offline(problem.message)
        self._buffer.add_change(later)
        return None

    def is_away(self) -> bool:
        """Whether the server is unreachable and runs may start offline. Tries the server for a few seconds."""
        if not self._can_be_away() or settings.OFFLINE.get() == "never":
            return False
        try:
            self.transport.send(GetExperiment(experiment_id="0"), *self._timeouts())
        except Unreachable as problem:
            if problem.away:
                self._buffer.note_offline(problem.message)
            return problem.away
        except RunyardException:  # it is there; the next message reports what is wrong
            return False
        return False

    def _can_be_away(self) -> bool:
        return is_server(self.transport.uri) and not self.waits(None)

    def _timeouts(self) -> tuple[float, float | None]:
        """Timeouts in seconds for a message and for one attempt; short when the server is known to be unreachable."""
        return (0.0, PROBE_TIMEOUT) if self._buffer.offline is not None else (settings.OFFLINE_AFTER.get(), None)

    def upload(
        self, owner: str, owner_id: str, transfer: Callable[[ArtifactRepository], None], ours: bool = False
    ) -> bool:
        """Store files of a run or a model, after what was buffered before them.

        While the store cannot be reached they are copied into the spool and delivered in their turn.

        Parameters
        ----------
        owner: ``run`` or ``model``, or ``table`` for rows of a table of a run.
        transfer: Puts the files into the repository it is given, or appends the rows.
        ours: The files are temporary and will not change any more.

        Returns
        -------
        Whether the store has them.

        Raises
        ------
        StorageFull: The store is away, and the spool may not hold the files.
        RunyardException: The store rejected them.
        """
        self._look_for_orphans()
        if self.waits(None):
            self._deliver_buffered(settings.OFFLINE_AFTER.get(), " The file was not stored.")
            transfer(artifacts_of(self.transport, owner, owner_id))
            return True
        timeout = settings.OFFLINE_AFTER.get()
        if self._buffer.flush(timeout, retry=False):
            try:
                transfer(artifacts_of(self.transport, owner, owner_id, timeout))
            except RunyardException as problem:
                if not is_retryable(problem) or problem.http_status == TOO_LARGE:
                    raise
                self._buffer.note_offline(problem.message)
            else:
                return True
        self.keep(owner, owner_id, transfer, ours)
        return False

    def keep(
        self, owner: str, owner_id: str, transfer: Callable[[ArtifactRepository], None], ours: bool = False
    ) -> None:
        """Copy files into the spool, to be delivered after what was buffered before them. Parameters as of `upload`.

        Raises
        ------
        StorageFull: The spool may not hold the files.
        """
        copies = Copies(ours)
        try:
            transfer(cast(ArtifactRepository, copies))
            self._buffer.add_uploads(owner, owner_id, copies.made)
        finally:
            copies.forget()

    def beat(self, run_id: str, goes_on: bool) -> None:
        """Tell the store from now on, every 30 seconds, that this process goes on with a run; or no more."""
        self._buffer.beat(run_id, goes_on)

    def raise_rejected(self, numbers: Iterable[int] | None = None) -> None:
        """Raise the store's error for the first of these entries that it rejected.

        Parameters
        ----------
        numbers: Numbers of delivered entries; when None, all whose errors were not raised before.
        """
        self._buffer.raise_rejected(numbers)

    def flush(self) -> None:
        """Wait until everything buffered is stored.

        Raises
        ------
        Unreachable: The store cannot be reached; what was logged is kept on disk.
        """
        self._deliver_buffered(settings.OFFLINE_AFTER.get())

    def waits(self, synchronous: bool | None) -> bool:
        """Whether a call with this argument waits until its write is stored."""
        # a fast lookup: this runs for every point
        return synchronous is True or (_SYNC_LOGGING in os.environ and bool(settings.SYNC_LOGGING.get()))

    def close(self) -> None:
        """Deliver what can be delivered before the process ends."""
        self._buffer.close()
        self.transport.close()

    def after_fork(self) -> None:
        """In a forked child: forget connections and buffered entries, which are the parent's."""
        self.transport.after_fork()
        self._buffer.after_fork()

    def _deliver_buffered(self, timeout: float, undone: str = "") -> None:
        """Deliver what was logged before the next message. The error ends with `undone`."""
        if not self._buffer.flush(timeout):
            raise Unreachable(
                f"{self._buffer.offline}{undone} What was logged before is kept on disk and delivered when the store "
                "is back, or with: runyard sync"
            )

    def _look_for_orphans(self) -> None:
        """At the first message: start delivering orphaned journals in the background."""
        if self._looked_for_orphans:
            return
        self._looked_for_orphans = True
        try:
            found = any(address == self.transport.address for _, address in journals())
        except OSError:
            return
        if found:
            threading.Thread(target=self._deliver_orphans, name="runyard-orphans", daemon=True).start()

    def _deliver_orphans(self) -> None:
        try:
            for outcome in deliver_orphans(transport=self.transport):
                if outcome.problem:
                    log.warning("What is left in %s was not delivered: %s", outcome.path, outcome.problem)
                else:
                    log.info("Delivered %d entries that were left in %s.", outcome.delivered, outcome.path)
        except Exception:
            log.exception("Delivering orphaned journals failed. Try: runyard sync")


def flush_all() -> None:
    """Wait until everything this process logged is stored.

    Raises
    ------
    Unreachable: A store cannot be reached; what was logged is kept on disk.
    RunyardException: A store rejected a write; it is kept beside the journal.
    """
    for connection in list(_connections.values()):
        connection.flush()
    for connection in list(_connections.values()):
        connection.raise_rejected()


def close_all() -> None:
    """Deliver what can be delivered and close every store. A later message opens a store again."""
    for connection in list(_connections.values()):
        try:
            connection.close()
        except (RunyardException, OSError):
            log.exception("Closing %s failed.", connection.transport.address)


def _after_fork() -> None:
    global _making
    _making = threading.Lock()
    for connection in _connections.values():
        connection.after_fork()


atexit.register(close_all)
os.register_at_fork(after_in_child=_after_fork)
