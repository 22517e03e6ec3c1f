"""``/metrics``: the server's numbers in Prometheus' formats, by its own library."""

import asyncio
import itertools
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from runyard.db.size import stored_bytes
from runyard.exceptions import MethodNotAllowed
from runyard.gate.gate import Gate
from runyard.http.answers import App, Receive, Scope, Send, send_error
from runyard.http.guard import FIELDS
from runyard.server.metrics import Histogram, Metrics
from runyard.server.settings import ServerSettings
from runyard.version import __version__

log = logging.getLogger("runyard.server")

SIZE_SECONDS = 60.0
"""How long the size of the database is taken to be what it was."""
_LIMIT_SECONDS = 2.0


class Exposition:
    """Answers ``/metrics``; passes other requests on.

    Parameters
    ----------
    app: Serves everything else.
    settings: The server's settings.
    gate: Whose load is told.
    metrics: The numbers.
    """

    def __init__(self, app: App, settings: ServerSettings, gate: Gate, metrics: Metrics) -> None:
        self._app, self._path = app, f"{settings.static_prefix}/metrics"
        self._gate, self._metrics = gate, metrics
        self._size = _Size(gate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["path"] != self._path:
            await self._app(scope, receive, send)
            return
        if scope["method"] not in ("GET", "HEAD"):
            error = MethodNotAllowed(f"This path does not take {scope['method']}. Use GET.")
            await send_error(send, error, [(b"allow", b"GET, HEAD")])
            return
        self._metrics.sample(self._gate)
        accepted = scope[FIELDS].get(b"accept", b"").decode("latin-1")
        body, kind = await asyncio.to_thread(self._text, accepted)  # the first time it imports the library
        headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _text(self, accepted: str) -> tuple[bytes, str]:
        from prometheus_client import CollectorRegistry, exposition  # noqa: PLC0415  (only who asks waits for it)

        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)  # it has the one method that is asked for
        encode, kind = exposition.choose_encoder(accepted)
        return encode(registry), kind

    def collect(self) -> Iterator[Any]:
        """The families, as Prometheus' library wants them."""
        from prometheus_client import core  # noqa: PLC0415  (as above)

        metrics, gauges = self._metrics, self._metrics.gauges
        yield core.InfoMetricFamily("runyard_server", "The program that runs.", {"version": __version__})
        yield from self._requests(core)
        for name, text, histogram in (
            ("runyard_writer_group_size", "Writes that shared a commit.", metrics.group_sizes),
            (
                "runyard_writer_group_seconds",
                "Time from taking a group of writes to its commit.",
                metrics.group_seconds,
            ),
        ):
            yield core.HistogramMetricFamily(name, text, *self._numbers(histogram))
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
        yield core.GaugeMetricFamily("runyard_processes", "Processes that serve.", metrics.total(gauges.processes))
        size = self._size.known()
        if size is not None:
            yield core.GaugeMetricFamily("runyard_database_bytes", "Bytes of the database on its disk.", size)

    def _requests(self, core: Any) -> Iterator[Any]:
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
                seconds.add_metric([operation], *self._numbers(self._metrics.durations[operation]))
        yield counts
        yield seconds

    def _numbers(self, histogram: Histogram) -> tuple[Sequence[tuple[str, float]], float]:
        """The buckets of a histogram, each with all that is below its edge; and the sum."""
        places = range(histogram.start, histogram.start + len(histogram.edges) + 1)
        edges = [*(f"{edge:g}" for edge in histogram.edges), "+Inf"]
        counts = itertools.accumulate(self._metrics.total(place) for place in places)
        return list(zip(edges, counts, strict=True)), self._metrics.total(places.stop)


class _Size:
    """The size of the database, asked for on a thread of its own: no scrape waits for a database that is gone."""

    def __init__(self, gate: Gate) -> None:
        self._gate, self._asked = gate, -SIZE_SECONDS
        self._bytes: int | None = None
        self._lock = threading.Lock()

    def known(self) -> int | None:
        """The last known size; None when it cannot be told."""
        if time.monotonic() - self._asked >= SIZE_SECONDS and self._lock.acquire(blocking=False):
            self._asked = time.monotonic()
            asking = threading.Thread(target=self._ask, name="runyard-size", daemon=True)
            asking.start()
            asking.join(_LIMIT_SECONDS)
        return self._bytes

    def _ask(self) -> None:
        try:
            self._bytes = stored_bytes(self._gate.engines)
        except Exception as error:  # noqa: BLE001  (one number of many, and the outage is logged elsewhere)
            self._bytes = None
            log.info("the size of the database is not known: %s", error)
        finally:
            self._lock.release()
