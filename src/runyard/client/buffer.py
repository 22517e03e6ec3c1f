"""The write-behind buffer: a call returns when its point is in the journal, and a background thread delivers it.

While the store cannot be reached, what is logged goes to the journal and training goes on; the state is reported
once, and delivery resumes by itself.
"""

import logging
import random
import threading
from collections import deque
from pathlib import Path

from runyard.client.delivery import Rejects, deliver, rounds
from runyard.client.errors import Unreachable
from runyard.client.leftovers import deliver_left_behind
from runyard.client.senders import Sender
from runyard.client.spool import REJECTED, Change, Entry, Journal, Point, change_line, point_line, undelivered
from runyard.exceptions import RunyardException
from runyard.protocol.message import Message
from runyard.tracking.metrics.points import MetricPoint
from runyard.tracking.runs.messages import LogBatch

log = logging.getLogger("runyard")

GATHERING = 0.1
"""Seconds the thread waits for more before it sends what there is."""
MOST_IN_MEMORY = 100_000
"""Entries kept in memory; what comes beyond is read back from the journal when its turn comes."""
NEW_JOURNAL_AT = 64 * 2**20
"""Bytes after which a journal that is delivered wholly is replaced by a new one."""
PATIENCE = 2.0
"""Seconds one delivery may try before the store counts as out of reach."""
LONGEST_PAUSE = 15.0


