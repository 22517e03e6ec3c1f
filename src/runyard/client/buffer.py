"""The write-behind buffer: a call returns when its point is in the journal, and a background thread delivers it.

While the store cannot be reached, what is logged goes on to the journal and training goes on; the state is reported
once, and delivery resumes by itself.
"""

import functools
import itertools
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from runyard import settings
from runyard.client.beats import Beats
from runyard.client.delivery import RejectedWrites, backoff_after, deliver, metric_point, rounds, settled
from runyard.client.errors import Unreachable
from runyard.client.journal import REJECTED, Change, Entry, Journal, Point, Upload, change_line, point_line
from runyard.client.transports import Transport
from runyard.exceptions import RunyardException
from runyard.protocol.message import AnyMessage
from runyard.tracking.metrics.points import Measured
from runyard.tracking.runs.messages import LogBatch

log = logging.getLogger("runyard")

BATCH_SECONDS = 0.25
"""Seconds the thread waits for more entries before it sends what it has."""
MAX_QUEUED = 100_000
"""Maximum number of entries kept in memory; later ones are read back from the journal in their turn."""
MAX_JOURNAL_BYTES = 64 * 2**20
"""Size at which undelivered entries move to a new journal."""
MAX_REJECTED = 10_000
"""Maximum number of errors kept for callers that wait for a rejected write."""
MAX_MOVED = 5_000
"""Maximum number of entries handled under the lock, so that callers do not wait long."""
RETRY_INTERVAL = 0.5
"""Seconds between two attempts while a caller waits."""
EXIT_TIMEOUT = 30.0
"""Seconds without progress after which the end of the process no longer waits for delivery."""


