"""The writer: one thread that performs every write that is waiting in one transaction, and answers after the commit.

A durable commit costs about 0.3 ms however much it holds, so sharing it triples the writes a second. Each message's
error is its own: a group in which one fails is rolled back and performed again with a savepoint around each.

On PostgreSQL, where each statement is a round trip, jobs of one kind that follow each other are performed jointly where
they can be. A row that another transaction holds would stop the whole group there: a write that waits for a lock too
long is set aside with all that change the same thing, and the others are performed.
"""

import itertools
import queue
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from runyard.db.engine import Engines, Lent
from runyard.db.faults import is_locked, is_retryable, lost_connection
from runyard.db.jobs import Job, Outcome, Receiver, Unfinished, explained, guarded
from runyard.db.set_aside import JobsSetAside
from runyard.db.transaction import StoreSettings, Transaction
from runyard.exceptions import Unavailable

MAX_GROUP = 128
MAX_WAITING = 4096
MAX_TRIES = 6
LOCK_MS = 100
"""How long a group waits for a lock."""
KEPT_SECONDS = 0.5
"""How long a connection is kept for the next group: to have one lent for each takes as long as a small write."""
_LIMITED = "lock_timeout"


class Writer:
    """Commits groups of writes, in the order they were given.

    Attributes
    ----------
    group_observer: Called with the number of writes of each group and the seconds that it took.
    """

    def __init__(self, engines: Engines, settings: StoreSettings) -> None:
        self._engines, self._settings = engines, settings
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._unfinished: deque[Job] = deque()
        self._piece_is_next = False
        self._thread: threading.Thread | None = None
        self._start_lock = threading.Lock()
        self._closed = False
        self._set_aside = JobsSetAside(engines, settings, self._tell)
        self._performed: Job | None = None
        self._kept: Lent | None = None
        self.group_observer: Callable[[int, float], None] | None = None

    @property
    def waiting(self) -> int:
        """The number of writes that are queued."""
        return self._jobs.qsize() + len(self._set_aside)

    def submit(self, job: Job) -> None:
        """Queue a job.

        Raises
        ------
        Unavailable: Too much is waiting already, or the writer was closed.
        """
        if self._closed:
            raise Unavailable("The server is shutting down; nothing was stored. Try again.")
        if self.waiting >= MAX_WAITING:
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
            self._set_aside.close()
            self._refuse_unfinished()

    def _start(self) -> None:
        with self._start_lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="runyard-writer", daemon=True)
                self._thread.start()

    def _loop(self) -> None:
        stopping = False
        while not stopping:
            group, stopping = self._next_group()
            group = self._set_aside.without(group)
            while group:
                group = self._commit(group)
        self._give_back()

    def _refuse_unfinished(self) -> None:
        """Answer those whose work is not finished when the writer ends."""
        while not self._jobs.empty():
            job = self._jobs.get()
            if job is not None:
                self._unfinished.append(job)
        ending = Unavailable("The server is shutting down; this was done in part. Try again to finish it.")
        self._tell(list(self._unfinished), [(False, ending)] * len(self._unfinished))

    def _next_group(self) -> tuple[list[Job], bool]:
        """What is waiting, or in turn with it a piece of unfinished work; and whether the writer ends after it."""
        if self._unfinished and (self._piece_is_next or self._jobs.empty()):
            self._piece_is_next = False
            return [self._unfinished.popleft()], False
        self._piece_is_next = True
        group: list[Job] = []
        while len(group) < MAX_GROUP:
            try:
                job = self._jobs.get_nowait() if group else self._awaited()
            except queue.Empty:
                break
            if job is None:
                return group, True
            group.append(job)
        return group, False

    def _awaited(self) -> Job | None:
        """The next job; while none comes, no connection is kept."""
        if self._kept is not None:
            try:
                return self._jobs.get(timeout=KEPT_SECONDS)
            except queue.Empty:
                self._give_back()
        return self._jobs.get()

    def _give_back(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _commit(self, group: list[Job]) -> list[Job]:
        """Perform a group in one transaction, again when the database asks for it.

        Returns the jobs that are still to be performed, because one was in their way.
        """
        began, savepoints = time.perf_counter(), False
        for attempt in range(MAX_TRIES):
            try:
                outcomes = self._attempt(group, savepoints)
            except Exception as error:  # noqa: BLE001  (whatever it is, the callers waiting must hear of it)
                if is_locked(error) and self._performed is not None:
                    return self._set_aside.set_aside(self._performed, group)
                retry = is_retryable(error) or (lost_connection(error) and attempt == 0)
                if retry and attempt + 1 < MAX_TRIES:
                    time.sleep(random.random() * 0.01 * 2**attempt)
                elif len(group) > 1 and not savepoints:
                    savepoints = True
                else:
                    outcomes = [(False, explained(error))] * len(group)
                    break
            else:
                break
        else:
            busy = Unavailable("Other writers were in the way each time; nothing was stored. Try again.")
            outcomes = [(False, busy)] * len(group)
        if self.group_observer is not None:  # before those are woken who then need the interpreter
            self.group_observer(len(group), time.perf_counter() - began)
        self._tell(group, outcomes)
        return []

    def _tell(self, group: list[Job], outcomes: list[Outcome]) -> None:
        if len(group) == 1 and not isinstance(outcomes[0][1], Unfinished):
            [job] = group
            job.receiver.deliver([(job.ticket, outcomes[0])])
            return
        by_receiver: dict[Receiver, list[tuple[Any, Outcome]]] = {}
        for job, (fine, result) in zip(group, outcomes, strict=True):
            if fine and isinstance(result, Unfinished):
                self._go_on(Job(result.step, job.receiver, job.ticket, job.subject, cascades=result.cascades))
            else:
                by_receiver.setdefault(job.receiver, []).append((job.ticket, (fine, result)))
        for receiver, results in by_receiver.items():
            receiver.deliver(results)

    def _go_on(self, job: Job) -> None:
        if threading.current_thread() is self._thread:
            self._unfinished.append(job)
            self._piece_is_next = False
        else:
            self._jobs.put(job)  # wakes the writer

    def _attempt(self, group: list[Job], savepoints: bool) -> list[Outcome]:
        self._performed = None
        lent, self._kept = self._kept or self._lent(), None
        try:
            lent.begin(cascades=all(job.cascades for job in group))
            outcomes = self._outcomes(Transaction(lent.connection, self._settings), group, savepoints)
            lent.commit()
        except BaseException:
            lent.close()
            raise
        self._kept = lent
        return outcomes

    def _lent(self) -> Lent:
        connection = self._engines.writing.connect()
        try:
            _limit_locks(connection)
            return Lent(connection)
        except BaseException:
            connection.close()
            raise

    def _outcomes(self, tx: Transaction, group: list[Job], savepoints: bool) -> list[Outcome]:
        if not savepoints and tx.dialect == "sqlite":  # where a statement costs no round trip, and locks no row
            return [_performed(tx, job) for job in group]
        perform, outcomes = guarded if savepoints else _performed, list[Outcome]()
        for jobs in [[job] for job in group] if savepoints else _joined(group):
            if len(jobs) > 1:
                outcomes += _performed_jointly(tx, jobs)
                continue
            [self._performed] = jobs
            outcomes.append(perform(tx, jobs[0]))
            self._performed = None
        return outcomes


def _joined(group: list[Job]) -> Iterator[list[Job]]:
    """The jobs in their order, those beside each other that can be performed jointly in one list."""
    for joint, jobs in itertools.groupby(group, lambda job: job.joint and job.joint.work):
        if joint is None:
            yield from ([job] for job in jobs)
        else:
            yield list(jobs)


def _performed_jointly(tx: Transaction, jobs: list[Job]) -> list[Outcome]:
    joints = [job.joint for job in jobs if job.joint]
    return [(True, result) for result in joints[0].work(tx, [joint.message for joint in joints])]


def _performed(tx: Transaction, job: Job) -> Outcome:
    return True, job.work(tx)


def _limit_locks(connection: sa.Connection) -> None:
    """Let no statement of this connection wait long for a lock; once for each connection to PostgreSQL."""
    if connection.dialect.name != "sqlite" and _LIMITED not in connection.info:
        connection.exec_driver_sql(f"SET lock_timeout = {LOCK_MS}")
        connection.commit()
        connection.info[_LIMITED] = LOCK_MS
