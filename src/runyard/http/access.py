"""What happened to each request: an id, a line of the log, and whatever else wants to know."""

import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, NamedTuple

from runyard.http.answers import App, Receive, Scope, Send
from runyard.http.guard import FIELDS as HEADERS
from runyard.http.logs import FIELDS
from runyard.http.request_ids import HEADER, begin_request

log = logging.getLogger("runyard.access")

OPERATION = "runyard.operation"
"""Key in a request's scope: the name of the operation that it asked for."""
TRACE = "runyard.trace"
"""Key in a request's scope: the id of the trace that it is part of, where traces are exported."""
CLIENT_GONE = 499
"""nginx' status of a request whose client did not wait for the answer."""
_FORWARDED = b"x-forwarded-for"


class Served(NamedTuple):
    """A request that has been answered.

    Attributes
    ----------
    operation: The operation of the protocol that was asked for; empty for pages, files and the like.
    received: Bytes of the request's body: of an upload those that were read, else as it was announced.
    sent: Bytes of the answer's body, packed if it was.
    status: 499 when the client was gone before there was one.
    """

    request_id: str
    method: str
    path: str
    operation: str
    status: int
    seconds: float
    received: int
    sent: int


class Access:
    """Gives each request an id, and tells of it when it is answered.

    Parameters
    ----------
    app: What answers.
    observers: Called with every request.
    """

    def __init__(self, app: App, observers: Sequence[Callable[[Served], None]] = ()) -> None:
        self._app, self._observers = app, observers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the server's start and stop."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(scope, receive, send)
        try:
            await self._app(scope, request.receive if scope["method"] == "PUT" else receive, request.send)
        finally:
            self.note(request.served(scope), scope)

    def note(self, served: Served, scope: Scope) -> None:
        """Tell of a request that has been answered."""
        for observe in self._observers:
            observe(served)
        if log.isEnabledFor(logging.INFO):
            _write(served, scope)


class _Request:
    """One request on its way."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._begun = time.perf_counter()
        fields = scope[HEADERS] = dict(scope["headers"])
        self._announced = fields.get(b"content-length", b"")
        self._id = begin_request(fields.get(HEADER))
        self._status = self._received = self._sent = 0

    async def receive(self) -> MutableMapping[str, Any]:
        """The next part of the request."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
        return message

    def send(self, message: MutableMapping[str, Any]) -> Awaitable[None]:
        """Send a part of the answer."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message["headers"] = [*message.get("headers", ()), (HEADER, self._id.encode())]
        else:
            self._sent += len(message.get("body", b""))
        return self._send(message)

    def served(self, scope: Scope) -> Served:
        """What became of it."""
        return Served(
            request_id=self._id,
            method=scope["method"],
            path=scope["path"],
            operation=scope.get(OPERATION, ""),
            status=self._status or CLIENT_GONE,
            seconds=time.perf_counter() - self._begun,
            received=self._received or (int(self._announced) if self._announced.isdigit() else 0),
            sent=self._sent,
        )


def _write(served: Served, scope: Scope) -> None:
    """Write the line. The query is left out: it may say more than a log should keep."""
    client = (scope.get("client") or ("-",))[0]
    forwarded = next((value.decode("latin-1") for name, value in scope["headers"] if name == _FORWARDED), "")
    milliseconds = served.seconds * 1000
    fields = {
        "method": served.method,
        "path": served.path,
        "status": served.status,
        "milliseconds": round(milliseconds, 3),
        "received": served.received,
        "sent": served.sent,
        "client": client,
    }
    if served.operation:
        fields["operation"] = served.operation
    if trace := scope.get(TRACE):
        fields["trace_id"] = trace
    if forwarded:
        fields["forwarded_for"] = forwarded[:200]
    text = f"{forwarded[:200]} via {client}" if forwarded else client
    log.info(
        "%s %s %s %d in %.1f ms, %d bytes",
        text,
        served.method,
        served.path,
        served.status,
        milliseconds,
        served.sent,
        extra={FIELDS: fields},
    )
