"""Spans of requests for OpenTelemetry. Where they are sent, and which are, its own ``OTEL_…`` variables say.

Names of attributes are those of its semantic conventions for HTTP servers, version 1.23 and later. The library is an
extra of ours, `opentelemetry`, and is loaded only when a server is told to export.
"""

import os
from collections.abc import Awaitable, MutableMapping
from typing import Any

from runyard.core.libraries import required
from runyard.http.access import OPERATION, TRACE
from runyard.http.answers import App, Receive, Scope, Send
from runyard.http.request_ids import request_id
from runyard.version import __version__

_PURPOSE = "The export of requests to OpenTelemetry"
_MODULES = (
    "opentelemetry.trace",
    "opentelemetry.propagate",
    "opentelemetry.sdk.resources",
    "opentelemetry.sdk.trace",
    "opentelemetry.sdk.trace.export",
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
)
_QUIET = frozenset(("/health", "/ready", "/version", "/metrics", "/ping"))
"""Asked again and again by monitors: no spans of them."""


def require_tracing() -> None:
    """Load what spans are exported by, before processes are forked that share it.

    Raises
    ------
    MissingPackage: OpenTelemetry is not installed.
    """
    for name in _MODULES:
        required(name, _PURPOSE)


class Tracing:
    """Exports spans over HTTP, in batches, from a thread of each process.

    Parameters
    ----------
    service: Its name where neither ``OTEL_SERVICE_NAME`` nor ``OTEL_RESOURCE_ATTRIBUTES`` has one.

    Raises
    ------
    MissingPackage: OpenTelemetry is not installed.
    """

    def __init__(self, service: str) -> None:
        self._api, self._propagate, self._resources, self._sdk, self._export, self._otlp = (
            required(name, _PURPOSE) for name in _MODULES
        )
        self._service = service
        self._provider: Any = None
        self._tracer: Any = None

    def start(self) -> None:
        """Begin to export, in the process that serves: no thread outlives a fork."""
        named = "OTEL_SERVICE_NAME" in os.environ or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
        attributes = {"service.version": __version__, **({} if named else {"service.name": self._service})}
        self._provider = self._sdk.TracerProvider(resource=self._resources.Resource.create(attributes))
        self._provider.add_span_processor(self._export.BatchSpanProcessor(self._otlp.OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("runyard", __version__)

    def stop(self) -> None:
        """Export what is left."""
        if self._provider is not None:
            self._provider.shutdown()

    def begin(self, scope: Scope) -> Any:
        """The span of a request that begins; a child of the one that its ``traceparent`` header names."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        attributes = {
            "http.request.method": scope["method"],
            "url.scheme": scope.get("scheme", "http"),
            "url.path": scope["path"],
            "network.protocol.version": scope.get("http_version", "1.1"),
            "runyard.request_id": request_id(),
        }
        for attribute, value in (
            ("server.address", headers.get("host")),
            ("user_agent.original", headers.get("user-agent")),
            ("client.address", (scope.get("client") or (None,))[0]),
        ):
            if value:
                attributes[attribute] = value
        parent = self._propagate.extract(headers)
        span = self._tracer.start_span(scope["method"], parent, self._api.SpanKind.SERVER, attributes)
        context = span.get_span_context()
        if context.is_valid:
            scope[TRACE] = format(context.trace_id, "032x")
        return span

    def in_span(self, span: Any) -> Any:
        """A context in which libraries find the span: their own spans are children of it."""
        return self._api.use_span(span, end_on_exit=False, record_exception=False, set_status_on_exception=False)

    def end(self, span: Any, scope: Scope, status: int) -> None:
        """End the span of a request.

        Parameters
        ----------
        status: Of the answer; 0 when there was none.
        """
        operation = scope.get(OPERATION)
        if operation:
            span.update_name(f"{scope['method']} {operation}")
            span.set_attribute("runyard.operation", operation)
        if status:
            span.set_attribute("http.response.status_code", status)
        if not status or status >= 500:
            span.set_attribute("error.type", str(status) if status else "client_gone")
        if status >= 500:
            span.set_status(self._api.StatusCode.ERROR)
        span.end()


class Traced:
    """Makes a span of each request, but not of those that monitors repeat.

    Parameters
    ----------
    app: Serves the requests.
    tracing: Exports the spans.
    prefix: The path below which everything is served.
    """

    def __init__(self, app: App, tracing: Tracing, prefix: str) -> None:
        self._app, self._tracing = app, tracing
        self._quiet = frozenset(f"{prefix}{path}" for path in _QUIET)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the server's start and stop."""
        if scope["type"] != "http" or scope["path"] in self._quiet:
            await self._app(scope, receive, send)
            return
        status = 0

        def noting(message: MutableMapping[str, Any]) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            return send(message)

        span = self._tracing.begin(scope)
        try:
            with self._tracing.in_span(span):
                await self._app(scope, receive, noting)
        finally:
            self._tracing.end(span, scope, status)
