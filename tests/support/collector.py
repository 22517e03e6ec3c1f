"""A collector of OpenTelemetry's spans, as programs export them over HTTP."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass
class Collector:
    """Where spans arrive.

    Attributes
    ----------
    spans: Those that came: ``name``, ``trace``, ``parent``, ``error``, ``service`` and the attributes by their names.
    """

    url: str = ""
    spans: list[dict[str, Any]] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """What has a program export to it, soon after each span."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.url, "OTEL_BSP_SCHEDULE_DELAY": "50"}

    def take(self, body: bytes) -> None:
        """Note the spans of a request."""
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            of_service = _values(resource.resource.attributes)
            for scope in resource.scope_spans:
                for span in scope.spans:
                    named = {
                        "name": span.name,
                        "trace": span.trace_id.hex(),
                        "parent": span.parent_span_id.hex(),
                        "error": span.status.code == 2,
                        "service": of_service["service.name"],
                    }
                    self.spans.append(named | _values(span.attributes))


def _values(attributes: Any) -> dict[str, Any]:
    return {each.key: each.value.string_value or each.value.int_value for each in attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a port of this machine."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        """Takes what is exported."""

        def do_POST(self) -> None:
            """Note it, and say that it arrived."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.take(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  (the library's name)
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield collector
        server.shutdown()
        thread.join()
