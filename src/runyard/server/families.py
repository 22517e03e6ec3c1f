"""The server's numbers as Prometheus' library wants them."""

from collections.abc import Iterator

from prometheus_client import core
from prometheus_client.registry import Collector

from runyard.http.prometheus import prometheus_text
from runyard.server.metrics import Metrics
from runyard.version import __version__


def text(metrics: Metrics, database_bytes: int | None, accepted: str) -> tuple[bytes, str]:
    """All numbers as text, and its content type.

    Parameters
    ----------
    database_bytes: The size of the database; None when it cannot be told.
    accepted: The ``Accept`` header.
    """
    return prometheus_text(_Families(metrics, database_bytes), accepted)


class _Families(Collector):
    def __init__(self, metrics: Metrics, database_bytes: int | None) -> None:
        self._metrics, self._database_bytes = metrics, database_bytes

    def collect(self) -> Iterator[core.Metric]:
        """The families; the registry asks for them."""
        metrics, gauges = self._metrics, self._metrics.gauges
        yield core.InfoMetricFamily("runyard_server", "The program that runs.", {"version": __version__})
        yield from self._requests()
        for name, text, histogram in (
            ("runyard_writer_group_size", "Writes that shared a commit.", metrics.group_sizes),
            (
                "runyard_writer_group_seconds",
                "Time from taking a group of writes to its commit.",
                metrics.group_seconds,
            ),
        ):
            yield core.HistogramMetricFamily(name, text, *metrics.buckets(histogram))
        artifacts = core.CounterMetricFamily(
            "runyard_artifact_bytes", "Bytes of artifacts transferred.", labels=["way"]
        )
        artifacts.add_metric(["received"], metrics.total(metrics.received))
        artifacts.add_metric(["sent"], metrics.total(metrics.sent))
        yield artifacts
        waiting = core.GaugeMetricFamily("runyard_waiting", "Operations that wait for their turn.", labels=["kind"])
        waiting.add_metric(["write"], metrics.total(gauges.waiting_writes))
        waiting.add_metric(["cheap_read"], metrics.total(gauges.cheap_reads))
        waiting.add_metric(["dear_read"], metrics.total(gauges.dear_reads))
        yield waiting
        used = core.GaugeMetricFamily("runyard_database_connections", "Connections in use.", labels=["purpose"])
        used.add_metric(["reading"], metrics.total(gauges.reading))
        used.add_metric(["writing"], metrics.total(gauges.writing))
        yield used
        yield core.GaugeMetricFamily(
            "runyard_event_listeners", "Pages that listen for changes.", metrics.total(gauges.listeners)
        )
        yield core.GaugeMetricFamily("runyard_processes", "Processes that serve.", metrics.total(gauges.processes))
        if self._database_bytes is not None:
            yield core.GaugeMetricFamily(
                "runyard_database_bytes", "Bytes of the database on its disk.", self._database_bytes
            )

    def _requests(self) -> Iterator[core.Metric]:
        counts = core.CounterMetricFamily(
            "runyard_requests", "Requests by operation and HTTP status.", labels=["operation", "status"]
        )
        seconds = core.HistogramMetricFamily(
            "runyard_request_seconds", "Time from request to the end of its answer.", labels=["operation"]
        )
        for operation in self._metrics.operations:
            answered = False
            for status, count in self._metrics.counts(operation):
                counts.add_metric([operation, str(status)], count)
                answered = True
            if answered:
                seconds.add_metric([operation], *self._metrics.buckets(self._metrics.durations[operation]))
        yield counts
        yield seconds
