"""Writes about which nothing is special, answered without the layers that would find nothing to do.

A script that trains sends them a hundred times a second, all alike: JSON of a known length, no header that a browser or
a proxy adds. To pass such a request through each layer and its answer back takes longer than to store a point.
"""

import time
from typing import Any

from runyard.exceptions import RunyardException
from runyard.http.access import CLIENT_GONE, OPERATION, Access, Served
from runyard.http.answers import (
    JSON_TYPE,
    Headers,
    Receive,
    Scope,
    Send,
    envelope,
    retry_headers,
    send_json,
    unforeseen,
)
from runyard.http.compression import GZIP_HEADERS, SMALLEST, pack, takes_gzip
from runyard.http.cycle import WHOLE
from runyard.http.guard import FIELDS, Guard
from runyard.http.request_ids import HEADER, begin_request
from runyard.protocol.codec import decode_body
from runyard.protocol.message import AnyMessage
from runyard.server.dispatch import LARGE, Dispatch
from runyard.server.settings import ServerSettings

_PLAIN = frozenset(
    b"host content-type content-length user-agent accept accept-encoding connection x-request-id".split()
)
"""Headers that change nothing of what is done, or are looked at here."""


class PlainWrites:
    """Answers plain writes as the layers do, and passes all other requests to them.

    Parameters
    ----------
    access: The outermost of the layers.
    guard: The one that says which hosts are ours, and adds headers to answers.
    dispatch: The innermost of them.
    settings: The server's settings.
    """

    def __init__(self, access: Access, guard: Guard, dispatch: Dispatch, settings: ServerSettings) -> None:
        self._access, self._guard, self._dispatch = access, guard, dispatch
        self._kinds, self._compress = dispatch.hot_writes(), settings.compress
        self._head = b"".join(b"%b: %b\r\n" % header for header in (JSON_TYPE, *guard.always))
        self._longest = min(settings.limits.json_body, LARGE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the server's start and stop."""
        kind = self._kinds.get(scope["path"]) if scope["type"] == "http" else None
        if kind is None or not self._is_plain(scope):
            await self._access(scope, receive, send)
            return
        begun, message = time.perf_counter(), await receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            await self._serve(kind, message.get("body", b""), scope, send, begun)
        else:
            await self._access(scope, _from(message, receive), send)

    def _is_plain(self, scope: Scope) -> bool:
        headers = scope["headers"]
        fields = scope[FIELDS] = dict(headers)
        return (
            scope["method"] == "POST"
            and len(fields) == len(headers)  # none is given twice
            and fields.keys() <= _PLAIN
            and fields.get(b"content-type") == JSON_TYPE[1]
            and int(fields.get(b"content-length", self._longest + 1)) <= self._longest
            and not scope["query_string"]
            and self._guard.knows(scope)
        )

    async def _serve(self, kind: type[AnyMessage], text: bytes, scope: Scope, send: Send, begun: float) -> None:
        fields, scope[OPERATION] = scope[FIELDS], kind.operation.name
        request = begin_request(fields.get(HEADER))
        status, body = 0, b""
        try:
            status, body, headers = await self._answer(kind, text)
            if len(body) >= SMALLEST and self._compress and takes_gzip(fields.get(b"accept-encoding", b"")):
                body, headers = await pack(body), [*GZIP_HEADERS, *headers]
            if status == 200 and not headers and WHOLE in scope.get("extensions", ()):
                head = b"%bcontent-length: %d\r\nx-request-id: %b\r\n" % (self._head, len(body), request.encode())
                await send({"type": WHOLE, "head": head, "body": body})
            else:
                own = [*headers, *self._guard.always, (HEADER, request.encode())]
                await send_json(send, status, body, own)
        finally:
            seconds, name, path = time.perf_counter() - begun, kind.operation.name, scope["path"]
            served = Served(request, "POST", path, name, status or CLIENT_GONE, seconds, len(text), len(body))
            self._access.note(served, scope)

    async def _answer(self, kind: type[AnyMessage], text: bytes) -> tuple[int, bytes, Headers]:
        """Status, body, and headers that only some answers have."""
        try:
            body: Any = await self._dispatch.perform(kind, decode_body(kind, text))
            return 200, body, []
        except RunyardException as caught:
            error = caught
        except Exception as caught:  # noqa: BLE001  (an edge: the client gets an id, the log gets the rest)
            error = unforeseen(caught, f"operation {kind.operation.name}")
        return error.http_status, envelope(error), retry_headers(error)


def _from(first: Any, receive: Receive) -> Receive:
    """What is received, from a part on that was taken already."""
    taken = [first]

    async def again() -> Any:
        return taken.pop() if taken else await receive()

    return again
