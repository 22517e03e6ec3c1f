"""Decodes requests to messages and sends their answers: a dictionary lookup before the web framework.

MLflow's paths are fixed strings, so the operations need no pattern matching; the few with parts in braces come after.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from runyard.exceptions import InvalidParameter, MethodNotAllowed, RunyardException, Unavailable
from runyard.gate.gate import Gate
from runyard.gate.slices import load_messages
from runyard.http.access import OPERATION
from runyard.http.answers import App, Receive, Scope, Send, send_error, send_head, send_in_pieces, send_json, unforeseen
from runyard.http.bodies import BodyReader, ClientGone
from runyard.http.deadlines import Deadlines
from runyard.http.guard import FIELDS
from runyard.protocol.codec import decode_body, decode_body_and_query, decode_query, parse_object, query_fields
from runyard.protocol.message import OPERATIONS, AnyMessage
from runyard.server.settings import ServerSettings

_JSON = b"application/json"
LARGE = 512 * 1024
"""Bytes of a body that take long enough to decode for the event loop to notice."""

T = TypeVar("T")
Methods = dict[str, type[AnyMessage]]
Fields = Mapping[bytes, bytes]


@dataclass(frozen=True)
class _Template:
    """A path with parts in braces, which are fields of the message."""

    pattern: re.Pattern[str]
    methods: Methods


class Dispatch:
    """Answers every operation of the protocol; passes other requests on.

    Parameters
    ----------
    app: Serves every path that is not an operation.
    gate: Performs messages.
    settings: The server's settings.
    """

    def __init__(self, app: App, gate: Gate, settings: ServerSettings) -> None:
        self._app, self._gate = app, gate
        self._bodies = BodyReader(settings.limits)
        self._seconds = settings.request_seconds
        self._deadlines = Deadlines(self._seconds)
        self._waiting_reads, self._most_reads = 0, settings.limits.waiting_reads
        self._paths, self._templates = routes(settings.static_prefix)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        methods, parts = self._paths.get(scope["path"]), None
        if methods is None:
            methods, parts = self._match(scope["path"])
            if methods is None:
                await self._app(scope, receive, send)
                return
        method = scope["method"]
        kind = methods.get("GET" if method == "HEAD" else method)
        if kind is None:
            await send_error(send, _wrong_method(method, methods), [(b"allow", allow(methods).encode())])
            return
        scope[OPERATION] = kind.operation.name
        try:
            message = await self._decode(kind, scope, receive, parts)
            body = await self.perform(kind, message)
            if not isinstance(body, bytes) and scope["http_version"] == "1.0":  # it has no mark for the end of pieces
                body = b"".join([piece async for piece in self._each_in_time(body, kind)])
        except RunyardException as error:
            await send_error(send, error)
        except ClientGone:
            pass
        except Exception as error:  # noqa: BLE001  (an edge: the client gets an id, the log gets the rest)
            await send_error(send, unforeseen(error, f"operation {kind.operation.name}"))
        else:
            if isinstance(body, bytes):
                await send_json(send, 200, body)
            else:
                await self._send_pieces(kind, body, scope, receive, send)

    def hot_writes(self) -> dict[str, type[AnyMessage]]:
        """The writes that are sent often, by path; all are posted."""
        posted = {path: methods["POST"] for path, methods in self._paths.items() if "POST" in methods}
        return {path: kind for path, kind in posted.items() if kind.hot and kind.operation.kind == "write"}

    def perform(self, kind: type[AnyMessage], message: AnyMessage) -> Awaitable[bytes | AsyncIterator[bytes]]:
        """Have a message performed in time."""
        work = self._gate.answer(message) if kind.operation.kind != "read" else self._read(message)
        return self._in_time(work, kind)

    async def _decode(
        self, kind: type[AnyMessage], scope: Scope, receive: Receive, parts: Mapping[str, str] | None
    ) -> AnyMessage:
        fields: Fields = scope[FIELDS]
        if scope["method"] in ("GET", "HEAD"):
            body = b"" if scope["query_string"] else await self._bodies.read(fields, receive)
            if not body and not parts:
                return decode_query(kind, scope["query_string"])
        else:
            untyped = scope["method"] == "DELETE" and b"content-type" not in fields  # a browser's preflight request
            if fields.get(b"content-type") != _JSON and not untyped:
                _check_content_type(fields)
            body = await self._bodies.read(fields, receive) or (b"{}" if scope["method"] == "DELETE" else b"")
            if scope["query_string"] and kind.operation.family == "runyard":
                return decode_body_and_query(kind, body, scope["query_string"])
        if parts:
            asked = scope["method"] in ("GET", "HEAD") and not body
            given = query_fields(kind, scope["query_string"]) if asked else parse_object(body)
            return kind.from_wire({**given, **parts})
        if len(body) > LARGE:
            return await asyncio.to_thread(decode_body, kind, body)
        return decode_body(kind, body)

    async def _in_time(self, work: Awaitable[T], kind: type[AnyMessage]) -> T:
        try:
            return await self._deadlines.within(work)
        except TimeoutError:
            stored = "" if kind.operation.kind == "read" else " It may be stored yet; to send it again is safe."
            raise RunyardException(
                f"The server did not finish this within {self._seconds:g} seconds.{stored}", "DEADLINE_EXCEEDED"
            ) from None

    async def _send_pieces(
        self, kind: type[AnyMessage], pieces: AsyncIterator[bytes], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Send an answer in pieces, each read when the client has taken most of the one before."""
        if scope["method"] == "HEAD":
            await send_head(send)
        else:
            await send_in_pieces(send, receive, self._each_in_time(pieces, kind), f"operation {kind.operation.name}")

    async def _each_in_time(self, pieces: AsyncIterator[bytes], kind: type[AnyMessage]) -> AsyncIterator[bytes]:
        while piece := await self._in_time(anext(pieces, b""), kind):
            yield piece

    async def _read(self, message: AnyMessage) -> bytes | AsyncIterator[bytes]:
        """Have a read performed, if not too many wait already; the queue of writes has a bound of its own."""
        if self._waiting_reads >= self._most_reads:
            raise Unavailable(f"{self._most_reads} reads are waiting already. Try again.")
        self._waiting_reads += 1
        try:
            return await self._gate.answer(message)
        finally:
            self._waiting_reads -= 1

    def _match(self, path: str) -> tuple[Methods | None, Mapping[str, str] | None]:
        for template in self._templates:
            match = template.pattern.fullmatch(path)
            if match:
                return template.methods, match.groupdict()
        return None, None


