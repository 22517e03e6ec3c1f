"""The writer: one thread that performs every write that is waiting in one transaction, and answers after the commit.

A durable commit costs about 0.3 ms however much it holds, so sharing it triples the writes a second. Each message's
error is its own: a group in which one fails is rolled back and performed again with a savepoint around each.
"""

import logging
import queue
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from runyard.db.engine import Engines
from runyard.db.faults import is_retryable, lost_connection, translated
from runyard.db.transaction import StoreSettings, Transaction
from runyard.exceptions import Unavailable

log = logging.getLogger(__name__)

MAX_GROUP = 128
MAX_WAITING = 4096
MAX_TRIES = 6

Work = Callable[[Transaction], Any]
Outcome = tuple[bool, Any]
"""(True, result) or (False, exception)."""


@dataclass(frozen=True)
class Job:
    """A write, and the receiver of its outcome.

    A receiver's `deliver` is called once a group, with all its outcomes.
    """

    work: Work
    receiver: "Receiver"
    ticket: Any


@dataclass(frozen=True)
class Unfinished:
    """What work returns that goes on in another transaction, so that writes of others come in between.

    Its caller hears of the last one only. Each transaction must leave a state that is right if no other follows.

    Attributes
    ----------
    step: The work that is left, or the next piece of it.
    """

    step: Work


class Receiver:
    """Gets the outcomes of a committed group in one call."""

    def deliver(self, outcomes: Sequence[tuple[Any, Outcome]]) -> None:
        """Take (ticket, outcome) pairs; called on the writer's thread, must return at once."""
        raise TypeError("subclasses implement this")


class Writer:
    """Commits groups of writes, in the order they were given."""

    def __init__(self, engines: Engines, settings: StoreSettings) -> None:
        self._engines, self._settings = engines, settings
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._unfinished: deque[Job] = deque()
        self._thread: threading.Thread | None = None
        self._start_lock = threading.Lock()
        self._closed = False

    def submit(self, job: Job) -> None:
        """Queue a job.

        Raises
        ------
        Unavailable: Too much is waiting already, or the writer was closed.
        """
        if self._closed:
            raise Unavailable("The server is shutting down; nothing was stored. Try again.")
        if self._jobs.qsize() >= MAX_WAITING:
            raise Unavailable(f"{MAX_WAITING} writes are waiting already; nothing was stored. Try again.")
        if self._thread is None:
            self._start()
        self._jobs.put(job)

    def close(self) -> None:
        """Finish what is queued, then stop."""
        self._closed = True
        thread = self._thread
        if thread is not None:
            self._jobs.put(None)
            thread.join()

    def _start(self) -> None:
        with self._start_lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="runyard-writer", daemon=True)
                self._thread.start()

    def _loop(self) -> None:
        stopping = False
        while not stopping:
            group, stopping = self._next_group()
            if group:
                self._tell(group, self._commit(group))
        if self._unfinished:
            ending = Unavailable("The server is shutting down; this was done in part. Try again to finish it.")
            self._tell(list(self._unfinished), [(False, ending)] * len(self._unfinished))

    def _next_group(self) -> tuple[list[Job], bool]:
        """What is waiting, with one piece of unfinished work at most, and whether the writer ends after it."""
        group = [self._unfinished.popleft()] if self._unfinished else []
        while len(group) < MAX_GROUP:
            try:
                job = self._jobs.get(block=not group)
            except queue.Empty:
                break
            if job is None:
                return group, True
            group.append(job)
        return group, False

    def _commit(self, group: list[Job]) -> list[Outcome]:
        """Perform a group in one transaction, again when the database asks for it."""
        savepoints = False
        for attempt in range(MAX_TRIES):
            try:
                return self._attempt(group, savepoints)
            except Exception as error:  # noqa: BLE001  (whatever it is, the callers waiting must hear of it)
                retry = is_retryable(error) or (lost_connection(error) and attempt == 0)
                if retry and attempt + 1 < MAX_TRIES:
                    time.sleep(random.random() * 0.01 * 2**attempt)
                elif len(group) > 1 and not savepoints:
                    savepoints = True
                else:
                    return [(False, _explained(error))] * len(group)
        return [(False, Unavailable("Other writers were in the way each time; nothing was stored. Try again."))] * len(
            group
        )

    def _tell(self, group: list[Job], outcomes: list[Outcome]) -> None:
        by_receiver: dict[Receiver, list[tuple[Any, Outcome]]] = {}
        for job, (fine, result) in zip(group, outcomes, strict=True):
            if fine and isinstance(result, Unfinished):
                self._unfinished.append(Job(result.step, job.receiver, job.ticket))
            else:
                by_receiver.setdefault(job.receiver, []).append((job.ticket, (fine, result)))
        for receiver, results in by_receiver.items():
            receiver.deliver(results)

    def _attempt(self, group: list[Job], savepoints: bool) -> list[Outcome]:
        with self._engines.writing.begin() as connection:
            tx = Transaction(connection, self._settings)
            if not savepoints:
                return [(True, job.work(tx)) for job in group]
            return [_guarded(tx, job) for job in group]


def _guarded(tx: Transaction, job: Job) -> Outcome:
    savepoint = tx.connection.begin_nested()
    try:
        result = job.work(tx)
    except Exception as error:
        savepoint.rollback()
        if is_retryable(error) or (translated(error) is None and lost_connection(error)):
            raise
        return False, _explained(error)
    savepoint.commit()
    return True, result


def _explained(error: Exception) -> Exception:
    known = translated(error)
    if known is None:
        log.error("a write failed", exc_info=error)
        return error
    return known
