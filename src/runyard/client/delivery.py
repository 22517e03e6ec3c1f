"""Delivers buffered entries: in order for every run, points in batches, and around what the store refuses."""

import itertools
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from runyard.client.errors import Unreachable
from runyard.client.senders import Sender
from runyard.client.spool import Change, Entry, Point
from runyard.core.limits import MAX_BATCH_METRICS
from runyard.exceptions import RunyardException
from runyard.protocol.message import Message
from runyard.tracking.metrics.points import MetricPoint
from runyard.tracking.runs.messages import LogBatch

log = logging.getLogger("runyard")

ROUND = 5000
"""Points taken at a time; those of one run among them go out together."""

Reject = Callable[[Sequence[Entry], RunyardException], None]


def rounds(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """The entries in portions: up to `ROUND` points, or one message."""
    for changes, group in itertools.groupby(entries, key=lambda entry: isinstance(entry, Change)):
        if changes:
            yield from ([entry] for entry in group)
        else:
            while portion := list(itertools.islice(group, ROUND)):
                yield portion


def deliver(sender: Sender, portion: Sequence[Entry], reject: Reject, patience: float) -> None:
    """Deliver one portion. Every write is such that a second delivery of it changes nothing.

    Raises
    ------
    Unreachable: The store cannot be reached; the portion is to be delivered again.
    """
    by_run: dict[str, list[Point]] = {}
    for entry in portion:
        if isinstance(entry, Change):
            _attempt(sender, entry.message, [entry], reject, patience)
        else:
            by_run.setdefault(entry.run_id, []).append(entry)
    for run_id, points in by_run.items():
        for first in range(0, len(points), MAX_BATCH_METRICS):
            _deliver_points(sender, run_id, points[first : first + MAX_BATCH_METRICS], reject, patience)


def _deliver_points(sender: Sender, run_id: str, points: Sequence[Point], reject: Reject, patience: float) -> None:
    metrics = [MetricPoint(key=p.key, value=p.value, timestamp=p.timestamp, step=p.step) for p in points]
    message = LogBatch(run_id=run_id, metrics=metrics)
    try:
        sender.send(message, patience)
    except Unreachable:
        raise
    except RunyardException as error:
        if len(points) == 1 or error.get_http_status_code() == 404:
            reject(points, error)
            return
        half = len(points) // 2  # one point the store does not take must not take the others along
        _deliver_points(sender, run_id, points[:half], reject, patience)
        _deliver_points(sender, run_id, points[half:], reject, patience)


def _attempt(sender: Sender, message: Message, entries: Sequence[Entry], reject: Reject, patience: float) -> None:
    try:
        sender.send(message, patience)
    except Unreachable:
        raise
    except RunyardException as error:
        reject(entries, error)


class Rejects:
    """Sets aside what a store refuses for good: into a file beside the journal, and into the log, once."""

    def __init__(self, path: Path, address: str) -> None:
        self.path, self._address = path, address
        self.count = 0

    def __call__(self, entries: Sequence[Entry], error: RunyardException) -> None:
        """Set entries aside with the reason."""
        if not self.count:
            log.warning("%s refused what was logged: %s It is kept in %s.", self._address, error.message, self.path)
        self.count += len(entries)
        with self.path.open("a") as file:
            for entry in entries:
                file.write(json.dumps({"reason": error.message, "entry": _shown(entry)}) + "\n")


def _shown(entry: Entry) -> object:
    if isinstance(entry, Change):
        return [entry.message.operation.name, entry.message.to_wire()]
    return ["log_metric", entry.run_id, entry.key, entry.value, entry.timestamp, entry.step]
