"""The write-behind buffer: a call returns when its point is in the journal, and a background thread delivers it.

While the store cannot be reached, what is logged goes on to the journal and training goes on; the state is reported
once, and delivery resumes by itself.
"""

import functools
import itertools
import logging
import random
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from runyard import settings
from runyard.client.delivery import Rejects, deliver, metric_point, rounds, settled
from runyard.client.errors import Unreachable
from runyard.client.senders import Sender
from runyard.client.spool import REJECTED, Change, Entry, Journal, Point, Upload, change_line, point_line
from runyard.exceptions import RunyardException
from runyard.protocol.message import AnyMessage
from runyard.tracking.metrics.points import Measured
from runyard.tracking.runs.messages import LogBatch

log = logging.getLogger("runyard")

GATHERING = 0.25
"""Seconds the thread waits for more before it sends what there is."""
MOST_IN_MEMORY = 100_000
"""Entries kept in memory; what comes beyond is read back from the journal when its turn comes."""
NEW_JOURNAL_AT = 64 * 2**20
"""Bytes after which what is not delivered yet moves to a new journal."""
MOST_REFUSALS = 10_000
"""Refusals that are remembered for whoever waits for what was refused."""
FEW = 5_000
"""So many entries are quickly moved."""
LONGEST_PAUSE = 15.0
BETWEEN_TRIES = 0.5
"""Seconds between two tries while somebody waits."""
SECONDS_AT_EXIT = 30.0
"""Without any progress; as long as entries are delivered the end of the process waits for them."""