class Buffer:
    """Entries on their way to one store, in order."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._look_for_leftovers = True
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._queue: deque[Entry] = deque()
        self._journal: Journal | None = None
        self._rejects: Rejects | None = None
        self._thread: threading.Thread | None = None
        self._spilled_from: int | None = None
        self._taken = self._settled = 0
        self._idle = True
        self.offline: str | None = None

    def after_fork(self) -> None:
        """Leave to the parent what is the parent's."""
        if self._journal is not None:
            self._journal.close()
        self._reset()
        self._look_for_leftovers = False

    def add_point(self, run_id: str, key: str, value: float, timestamp: int, step: int) -> None:
        """Put a checked point behind everything else."""
        line = point_line(run_id, key, value, timestamp, step)
        with self._lock:
            try:
                end = self._writable().append(line)
            except OSError as problem:
                self._journal_failed = str(problem)
            else:
                self._enqueue(Point(end, run_id, key, value, timestamp, step))
                if self._idle:
                    self._idle = False
                    self._wake.set()
                return
        self._send_past_the_journal(run_id, MetricPoint(key=key, value=value, timestamp=timestamp, step=step))

    def add_change(self, message: Message) -> None:
        """Put a message behind everything else.

        Raises
        ------
        OSError: The journal cannot be written.
        """
        with self._lock:
            end = self._writable().append(change_line(message))
            self._enqueue(Change(end, message))
            self._idle = False
            self._wake.set()

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until everything that is in the buffer now was delivered; False when the store is out of reach."""
        with self._changed:
            target = self._taken
            if self._settled >= target:
                return True
            self._hurry.set()
            self._wake.set()
            done = self._changed.wait_for(lambda: self._settled >= target or self.offline is not None, timeout)
            return bool(done) and self._settled >= target

    def close(self, timeout: float) -> None:
        """At the end of the process: deliver what can be delivered, and leave the rest where it will be found."""
        flushed = self.flush(timeout)
        with self._lock:
            journal, waiting = self._journal, self._taken - self._settled
            if journal is None:
                return
            if flushed and not waiting:
                journal.discard()
                self._journal = None
                return
        log.warning(
            "%d logged entries could not be delivered to %s and are kept in %s. Deliver them later with: runyard sync",
            waiting,
            self._sender.address,
            journal.path,
        )

    def _writable(self) -> Journal:
        """The journal; the first use opens it and starts the thread."""
        if self._journal is None:
            self._journal = Journal(self._sender.address)
        if self._thread is None:
            self._thread = threading.Thread(target=self._deliver_for_ever, name="runyard-sender", daemon=True)
            self._thread.start()
        return self._journal

    def _enqueue(self, entry: Entry) -> None:
        self._taken += 1
        if self._spilled_from is None:
            if len(self._queue) < MOST_IN_MEMORY:
                self._queue.append(entry)
            else:
                self._spilled_from = self._queue[-1].end

    def _send_past_the_journal(self, run_id: str, point: MetricPoint) -> None:
        """The journal's disk is full: only a point that the store has may be acknowledged."""
        log.warning("The journal cannot be written (%s): metrics are sent one by one.", self._journal_failed)
        self.flush()
        self._sender.send(LogBatch(run_id=run_id, metrics=[point]))

    def _deliver_for_ever(self) -> None:
        if self._look_for_leftovers:
            self._deliver_leftovers()
        while True:
            with self._lock:
                self._idle = not self._queue and self._spilled_from is None
                if self._idle:
                    self._wake.clear()
            self._wake.wait()
            self._hurry.wait(GATHERING)
            self._hurry.clear()
            self._deliver_waiting()

    def _deliver_leftovers(self) -> None:
        try:
            for outcome in deliver_left_behind(sender=self._sender):
                log.info("Delivered %d entries left behind in %s.", outcome.delivered, outcome.path)
        except (RunyardException, OSError) as problem:
            log.warning("Entries of earlier runs could not be delivered: %s Try: runyard sync", problem)

    def _deliver_waiting(self) -> None:
        while portion := self._next_portion():
            attempt = 0
            while not self._delivered(portion):
                attempt += 1
                pause = min(LONGEST_PAUSE, 0.5 * 2**attempt) * (0.5 + random.random() / 2)
                threading.Event().wait(pause)
            with self._changed:
                for _ in portion:
                    if self._queue:
                        self._queue.popleft()
                self._settled += len(portion)
                self._note_delivered(portion[-1].end)
                self._changed.notify_all()

    def _next_portion(self) -> list[Entry]:
        with self._lock:
            if not self._queue and self._spilled_from is not None and self._journal is not None:
                path, start = self._journal.path, self._spilled_from
                self._spilled_from = None
                for entry in undelivered(path, start):
                    if len(self._queue) >= MOST_IN_MEMORY:
                        self._spilled_from = self._queue[-1].end
                        break
                    self._queue.append(entry)
            return next(rounds(iter(list(self._queue)[:10_000])), [])

    def _delivered(self, portion: list[Entry]) -> bool:
        """Try to deliver; remember and report when the store goes out of reach and when it is back."""
        try:
            deliver(self._sender, portion, self._reject, PATIENCE)
        except Unreachable as problem:
            self._went_offline(problem.message)
            return False
        except Exception as problem:
            log.exception("Delivering to %s failed; it is tried again.", self._sender.address)
            self._went_offline(str(problem))
            return False
        if self.offline is not None:
            log.warning("%s is back; what was logged meanwhile is being delivered.", self._sender.address)
            self.offline = None
        return True

    def _reject(self, entries: object, error: RunyardException) -> None:
        assert self._journal is not None
        if self._rejects is None:
            self._rejects = Rejects(self._journal.path.with_suffix(REJECTED), self._sender.address)
        self._rejects(entries, error)  # type: ignore[arg-type]

    def _went_offline(self, reason: str) -> None:
        with self._changed:
            if self.offline is None:
                path = self._journal.path if self._journal else Path()
                log.warning(
                    "Cannot reach %s: %s Training goes on; what it logs is kept in %s and delivered when the store is "
                    "back, or later with: runyard sync",
                    self._sender.address,
                    reason,
                    path,
                )
            self.offline = reason
            self._changed.notify_all()

    def _note_delivered(self, end: int) -> None:
        journal = self._journal
        if journal is None:
            return
        if self._settled == self._taken and journal.end > NEW_JOURNAL_AT:
            journal.discard()
            self._journal = Journal(self._sender.address)
            return
        try:
            journal.settle(end)
        except OSError as problem:  # not noting it costs a second delivery, which changes nothing
            log.debug("could not note a delivery: %s", problem)