def routes(prefix: str) -> tuple[dict[str, Methods], list[_Template]]:
    """Every operation by path and method: fixed paths, and those with parts in braces."""
    load_messages()
    fixed: dict[str, Methods] = {}
    templated: dict[str, Methods] = {}
    for kind in OPERATIONS.values():
        for method, path in kind.operation.routes():
            table = templated if "{" in path else fixed
            known = table.setdefault(prefix + path, {}).setdefault(method, kind)
            if known is not kind:
                raise TypeError(f"{method} {path} is claimed by {known.__name__} and {kind.__name__}.")
    return fixed, [_Template(_pattern(path), methods) for path, methods in templated.items()]


def _pattern(path: str) -> re.Pattern[str]:
    pieces = re.split(r"\{(\w+)\}", path)
    return re.compile(
        "".join(f"(?P<{piece}>[^/]+)" if index % 2 else re.escape(piece) for index, piece in enumerate(pieces))
    )


def allow(methods: Methods) -> str:
    """The value of the ``Allow`` header."""
    return ", ".join(sorted({*methods, *(["HEAD"] if "GET" in methods else [])}))


def _wrong_method(method: str, methods: Methods) -> RunyardException:
    return MethodNotAllowed(f"This path does not take {method}. Use {' or '.join(sorted(methods))}.")


def _check_content_type(fields: Fields) -> None:
    given = fields.get(b"content-type", b"")
    if given.partition(b";")[0].strip().lower() != _JSON:
        raise InvalidParameter("The Content-Type must be application/json.")
