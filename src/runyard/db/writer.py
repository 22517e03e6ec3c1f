"""The writer: one thread that performs every write that is waiting in one transaction, and answers after the commit.

A durable commit costs about 0.3 ms however much it holds, so sharing it triples the writes a second. Each message's
error is its own: a group in which one fails is rolled back and performed again with a savepoint around each.
"""

import logging
import queue
import random
import threading
import time
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
            job = self._jobs.get()
            group: list[Job] = []
            while job is not None:
                group.append(job)
                if len(group) >= MAX_GROUP:
                    break
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
            else:
                stopping = True
            if group:
                _tell(group, self._commit(group))

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


def _tell(group: list[Job], outcomes: list[Outcome]) -> None:
    by_receiver: dict[Receiver, list[tuple[Any, Outcome]]] = {}
    for job, outcome in zip(group, outcomes, strict=True):
        by_receiver.setdefault(job.receiver, []).append((job.ticket, outcome))
    for receiver, results in by_receiver.items():
        receiver.deliver(results)
