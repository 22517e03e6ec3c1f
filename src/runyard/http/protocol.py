"""HTTP on one connection: uvicorn's protocol, with limits on what a client may send and how slowly.

Refused here, before any of our code runs for it: heads that are too long, too many or too slow, framing on which two
parsers could disagree, and bodies that stop flowing.
"""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from runyard.http.cycle import EXTENSIONS, PlainCycle
from runyard.http.joined_writes import joined
from runyard.http.settings import Limits

_WATCHED = frozenset({b"expect", b"transfer-encoding"})
_LAST_REQUEST_SECONDS = 0.3


class _Refused(Exception):  # noqa: N818  (only leaves the parser's callback)
    """The request's head is not acceptable."""


class LimitedConfig(Config):
    """uvicorn's configuration, with our limits.

    Attributes
    ----------
    limits: What one client may ask.
    """

    limits: Limits = Limits()


class LimitedProtocol(HttpToolsProtocol):
    """One connection.

    `_in_head` holds from the end of a request to the end of the next head; `_head_begun` once some of that has come.
    """

    def __init__(
        self,
        config: LimitedConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = config.limits
        self._in_head, self._head_begun = True, False
        self._head_bytes = self._chunk_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._body_timer: asyncio.TimerHandle | None = None
        self._linger_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None
        self._body_bytes = self._whole_body_bytes = 0
        self._was_paused = False
        self._refusal = (400, "The request is not valid HTTP.")
        self._dead = self._leaving = False

    # What arrives

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock for the first request's head."""
        super().connection_made(joined(transport, self.loop))
        if len(self.connections) > self._limits.connections:
            self._answer_and_close(503, "Too many connections are open. Try again.")
            return
        self._head_timer = self.loop.call_later(self._limits.head_seconds, self._abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks."""
        for timer in (self._head_timer, self._body_timer, self._linger_timer, self._stall_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, then check the client against the limits."""
        if self._dead:
            return
        was_in_body = not self._in_head
        self._chunk_bytes = len(data)
        super().data_received(data)
        if self.transport.is_closing() or self._dead:
            return
        if not self._in_head:
            self._whole_body_bytes += len(data)
            if self._linger_timer is None:
                self._watch_body(len(data))
            elif self._whole_body_bytes > self._limits.refused_body:
                self._cut_off(self._linger_timer)
        elif self._head_begun or not self._is_answering():
            self._watch_head(0 if was_in_body else len(data))

    def _is_answering(self) -> bool:
        """Whether a request is still being answered."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # declared without None, but it begins with it
        return cycle is not None and not cycle.response_complete

    def _watch_head(self, received: int) -> None:
        """A head has arrived in part: check its size and time."""
        self._head_bytes += received
        if self._head_bytes > self._limits.head_bytes:
            self._refusal = (431, f"The request's headers are over {self._limits.head_bytes:,} bytes.")
            self.send_400_response("")
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(self._limits.head_seconds, self._abort)

    def _watch_body(self, received: int) -> None:
        """A body has arrived in part: check its speed."""
        self._body_bytes += received
        self._was_paused |= self.flow.read_paused
        if self._body_timer is None:
            self._body_timer = self.loop.call_later(self._limits.body_window, self._judge_body)

    def _cut_off(self, lingering: asyncio.TimerHandle) -> None:
        """Read no more of a body whose request is answered."""
        self._dead = True
        self.flow.pause_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()  # before the end: a client that finds it cannot send on then reads its answer
        lingering.cancel()
        self._linger_timer = self.loop.call_later(min(1, self._limits.linger_seconds), self._abort)

    def _judge_body(self) -> None:
        wanted = self._limits.body_rate * self._limits.body_window
        if self._body_bytes < wanted and not (self._was_paused or self.flow.read_paused):
            self._abort()
            return
        self._body_bytes, self._was_paused = 0, self.flow.read_paused
        self._body_timer = self.loop.call_later(self._limits.body_window, self._judge_body)

    # The parser's callbacks

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._head_begun = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header."""
        name = name.lower()
        self.headers.append((name, value))
        if name in _WATCHED:
            if name == b"expect":
                self.expect_100_continue = value.lower() == b"100-continue"
            elif value.lower() != b"chunked":
                self._refuse(400, "Transfer-Encoding can only be chunked.")

    def on_headers_complete(self) -> None:
        """Judge the head; the request is handed on when it passes."""
        limits = self._limits
        if len(self.headers) > limits.head_fields:
            self._refuse(431, f"The request has over {limits.head_fields} headers.")
        if self._head_bytes + self._chunk_bytes > limits.head_bytes and self._head_size() > limits.head_bytes:
            self._refuse(431, f"The request's headers are over {limits.head_bytes:,} bytes.")
        if self.parser.get_http_version() != "1.1" and any(name == b"transfer-encoding" for name, _ in self.headers):
            self._refuse(400, "Transfer-Encoding needs HTTP/1.1.")
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        self._in_head = self._head_begun = False
        self._head_bytes = 0
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:
            self.cycle.__class__ = PlainCycle  # before anything is sent: its task has not begun
            self.scope["extensions"] = EXTENSIONS
        if self._leaving or self.parser.should_upgrade():  # nothing is switched to, and the parser stops here
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """The end of a request."""
        self._in_head = True
        if self._body_timer is not None:
            self._body_timer.cancel()
            self._body_timer = None
            self._body_bytes, self._was_paused = 0, False
        if self._linger_timer is not None:
            self._linger_timer.cancel()
            self._linger_timer = None
        self._whole_body_bytes = 0
        super().on_message_complete()

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _refuse(self, status: int, message: str) -> None:
        self._refusal = (status, message)
        raise _Refused

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be parsed or was refused, and trust nothing more on this connection."""
        cycle = self.cycle
        if self._is_answering():
            if self._in_head or cycle.response_started:
                # An earlier request is still being answered: it gets its answer, this one gets none.
                self._dead = True
                cycle.keep_alive = False
                if not self._in_head:
                    self.transport.close()
                return
            cycle.disconnected = True  # its own body is what is broken
            cycle.message_event.set()
        self._answer_and_close(*self._refusal)

    # What leaves

    def on_response_complete(self) -> None:
        """Give what is left of a refused body a moment, so that the client can read the answer before the end."""
        super().on_response_complete()
        if not self._in_head and self.cycle.response_complete and not self.transport.is_closing():
            self._linger_timer = self.loop.call_later(self._limits.linger_seconds, self._abort)

    def pause_writing(self) -> None:
        """The client reads more slowly than we answer: it must not stop altogether."""
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        """The client has read on."""
        super().resume_writing()
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None

    def _watch_reader(self) -> None:
        unread = self.transport.get_write_buffer_size()
        self._stall_timer = self.loop.call_later(self._limits.body_window, self._judge_reader, unread)

    def _judge_reader(self, unread: int) -> None:
        if self.transport.get_write_buffer_size() < unread:
            self._watch_reader()
        else:
            self._abort()

    def shutdown(self) -> None:
        """Answer requests in flight and those a client is sending now; then close."""
        self._leaving = True
        if self._is_answering():
            self.cycle.keep_alive = False
        else:
            self.loop.call_later(_LAST_REQUEST_SECONDS, self._close_if_idle)

    def _close_if_idle(self) -> None:
        if not self._is_answering():
            self.transport.close()

    def _abort(self) -> None:
        self._dead = True
        self.transport.abort()

    def _answer_and_close(self, status: int, message: str) -> None:
        self._dead = True
        code = {503: "TEMPORARILY_UNAVAILABLE"}.get(status, "BAD_REQUEST")
        body = json.dumps({"error_code": code, "message": message}).encode()
        lines = [
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
            "content-type: application/json",
            f"content-length: {len(body)}",
            "x-content-type-options: nosniff",
            *(["retry-after: 1"] if status == 503 else []),
            "connection: close",
        ]
        self.transport.write("\r\n".join([*lines, "", ""]).encode() + body)
        if self.transport.can_write_eof():
            self.transport.write_eof()  # closing at once could destroy the answer while the client is still sending
        self._linger_timer = self.loop.call_later(min(1, self._limits.linger_seconds), self.transport.close)
