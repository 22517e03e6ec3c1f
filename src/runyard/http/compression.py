"""Answers packed with gzip for clients that say they can unpack it: every browser, and HTTP library, does.

Pages and JSON repeat themselves: they shrink to a tenth, and packing 200 KB takes a fifth of a millisecond.
"""

import asyncio
import functools
import zlib
from collections.abc import Awaitable, MutableMapping
from typing import Any

from runyard.http.answers import App, Headers, Receive, Scope, Send
from runyard.http.guard import FIELDS

try:
    from isal import isal_zlib as fast_zlib
except ImportError:  # a machine that it is not made for
    fast_zlib = zlib  # type: ignore[misc,assignment,unused-ignore]  # the same functions

SMALLEST = 1024
"""Bytes of the smallest answer that is packed: a smaller one goes in one packet anyway."""

_LEVEL = 1
_GZIP = 31
"""The window of 32 KB, with the head and the end that gzip has."""
_LARGE = 256 * 1024
"""Bytes that take long enough to pack for the event loop to notice."""
_SHRINKS = frozenset(
    (b"text/html", b"text/plain", b"text/csv", b"text/markdown", b"application/json", b"application/vnd.runyard.curves")
)
_AS_IT_IS = frozenset((b"content-encoding", b"content-range", b"etag"))
"""Headers of answers whose bytes are these and no others: packed already, a part of a file, or a file."""
_EMPTY = frozenset((204, 304))
_VARY = (b"vary", b"Accept-Encoding")
GZIP_HEADERS = ((b"content-encoding", b"gzip"), _VARY)
"""What says that an answer is packed, and depends on what the client takes."""


class Compression:
    """Packs the answers of an application where that pays and the client takes it.

    Left as they are: small answers, those packed already, files, parts of files, and event streams.

    Parameters
    ----------
    app: The application, whose requests have passed the guard.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        taken = takes_gzip(scope[FIELDS].get(b"accept-encoding", b""))
        if taken or scope["method"] in ("GET", "HEAD"):
            send = _Packed(send, taken).send
        await self._app(scope, receive, send)


class _Packed:
    """One answer on its way: its head waits until it is known whether the body is packed."""

    def __init__(self, send: Send, taken: bool) -> None:
        self._send, self._taken = send, taken
        self._head: MutableMapping[str, Any] | None = None
        self._packer: Any = None

    def send(self, message: MutableMapping[str, Any]) -> Awaitable[None]:
        """Pass on a message of the application, packed if it is to be."""
        if message["type"] == "http.response.start":
            headers = message.get("headers", ())
            if message["status"] in _EMPTY or not _may_be_packed(headers):
                return self._send(message)
            if not self._taken:
                message["headers"] = [*headers, _VARY]
                return self._send(message)
            self._head = message
            return _nothing()
        if self._head is None and self._packer is None:
            return self._send(message)
        return self._send_body(message)

    async def _send_body(self, message: MutableMapping[str, Any]) -> None:
        if self._packer is None and not message.get("more_body"):
            await self._send_whole(message)
            return
        if self._packer is None:
            self._packer = fast_zlib.compressobj(_LEVEL, fast_zlib.DEFLATED, _GZIP)
            await self._send_head(None)
        await self._send_more(message)

    async def _send_whole(self, message: MutableMapping[str, Any]) -> None:
        packed = await pack(message.get("body", b""))
        await self._send_head(len(packed))
        await self._send({"type": "http.response.body", "body": packed})

    async def _send_more(self, message: MutableMapping[str, Any]) -> None:
        body, more = message.get("body", b""), message.get("more_body", False)
        packed = await _on_thread_if_large(len(body), self._packer.compress, body) if body else b""
        if not more:
            packed += self._packer.flush()
        if packed or not more:
            await self._send({"type": "http.response.body", "body": packed, "more_body": more})

    async def _send_head(self, length: int | None) -> None:
        head, self._head = self._head, None
        assert head is not None
        kept = [pair for pair in head.get("headers", ()) if pair[0].lower() != b"content-length"]
        sizes = [(b"content-length", b"%d" % length)] if length is not None else []
        head["headers"] = [*kept, *sizes, *GZIP_HEADERS]
        await self._send(head)


async def pack(body: bytes) -> bytes:
    """A whole body, packed."""
    return await _on_thread_if_large(len(body), fast_zlib.compress, body, _LEVEL, _GZIP)


async def _nothing() -> None:
    """What is awaited where nothing is sent yet."""


async def _on_thread_if_large(size: int, pack: Any, *arguments: Any) -> bytes:
    packed: bytes = pack(*arguments) if size < _LARGE else await asyncio.to_thread(pack, *arguments)
    return packed


def _may_be_packed(headers: Headers) -> bool:
    """Whether packing an answer with these headers pays and changes nothing else."""
    shrinks = False
    for name, value in headers:
        if name == b"content-length":
            if int(value) < SMALLEST:
                return False
        elif name == b"content-type":
            shrinks = value.partition(b";")[0].strip().lower() in _SHRINKS
        elif name in _AS_IT_IS:
            return False
    return shrinks


@functools.lru_cache(256)
def takes_gzip(accepted: bytes) -> bool:
    """Whether a client with this ``Accept-Encoding`` takes gzip: it names it, or ``*``, and not with ``q=0``."""
    weights: dict[bytes, bool] = {}
    for part in accepted.lower().split(b","):
        coding, _, weight = part.partition(b";")
        name, _, value = weight.partition(b"=")
        refused = name.strip() == b"q" and value.strip().strip(b"0.") == b""
        weights[coding.strip()] = not refused
    named = [weights[coding] for coding in (b"gzip", b"x-gzip") if coding in weights]
    return any(named) if named else weights.get(b"*", False)