class Buffer:
    """Entries on their way to one store, in order.

    Attributes
    ----------
    offline: Why the store cannot take anything now; None when it can.
    """

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.RLock()  # a condition on a plain lock may lose it when an interrupt comes while it waits
        self._changed = threading.Condition(self._lock)
        self._wake = threading.Event()
        """There is something to deliver."""
        self._hurry = threading.Event()
        """Somebody waits for it."""
        self._queue: deque[Entry] = deque()
        self._journal: Journal | None = None
        self._journal_problem: str | None = None
        self._rejects: Rejects | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._spilled = False
        """Are there entries in the journal for which the queue had no room?"""
        self._queued_to = 0
        """The byte of the journal up to which entries were put into the queue, when some were not."""
        self._taken = self._settled = 0
        self._refused: dict[int, RunyardException] = {}
        """By the number of the entry: the first one taken has the number 1."""
        self._idle = True
        self.offline: str | None = None

    def after_fork(self) -> None:
        """Leave to the parent what is the parent's."""
        if self._journal is not None:
            self._journal.close()
        self._reset()

    # ------------------------------------------------------------------------------------------ called by who logs

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

    def raise_refused(self, numbers: Iterable[int] | None = None) -> None:
        """Raise what the store said of the first of these entries that it refused.

        Parameters
        ----------
        numbers: Of the entries; everything not raised before when None.
        """
        with self._lock:
            asked = sorted(self._refused if numbers is None else self._refused.keys() & set(numbers))
            refusals = [self._refused.pop(number) for number in asked]
        if refusals:
            raise refusals[0]

    def flush(self, patience: float, insist: bool = True) -> bool:
        """Wait until everything that is in the buffer now was delivered.

        Parameters
        ----------
        patience: Give up when nothing was delivered for so many seconds.
        insist: Try again although the store is known to be out of reach.

        Returns
        -------
        Was it delivered?
        """
        with self._changed:
            target, seen = self._taken, self._settled
            now = next_try = time.monotonic()
            limit = now + patience
            while self._settled < target:
                if self.offline is not None and not insist:
                    return False
                if self._settled > seen:
                    seen, limit = self._settled, now + patience
                if now >= limit:
                    self._note_offline(f"{self._sender.address} has taken nothing for {patience:.1f} s.")
                    return False
                if now >= next_try:
                    next_try = now + BETWEEN_TRIES
                    self._hurry.set()
                    self._wake.set()
                self._changed.wait(min(limit, next_try) - now)
                now = time.monotonic()
        return True

    def close(self) -> None:
        """At the end of the process: deliver what can be delivered, and leave the rest where it will be found."""
        self.flush(SECONDS_AT_EXIT if self.offline is None else settings.OFFLINE_AFTER.get())
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
            self._sender.address,
            journal.path,
        )

    def _forget_waiting(self) -> None:
        """What is not delivered stays in the closed journal; the next entry opens another and starts another thread."""
        self._journal = self._rejects = self._thread = self._journal_problem = self.offline = None
        self._queue.clear()
        self._spilled, self._settled, self._idle = False, self._taken, True

    def note_offline(self, reason: str) -> None:
        """Remember that the store cannot be reached, and say so once."""
        with self._lock:
            self._note_offline(reason)

    def _opened(self) -> Journal:
        """A new journal; the first one of the process starts the thread."""
        self._journal = Journal(self._sender.address)
        if self._journal_problem is not None:
            log.warning("The journal can be written again.")
            self._journal_problem = None
        if self._thread is None:
            self._stop = threading.Event()
            self._thread = threading.Thread(
                target=self._deliver_until, args=(self._stop,), name="runyard-sender", daemon=True
            )
            self._thread.start()
            _close_with_worker(self.close)
        return self._journal

    def _enqueue(self, entry: Entry) -> int:
        self._taken += 1
        if not self._spilled:
            if len(self._queue) < MOST_IN_MEMORY:
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
                self._sender.address,
            )
        self._journal_problem = str(problem)

    def _send_past_the_journal(self, message: AnyMessage) -> int:
        """Without a journal only what the store has may be acknowledged."""
        patience = settings.OFFLINE_AFTER.get()
        self.flush(patience, insist=False)
        self._sender.send(message, patience, patience)
        return 0

    # --------------------------------------------------------------------------------------- the background thread

    def _deliver_until(self, stop: threading.Event) -> None:
        while not stop.is_set():
            with self._lock:
                self._idle = not self._queue and not self._spilled
                if self._idle and not stop.is_set():
                    self._wake.clear()
            self._wake.wait()
            self._hurry.wait(GATHERING)
            self._hurry.clear()
            attempt = 0
            while (asked_for := self._deliver_waiting(stop)) is not None:
                attempt += 1
                self._hurry.wait(max(pause_before_try(attempt), asked_for))
                self._hurry.clear()

    def _deliver_waiting(self, stop: threading.Event) -> float | None:
        """Deliver what waits. When the store cannot take it now: how many seconds it asks us to wait."""
        try:
            while not stop.is_set() and (portion := self._next_portion()):
                deliver(self._sender, portion, functools.partial(self._reject, portion, self._settled + 1), 0.0)
                self._settle(portion, stop)
        except Unreachable as problem:
            if stop.is_set():
                return None
            self.note_offline(problem.message)
            return problem.retry_after
        except Exception as problem:
            if stop.is_set():
                return None
            log.exception("Delivering to %s failed; it is tried again.", self._sender.address)
            self.note_offline(f"Delivering to {self._sender.address} failed: {problem}.")
            return 0.0
        return None

    def _next_portion(self) -> list[Entry]:
        if self._spilled and not self._queue:
            self._read_back()
        with self._lock:
            first = list(itertools.islice(self._queue, FEW))
        return next(rounds(first), [])

    def _read_back(self) -> None:
        """Fill the queue from the journal. Only this thread changes the queue while entries are spilled."""
        journal = self._journal
        assert journal is not None
        entries, self._queued_to = journal.entries(self._queued_to, MOST_IN_MEMORY)
        with self._lock:
            self._queue.extend(entries)
            self._spilled = self._queued_to < journal.end

    def _settle(self, portion: list[Entry], stop: threading.Event) -> None:
        with self._changed:
            if stop.is_set():  # closed meanwhile: whoever opens the journal next delivers again, which is harmless
                return
            for _ in portion:
                self._queue.popleft()
            self._settled += len(portion)
            if self.offline is not None:
                log.warning("%s takes what is logged again; what was kept is being delivered.", self._sender.address)
                self.offline = None
            self._changed.notify_all()
            journal = self._journal
            if journal is None:
                return
            try:
                if journal.end > NEW_JOURNAL_AT and not self._spilled and len(self._queue) <= FEW:
                    self._move_to_new_journal(journal)
                else:
                    journal.settle(portion[-1].end)
                settled(portion, self._rejects)
            except OSError as problem:  # not noting a delivery costs a second one, which changes nothing
                log.debug("could not note a delivery: %s", problem)

    def _move_to_new_journal(self, journal: Journal) -> None:
        """Leave delivered entries behind. Killed in between, some are in two journals and delivered twice: harmless."""
        fresh = Journal(self._sender.address)
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
        """Set entries of a portion aside. The first of the portion has this number."""
        if self._rejects is None:
            assert self._journal is not None
            self._rejects = Rejects(self._journal.path.with_suffix(REJECTED), self._sender.address)
        self._rejects(entries, error)
        numbers = {entry.end: number for number, entry in enumerate(portion, first)}
        with self._lock:
            self._refused |= {numbers[entry.end]: error for entry in entries}
            for number in list(self._refused)[:-MOST_REFUSALS]:
                del self._refused[number]

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


def pause_before_try(attempt: int) -> float:
    """Seconds to wait after so many tries in vain, an outage of weeks included."""
    return min(LONGEST_PAUSE, 0.5 * 2.0 ** min(attempt, 10)) * (0.5 + random.random() / 2)


def _close_with_worker(close: Callable[[], None]) -> None:
    """Worker processes of multiprocessing end without atexit; they have a list of their own."""
    process, util = sys.modules.get("multiprocessing.process"), sys.modules.get("multiprocessing.util")
    if process is not None and util is not None and process.parent_process() is not None:
        util.Finalize(None, close, exitpriority=10)
