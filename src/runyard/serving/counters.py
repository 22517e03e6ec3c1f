"""Counters of a model server over all its processes, in Prometheus' format."""

import bisect
from collections.abc import Iterator, Sequence

from runyard.core.shared_cells import SharedCells

STATUSES = (200, 400, 404, 405, 408, 413, 415, 429, 499, 500, 503, 504)
"""Each has a counter; other codes are counted as 500."""

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper edges of the buckets of durations."""

TOGETHER = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
"""Upper edges of the buckets of requests that shared a call."""

_STATUS = 0
_IN_FLIGHT = _STATUS + len(STATUSES)
_REQUEST = _IN_FLIGHT + 1
_PREDICT = _REQUEST + len(SECONDS) + 2
_BATCH = _PREDICT + len(SECONDS) + 2
_LENGTH = _BATCH + len(TOGETHER) + 2


class Counters:
    """The counters of a server.

    Parameters
    ----------
    processes: How many processes add to them.
    """

    def __init__(self, processes: int) -> None:
        self._cells = SharedCells(processes, _LENGTH)

    def close(self) -> None:
        """Let go of the file."""
        self._cells.close()

    def claim(self) -> None:
        """Take a part for this process: one that no living process has.

        Raises
        ------
        RuntimeError: More processes run than the counters were made for.
        """
        self._cells.claim(momentary=[_IN_FLIGHT])

    def begin(self) -> None:
        """A request has come."""
        self._cells.add(_IN_FLIGHT)

    def end(self, status: int, seconds: float) -> None:
        """A request was answered."""
        self._cells.add(_IN_FLIGHT, -1)
        known = status if status in STATUSES else 500
        self._cells.add(_STATUS + STATUSES.index(known))
        self._add(_REQUEST, SECONDS, seconds)

    def predicted(self, seconds: float, requests: int) -> None:
        """Note that a call of `predict` has ended, and the number of requests it answered."""
        self._add(_PREDICT, SECONDS, seconds)
        self._add(_BATCH, TOGETHER, requests)

    def _add(self, offset: int, edges: Sequence[float], value: float) -> None:
        self._cells.add(offset + bisect.bisect_left(edges, value))
        self._cells.add(offset + len(edges) + 1, value)

    def text(self) -> str:
        """All of it in Prometheus' text format."""
        return "\n".join([*self._lines(), ""])

    def _lines(self) -> Iterator[str]:
        yield from _heading("runyard_scoring_requests_total", "counter", "Requests to /invocations by HTTP status.")
        for position, status in enumerate(STATUSES):
            count = self._cells.total(_STATUS + position)
            if count or status == 200:
                yield f'runyard_scoring_requests_total{{status="{status}"}} {count:.17g}'
        yield from _heading("runyard_scoring_requests_in_flight", "gauge", "Requests to /invocations being answered.")
        yield f"runyard_scoring_requests_in_flight {self._cells.total(_IN_FLIGHT):g}"
        yield from self._histogram("request_seconds", "Time from request to answer.", _REQUEST, SECONDS)
        yield from self._histogram("predict_seconds", "Time of a call of the model.", _PREDICT, SECONDS)
        yield from self._histogram("requests_per_call", "Requests that one call answered.", _BATCH, TOGETHER)

    def _histogram(self, name: str, help_text: str, offset: int, edges: Sequence[float]) -> Iterator[str]:
        full = f"runyard_scoring_{name}"
        yield from _heading(full, "histogram", help_text)
        count = 0.0
        for position, edge in enumerate([*(f"{edge:g}" for edge in edges), "+Inf"]):
            count += self._cells.total(offset + position)
            yield f'{full}_bucket{{le="{edge}"}} {count:.17g}'
        yield f"{full}_sum {self._cells.total(offset + len(edges) + 1):.17g}"
        yield f"{full}_count {count:.17g}"


def _heading(name: str, kind: str, help_text: str) -> tuple[str, str]:
    return f"# HELP {name} {help_text}", f"# TYPE {name} {kind}"
