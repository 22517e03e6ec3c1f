"""Counters of a model server over all its processes, in Prometheus' format."""

from collections.abc import Iterator

from prometheus_client import core
from prometheus_client.registry import Collector

from runyard.core.shared_cells import Histogram, SharedCells
from runyard.http.prometheus import prometheus_text

STATUSES = (200, 400, 404, 405, 408, 413, 415, 429, 499, 500, 503, 504)
"""Each has a counter; other codes are counted as 500."""

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper edges of the buckets of durations."""

TOGETHER = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
"""Upper edges of the buckets of requests that shared a call."""

_STATUS = 0
_IN_FLIGHT = _STATUS + len(STATUSES)
_REQUEST = Histogram(_IN_FLIGHT + 1, SECONDS)
_PREDICT = Histogram(_REQUEST.start + _REQUEST.length, SECONDS)
_BATCH = Histogram(_PREDICT.start + _PREDICT.length, TOGETHER)
_LENGTH = _BATCH.start + _BATCH.length


class Counters(Collector):
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
        self._cells.observe(_REQUEST, seconds)

    def predicted(self, seconds: float, requests: int) -> None:
        """Note that a call of `predict` has ended, and the number of requests it answered."""
        self._cells.observe(_PREDICT, seconds)
        self._cells.observe(_BATCH, requests)

    def text(self, accepted: str = "") -> tuple[bytes, str]:
        """All of it as text, and its content type.

        Parameters
        ----------
        accepted: The ``Accept`` header: the text is in Prometheus' format or in that of OpenMetrics.
        """
        return prometheus_text(self, accepted)

    def collect(self) -> Iterator[core.Metric]:
        """The families; the registry asks for them."""
        requests = core.CounterMetricFamily(
            "runyard_scoring_requests", "Requests to /invocations by HTTP status.", labels=["status"]
        )
        for place, status in enumerate(STATUSES):
            count = self._cells.total(_STATUS + place)
            if count or status == 200:
                requests.add_metric([str(status)], count)
        yield requests
        yield core.GaugeMetricFamily(
            "runyard_scoring_requests_in_flight",
            "Requests to /invocations being answered.",
            self._cells.total(_IN_FLIGHT),
        )
        for name, text, histogram in (
            ("request_seconds", "Time from request to answer.", _REQUEST),
            ("predict_seconds", "Time of a call of the model.", _PREDICT),
            ("requests_per_call", "Requests that one call answered.", _BATCH),
        ):
            yield core.HistogramMetricFamily(f"runyard_scoring_{name}", text, *self._cells.buckets(histogram))
