"""Delivers buffered entries: in order for every run, points in batches, rejected writes set aside."""

import itertools
import json
import logging
import os
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from runyard.client.errors import Unreachable, is_permanent
from runyard.client.extras import is_extra, send_extra
from runyard.client.journal import SUFFIX, Change, Entry, Point, Upload, line_of, starts_in_another_journal
from runyard.client.transports import Transport
from runyard.client.uploads import deliver_upload
from runyard.core.limits import MAX_BATCH_METRICS
from runyard.exceptions import DoesNotExist, RunyardException
from runyard.protocol.message import AnyMessage
from runyard.tracking.metrics.entities import Metric
from runyard.tracking.metrics.points import Measured
from runyard.tracking.runs.messages import LogBatch

log = logging.getLogger("runyard")

MAX_BACKOFF = 15.0
"""Maximum number of seconds between two attempts."""
ROUND = 5000
"""Maximum number of points in a portion; those of one run are sent together."""


def settled(portion: Sequence[Entry], rejected_writes: "RejectedWrites | None") -> None:
    """Remove the copies of delivered files; copies of rejected ones stay."""
    for entry in portion:
        if isinstance(entry, Upload) and not (rejected_writes is not None and entry in rejected_writes.uploads):
            entry.source.unlink(missing_ok=True)


Reject = Callable[[Sequence[Entry], RunyardException], None]


def rounds(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """The entries in portions: up to `ROUND` points, or one message or file."""
    for points, group in itertools.groupby(entries, key=lambda entry: isinstance(entry, Point)):
        if not points:
            yield from ([entry] for entry in group)
        else:
            while portion := list(itertools.islice(group, ROUND)):
                yield portion


def deliver(transport: Transport, portion: Sequence[Entry], reject: Reject, timeout: float) -> None:
    """Deliver one portion. Every write is idempotent: a second delivery changes nothing.

    Raises
    ------
    Unreachable: The store cannot take it now; deliver the portion again later.
    """
    by_run: dict[str, list[Point]] = {}
    for entry in portion:
        if not isinstance(entry, Point):
            refusal = _rejection_of(transport, entry, timeout)
            if refusal is not None:
                reject([entry], refusal)
        else:
            by_run.setdefault(entry.run_id, []).append(entry)
    for run_id, points in by_run.items():
        for first in range(0, len(points), MAX_BATCH_METRICS):
            _deliver_points(transport, run_id, points[first : first + MAX_BATCH_METRICS], reject, timeout)


def _deliver_points(transport: Transport, run_id: str, points: Sequence[Point], reject: Reject, timeout: float) -> None:
    refusal = _rejection(transport, _batch(run_id, points), timeout)
    if refusal is None:
        return
    if len(points) > 1 and _rejection(transport, _batch(run_id, ()), timeout) is None:
        half = len(points) // 2  # the run takes points: one bad point must not reject the others
        _deliver_points(transport, run_id, points[:half], reject, timeout)
        _deliver_points(transport, run_id, points[half:], reject, timeout)
        return
    reject(points, refusal)


def _batch(run_id: str, points: Sequence[Point]) -> LogBatch:
    return LogBatch(run_id=run_id, metrics=[metric_point(*point[2:]) for point in points])


def metric_point(key: str, value: float, timestamp: int, step: int, measured: Measured | None) -> Metric:
    """A buffered point as messages hold it."""
    return Metric(key, value, timestamp, step, *(measured or ()))


def _rejection_of(transport: Transport, entry: Change | Upload, timeout: float) -> RunyardException | None:
    if isinstance(entry, Change):
        if is_extra(entry.message):
            send_extra(transport, entry.message, timeout)
            return None
        return _rejection(transport, entry.message, timeout)
    return _rejection_from(transport, entry.path, lambda: deliver_upload(transport, entry, timeout))


def _rejection(transport: Transport, message: AnyMessage, timeout: float) -> RunyardException | None:
    """Send a message; return the error if the store rejects it permanently."""
    return _rejection_from(transport, message.operation.name, lambda: transport.send(message, timeout))


def _rejection_from(transport: Transport, what: str, attempt: Callable[[], object]) -> RunyardException | None:
    try:
        attempt()
    except RunyardException as error:
        if is_permanent(error):
            return error
        if isinstance(error, Unreachable):
            raise
        raise Unreachable(f"{transport.address} did not take {what}: {error.message}") from error
    return None


def _owner_of(entry: Entry) -> str:
    """The id of the run or model that an entry belongs to."""
    if isinstance(entry, Point):
        return entry.run_id
    if isinstance(entry, Upload):
        return entry.owner_id
    return str(getattr(entry.message, "run_id", None) or getattr(entry.message, "model_id", ""))


class RejectedWrites:
    """Writes rejected entries to a file beside the journal, and warns once.

    Attributes
    ----------
    path: The file.
    count: Number of entries set aside.
    uploads: The files among them.
    """

    def __init__(self, path: Path, address: str) -> None:
        self.path, self._address = path, address
        self.count = 0
        self.uploads: list[Upload] = []

    def __call__(self, entries: Sequence[Entry], error: RunyardException) -> None:
        """Set entries aside with the store's error.

        Raises
        ------
        Unreachable: Another journal of the folder still has to create their run or model.
        """
        if error.error_code == DoesNotExist.code:
            journal = self.path.with_suffix(SUFFIX)
            for owner_id in {_owner_of(entry) for entry in entries}:
                if starts_in_another_journal(owner_id, journal):
                    raise Unreachable(f"{owner_id} was started offline by another process, and is not delivered yet.")
        self.uploads += [entry for entry in entries if isinstance(entry, Upload)]
        lines = [{"reason": error.message, "entry": json.loads(line_of(entry))} for entry in entries]
        self._set_aside(lines, error.message)

    def damaged(self, line: str, reason: str) -> None:
        """Set a line of the journal aside that cannot be read."""
        self._set_aside([{"reason": reason, "line": line}], reason)

    def _set_aside(self, lines: list[dict[str, Any]], reason: str) -> None:
        text = "".join(json.dumps({"store": self._address, **line}) + "\n" for line in lines).encode()
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(text)
        if not self.count:
            log.warning("%s refused what was logged: %s It is kept in %s.", self._address, reason, self.path)
        self.count += len(lines)


def backoff_after(attempt: int) -> float:
    """Seconds to wait after this many failed attempts; stays at the maximum in long outages."""
    return min(MAX_BACKOFF, 0.5 * 2.0 ** min(attempt, 10)) * (0.5 + random.random() / 2)