class Buffer:
    """Entries on their way to one store, in order.

    Attributes
    ----------
    offline: Why the store cannot be reached now; None when it can.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._beats = Beats(transport)
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.RLock()  # a condition on a plain lock may lose it when an interrupt comes while it waits
        self._changed = threading.Condition(self._lock)
        self._wake = threading.Event()
        """Set when there is something to deliver."""
        self._hurry = threading.Event()
        """Set when a caller waits for delivery."""
        self._queue: deque[Entry] = deque()
        self._journal: Journal | None = None
        self._journal_problem: str | None = None
        self._rejected_writes: RejectedWrites | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._spilled = False
        """Whether the journal holds entries for which the queue had no room."""
        self._queued_to = 0
        """The byte of the journal up to which entries were queued, when some were not."""
        self._taken = self._settled = 0
        self._rejected: dict[int, RunyardException] = {}
        """Errors by the number of the entry; the first entry has the number 1."""
        self._idle = True
        self.offline: str | None = None

    def after_fork(self) -> None:
        """Leave to the parent what is the parent's."""
        if self._journal is not None:
            self._journal.close()
        self._beats.forget()
        self._reset()

    # ------------------------------------------------------------------------------------- called by threads that log

    def add_point(
        self, run_id: str, key: str, value: float, timestamp: int, step: int, measured: Measured | None = None
    ) -> int:
        """Put a checked point behind everything else; returns its number, 0 if the store has it already.

        Raises
        ------
        Unreachable: The journal's disk is full, and the store cannot take the point either.
        """
        line = point_line(run_id, key, value, timestamp, step, measured)
        with self._lock:
            try:
                end = (self._journal or self._opened()).append(line)
            except OSError as problem:
                self._report_journal(problem)
            else:
                return self._enqueue(Point(end, run_id, key, value, timestamp, step, measured))
        point = metric_point(key, value, timestamp, step, measured)
        return self._send_past_the_journal(LogBatch(run_id=run_id, metrics=[point]))

    def add_change(self, message: AnyMessage) -> int:
        """Put a message behind everything else; returns its number, 0 if the store has it already.

        Raises
        ------
        Unreachable: The journal's disk is full, and the store cannot take the message either.
        """
        with self._lock:
            try:
                end = (self._journal or self._opened()).append(change_line(message))
            except OSError as problem:
                self._report_journal(problem)
            else:
                return self._enqueue(Change(end, message))
        return self._send_past_the_journal(message)

    def add_uploads(self, owner: str, owner_id: str, copies: Sequence[tuple[Path, str]]) -> None:
        """Put copied files behind everything else, each with the path it belongs at.

        Raises
        ------
        OSError: The journal cannot be written.
        """
        with self._lock:
            for copy, path in copies:
                journal = self._journal or self._opened()
                self._enqueue(journal.add(Upload(0, owner, owner_id, path, copy)))

    def raise_rejected(self, numbers: Iterable[int] | None = None) -> None:
        """Raise the store's error for the first of these entries that it rejected.

        Parameters
        ----------
        numbers: Numbers of the entries; when None, all whose errors were not raised before.
        """
        with self._lock:
            asked = sorted(self._rejected if numbers is None else self._rejected.keys() & set(numbers))
            errors = [self._rejected.pop(number) for number in asked]
        if errors:
            raise errors[0]

    def flush(self, timeout: float, retry: bool = True) -> bool:
        """Wait until everything in the buffer now is delivered.

        Parameters
        ----------
        timeout: Seconds without progress after which to give up.
        retry: Try again even when the store is known to be unreachable.

        Returns
        -------
        Whether it was delivered.
        """
        with self._changed:
            target, seen = self._taken, self._settled
            now = next_try = time.monotonic()
            deadline = now + timeout
            while self._settled < target:
                if self.offline is not None and not retry:
                    return False
                if self._settled > seen:
                    seen, deadline = self._settled, now + timeout
                if now >= deadline:
                    self._note_offline(f"{self._transport.address} has taken nothing for {timeout:.1f} s.")
                    return False
                if now >= next_try:
                    next_try = now + RETRY_INTERVAL
                    self._hurry.set()
                    self._wake.set()
                self._changed.wait(min(deadline, next_try) - now)
                now = time.monotonic()
        return True

    def close(self) -> None:
        """At the end of the process: deliver what can be delivered, and leave the rest in the journal."""
        self.flush(EXIT_TIMEOUT if self.offline is None else settings.OFFLINE_AFTER.get())
        with self._lock:
            journal, waiting, thread = self._journal, self._taken - self._settled, self._thread
            self._stop.set()
            self._hurry.set()
            self._wake.set()
            self._forget_waiting()
        if thread is not None:
            thread.join(1.0)
        if journal is None:
            return
        if not waiting:
            journal.discard()
            return
        journal.close()
        log.warning(
            "%d logged entries could not be delivered to %s and are kept in %s. Deliver them later with: runyard sync",
            waiting,
            self._transport.address,
            journal.path,
        )

    def _forget_waiting(self) -> None:
        """What is not delivered stays in the closed journal; the next entry opens another and starts another thread."""
        self._journal = self._rejected_writes = self._thread = self._journal_problem = self.offline = None
        self._queue.clear()
        self._spilled, self._settled, self._idle = False, self._taken, True

    def note_offline(self, reason: str) -> None:
        """Remember that the store cannot be reached, and warn once."""
        with self._lock:
            self._note_offline(reason)

    def _opened(self) -> Journal:
        """A new journal; the first one of the process starts the thread."""
        self._journal = Journal(self._transport.address)
        if self._journal_problem is not None:
            log.warning("The journal can be written again.")
            self._journal_problem = None
        self._start_thread()
        return self._journal

    def _start_thread(self) -> None:
        if self._thread is None:
            self._stop = threading.Event()
            self._thread = threading.Thread(
                target=self._deliver_until, args=(self._stop,), name="runyard-delivery", daemon=True
            )
            self._thread.start()
            _close_with_worker(self.close)

    def beat(self, run_id: str, goes_on: bool) -> None:
        """Tell the store from now on that this process goes on with a run, or no more."""
        if not goes_on:
            self._beats.remove(run_id)
            return
        with self._lock:
            self._beats.add(run_id)
            self._start_thread()
            self._wake.set()

    def _enqueue(self, entry: Entry) -> int:
        self._taken += 1
        if not self._spilled:
            if len(self._queue) < MAX_QUEUED:
                self._queue.append(entry)
            else:
                self._spilled, self._queued_to = True, self._queue[-1].end
        if self._idle:
            self._idle = False
            self._wake.set()
        return self._taken

    def _report_journal(self, problem: OSError) -> None:
        if self._journal_problem is None:
            log.warning(
                "The journal cannot be written (%s): what is logged waits for %s. "
                "RUNYARD_SPOOL_DIR names another folder.",
                problem,
                self._transport.address,
            )
        self._journal_problem = str(problem)

    def _send_past_the_journal(self, message: AnyMessage) -> int:
        """Without a journal, a write is acknowledged only when the store has it."""
        timeout = settings.OFFLINE_AFTER.get()
        self.flush(timeout, retry=False)
        self._transport.send(message, timeout, timeout)
        return 0

    # --------------------------------------------------------------------------------------- the background thread

    def _deliver_until(self, stop: threading.Event) -> None:
        while not stop.is_set():
            with self._lock:
                self._idle = not self._queue and not self._spilled
                if self._idle and not stop.is_set():
                    self._wake.clear()
            while not self._wake.wait(self._beats.due_in()):
                self._beats.send_if_due()
            self._hurry.wait(BATCH_SECONDS)
            self._hurry.clear()
            attempt = 0
            while (asked_for := self._deliver_waiting(stop)) is not None:
                attempt += 1
                self._hurry.wait(max(backoff_after(attempt), asked_for))
                self._hurry.clear()

    def _deliver_waiting(self, stop: threading.Event) -> float | None:
        """Deliver the queue; when the store cannot take it now, return the seconds it asks us to wait, else None."""
        try:
            while not stop.is_set() and (portion := self._next_portion()):
                deliver(self._transport, portion, functools.partial(self._reject, portion, self._settled + 1), 0.0)
                self._settle(portion, stop)
                self._beats.send_if_due()
        except Unreachable as problem:
            if stop.is_set():
                return None
            self.note_offline(problem.message)
            return problem.retry_after
        except Exception as problem:
            if stop.is_set():
                return None
            log.exception("Delivering to %s failed; it is tried again.", self._transport.address)
            self.note_offline(f"Delivering to {self._transport.address} failed: {problem}.")
            return 0.0
        return None

    def _next_portion(self) -> list[Entry]:
        if self._spilled and not self._queue:
            self._read_back()
        with self._lock:
            first = list(itertools.islice(self._queue, MAX_MOVED))
        return next(rounds(first), [])

    def _read_back(self) -> None:
        """Fill the queue from the journal. Only this thread changes the queue while entries are spilled."""
        journal = self._journal
        assert journal is not None
        entries, self._queued_to = journal.entries(self._queued_to, MAX_QUEUED)
        with self._lock:
            self._queue.extend(entries)
            self._spilled = self._queued_to < journal.end

    def _settle(self, portion: list[Entry], stop: threading.Event) -> None:
        with self._changed:
            if stop.is_set():  # closed meanwhile: the next process delivers them again, which is harmless
                return
            for _ in portion:
                self._queue.popleft()
            self._settled += len(portion)
            if self.offline is not None:
                log.warning("%s takes what is logged again; what was kept is being delivered.", self._transport.address)
                self.offline = None
            self._changed.notify_all()
            journal = self._journal
            if journal is None:
                return
            try:
                if journal.end > MAX_JOURNAL_BYTES and not self._spilled and len(self._queue) <= MAX_MOVED:
                    self._move_to_new_journal(journal)
                else:
                    journal.settle(portion[-1].end)
                settled(portion, self._rejected_writes)
            except OSError as problem:  # not noting a delivery costs a second one, which changes nothing
                log.debug("could not note a delivery: %s", problem)

    def _move_to_new_journal(self, journal: Journal) -> None:
        """Drop delivered entries. Killed in between, some are in two journals and delivered twice: harmless."""
        fresh = Journal(self._transport.address)
        moved: deque[Entry] = deque()
        try:
            for entry in self._queue:
                moved.append(fresh.add(entry))
        except OSError:
            fresh.discard()
            raise
        settled(self._queue, None)
        self._journal, self._queue = fresh, moved
        journal.discard()

    def _reject(self, portion: Sequence[Entry], first: int, entries: Sequence[Entry], error: RunyardException) -> None:
        """Set rejected entries of a portion aside. `first` is the number of the portion's first entry."""
        if self._rejected_writes is None:
            assert self._journal is not None
            self._rejected_writes = RejectedWrites(self._journal.path.with_suffix(REJECTED), self._transport.address)
        self._rejected_writes(entries, error)
        numbers = {entry.end: number for number, entry in enumerate(portion, first)}
        with self._lock:
            self._rejected |= {numbers[entry.end]: error for entry in entries}
            for number in list(self._rejected)[:-MAX_REJECTED]:
                del self._rejected[number]

    def _note_offline(self, reason: str) -> None:
        if self.offline is None:
            log.warning(
                "%s Training goes on; what it logs is kept in %s and delivered when the store is back, "
                "or later with: runyard sync",
                reason,
                self._journal.path if self._journal else "the journal",
            )
        self.offline = reason
        self._changed.notify_all()


def _close_with_worker(close: Callable[[], None]) -> None:
    """Worker processes of multiprocessing end without atexit; they have a list of their own."""
    process, util = sys.modules.get("multiprocessing.process"), sys.modules.get("multiprocessing.util")
    if process is not None and util is not None and process.parent_process() is not None:
        util.Finalize(None, close, exitpriority=10)
