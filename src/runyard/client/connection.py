"""One store as the client uses it: a sender with its buffer, shared by every client of the process for that store."""

import atexit
import logging
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any, cast

from runyard import settings
from runyard.artifacts.repository import ArtifactRepository
from runyard.client.buffer import Buffer
from runyard.client.errors import Unreachable, says_nothing
from runyard.client.leftovers import deliver_left_behind, left_behind
from runyard.client.senders import Sender, sender_for
from runyard.client.uploads import Copies, artifacts_of
from runyard.core.store_address import absolute, is_server
from runyard.exceptions import RunyardException
from runyard.protocol.decoding import check_texts
from runyard.protocol.message import AnyMessage
from runyard.tracking.experiments.messages import GetExperiment

log = logging.getLogger("runyard")

SECONDS_FOR_A_LOOK = 2.0
"""For an attempt at a server that was away a moment ago."""
TOO_LARGE = 413
"""A proxy's limit, which a file meets again each time: whoever logs it can do something about it, a spool cannot."""

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

    def ask(self, message: AnyMessage) -> dict[str, Any]:
        """Send a message and return the answer. What was buffered before it is delivered first.

        Raises
        ------
        Unreachable: The store cannot be reached.
        RunyardException: The store refused the message.
        """
        check_texts(message)
        message.check_once()
        self._look_for_leftovers()
        known_away = self._buffer.offline is not None
        patience = settings.OFFLINE_AFTER.get()
        undone = f" {message.operation.name} was not done."
        self._deliver_buffered(patience if known_away else max(self.sender.patience, patience), undone)
        return self.sender.send(message)

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
        RunyardException: The store refused the message.
        """
        if self.waits(synchronous):
            return self.ask(message)
        check_texts(message)
        message.check_once()
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

    def write_behind(self, message: AnyMessage) -> int:
        """Put a change behind what was buffered before it, without waiting; returns its number for `raise_refused`.

        With RUNYARD_SYNC_LOGGING it waits all the same.
        """
        if self.waits(False):
            self.ask(message)
            return 0
        message.check_once()
        self._look_for_leftovers()
        return self._buffer.add_change(message)

    def begin(self, message: AnyMessage, later: AnyMessage) -> dict[str, Any] | None:
        """Make a run or a model; while its server is away, keep it to be made.

        Parameters
        ----------
        message: What makes it now.
        later: What makes it under an id of ours, and no second one when it is repeated.

        Returns
        -------
        The answer; None when it is kept.
        """
        for each in (message, later):
            each.check_once()
        if not self._can_be_away():
            return self.ask(message)
        self._look_for_leftovers()
        if self._buffer.flush(settings.OFFLINE_AFTER.get(), insist=False):
            try:
                return self.sender.send(message, *self._patience())
            except Unreachable as problem:
                if not problem.away:
                    if problem.retry_after:  # it is there and asks to wait, so it has not taken the message
                        return self.ask(message)
                    raise
                self._buffer.note_offline(problem.message)
        self._buffer.add_change(later)
        return None

    def is_away(self) -> bool:
        """Is the server out of reach, and may runs be started offline? It is tried for a few seconds."""
        if not self._can_be_away() or settings.OFFLINE.get() == "never":
            return False
        try:
            self.sender.send(GetExperiment(experiment_id="0"), *self._patience())
        except Unreachable as problem:
            if problem.away:
                self._buffer.note_offline(problem.message)
            return problem.away
        except RunyardException:  # it is there; what is wrong is told by what is asked next
            return False
        return False

    def _can_be_away(self) -> bool:
        return is_server(self.sender.uri) and not self.waits(None)

    def _patience(self) -> tuple[float, float | None]:
        """Seconds to try a server, and for one attempt: one that does not last when it is known to be away."""
        return (0.0, SECONDS_FOR_A_LOOK) if self._buffer.offline is not None else (settings.OFFLINE_AFTER.get(), None)

    def upload(
        self, owner: str, owner_id: str, transfer: Callable[[ArtifactRepository], None], ours: bool = False
    ) -> bool:
        """Store files of a run or a model, after what was buffered before them.

        While the store cannot be reached they are copied into the spool and delivered in their turn.

        Parameters
        ----------
        owner: ``run`` or ``model``, or ``table`` for rows of a table of a run.
        transfer: Puts the files into the repository it is given, or appends the rows.
        ours: The files are temporary ones that nobody changes any more.

        Returns
        -------
        Does the store have them?

        Raises
        ------
        StorageFull: The store is away, and the spool may not hold the files.
        RunyardException: The store refused them.
        """
        self._look_for_leftovers()
        if self.waits(None):
            self._deliver_buffered(settings.OFFLINE_AFTER.get(), " The file was not stored.")
            transfer(artifacts_of(self.sender, owner, owner_id))
            return True
        patience = settings.OFFLINE_AFTER.get()
        if self._buffer.flush(patience, insist=False):
            try:
                transfer(artifacts_of(self.sender, owner, owner_id, patience))
            except RunyardException as problem:
                if not says_nothing(problem) or problem.http_status == TOO_LARGE:
                    raise
                self._buffer.note_offline(problem.message)
            else:
                return True
        copies = Copies(ours)
        try:
            transfer(cast(ArtifactRepository, copies))
            self._buffer.add_uploads(owner, owner_id, copies.made)
        finally:
            copies.forget()
        return False

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

    def _deliver_buffered(self, patience: float, undone: str = "") -> None:
        """Deliver what was logged before, for what comes after it. The error says what was not done."""
        if not self._buffer.flush(patience):
            raise Unreachable(
                f"{self._buffer.offline}{undone} What was logged before is kept on disk and delivered when the store "
                "is back, or with: runyard sync"
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
