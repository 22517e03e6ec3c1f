"""Numbers that say how the server fares, over all its processes; `runyard.server.exposition` writes them out."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runyard.core.shared_cells import Histogram, SharedCells
from runyard.gate.gate import Gate
from runyard.gate.slices import load_messages
from runyard.http.access import Served
from runyard.protocol.message import OPERATIONS
from runyard.server.artifact_paths import is_artifact

STATUSES = tuple(
    map(int, "200 201 204 206 302 303 304 400 401 403 404 405 408 409 413 415 416 422 429 431 499 500 503 504".split())
)
"""Each has a counter; others are counted as the first of their hundred, or as 500."""
_PLACES = {status: place for place, status in enumerate(STATUSES)}
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper edges of the buckets of durations."""
SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
"""Upper edges of the buckets of writes that shared a commit."""
ARTIFACTS, STATIC, STATUS, PAGES, EVENTS = "artifacts", "static", "status", "pages", "events"
"""What else requests ask for, beside operations of the protocol."""
SAMPLE_SECONDS = 2.0
"""How often a process notes how busy it is."""

_STATUS_PATHS = frozenset(("/health", "/ready", "/version", "/metrics"))


@dataclass(frozen=True)
class _Gauges:
    """Where the numbers are that tell how things are now."""

    processes: int
    waiting_writes: int
    cheap_reads: int
    dear_reads: int
    reading: int
    writing: int
    listeners: int


class Metrics:
    """The numbers, in memory that the processes share.

    Parameters
    ----------
    processes: How many processes the server has.
    prefix: The path under which everything is served.

    Attributes
    ----------
    operations: What requests are counted by.
    durations: Where the durations of an operation's requests are.
    group_sizes: Where the sizes of the writer's groups are.
    group_seconds: Where their durations are.
    received: Where the bytes of artifacts that came are.
    sent: Where the bytes of artifacts that went are.
    gauges: Where the numbers are that tell how things are now.
    """

    def __init__(self, processes: int, prefix: str = "") -> None:
        load_messages()
        self.processes, self._prefix = processes, prefix
        self.operations = (*sorted(OPERATIONS), ARTIFACTS, STATIC, STATUS, PAGES, EVENTS)
        self._rows = {name: row for row, name in enumerate(self.operations)}
        start, width = len(self.operations) * len(STATUSES), len(SECONDS) + 2
        self.durations = {name: Histogram(start + row * width, SECONDS) for name, row in self._rows.items()}
        end = start + len(self.operations) * width
        self.group_sizes = Histogram(end, SIZES)
        self.group_seconds = Histogram(end + self.group_sizes.length, SECONDS)
        self.received = self.group_seconds.start + self.group_seconds.length
        self.sent = self.received + 1
        self.gauges = _Gauges(*range(self.sent + 1, self.sent + 8))
        self._cells = SharedCells(processes, self.sent + 8)

    def close(self) -> None:
        """Let go of the numbers."""
        self._cells.close()

    def begin(self, gate: Gate) -> None:
        """Count for this process, and note from now on how busy its gate is."""
        first = self.gauges.processes
        self._cells.claim(momentary=range(first, first + 7))
        self._cells.set(first, 1)
        gate.observe_groups(self._note_group)

    def watch(self, gate: Gate) -> None:
        """Note how busy a gate is, again and again on the event loop that runs."""
        self.sample(gate)
        asyncio.get_running_loop().call_later(SAMPLE_SECONDS, self.watch, gate)

    def sample(self, gate: Gate) -> None:
        """Note how busy a gate is now."""
        load, gauges = gate.load(), self.gauges
        for name in ("waiting_writes", "cheap_reads", "dear_reads", "reading", "writing"):
            self._cells.set(getattr(gauges, name), getattr(load, name))

    def note_listeners(self, listeners: int) -> None:
        """Note how many pages listen to this process."""
        self._cells.set(self.gauges.listeners, listeners)

    def note(self, served: Served) -> None:
        """Count a request that has been answered."""
        name = served.operation or self._asked_for(served.path)
        row = self._rows[name]
        place = _PLACES.get(served.status)
        self._cells.add(row * len(STATUSES) + (_PLACES[_known(served.status)] if place is None else place))
        self._cells.observe(self.durations[name], served.seconds)
        if name == ARTIFACTS:
            self._cells.add(self.received, served.received)
            self._cells.add(self.sent, served.sent)

    def counts(self, operation: str) -> Iterator[tuple[int, float]]:
        """How many requests for an operation got each status that any got."""
        start = self._rows[operation] * len(STATUSES)
        for place, status in enumerate(STATUSES):
            if count := self.total(start + place):
                yield status, count

    def total(self, place: int) -> float:
        """A number, summed over the processes."""
        return self._cells.total(place)

    def buckets(self, histogram: Histogram) -> tuple[Sequence[tuple[str, float]], float]:
        """A histogram over the processes: its buckets, each with all that is below its edge, and the sum."""
        return self._cells.buckets(histogram)

    def _note_group(self, size: int, seconds: float) -> None:
        self._cells.observe(self.group_sizes, size)
        self._cells.observe(self.group_seconds, seconds)

    def _asked_for(self, path: str) -> str:
        below = path.removeprefix(self._prefix)
        if below in _STATUS_PATHS:
            return STATUS
        if below == "/events":
            return EVENTS
        if below.startswith("/static/"):
            return STATIC
        return ARTIFACTS if is_artifact(below) else PAGES


def _known(status: int) -> int:
    if status in _PLACES:
        return status
    return next((known for known in STATUSES if known // 100 == status // 100), 500)
