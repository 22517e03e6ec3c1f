"""One answer on its way through uvicorn, faster where it is plain: its head and body leave together, as one packet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from runyard.http.joined_writes import JoinedWrites

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_BODYLESS = frozenset((204, 304))
_FRAMING = frozenset((b"connection", b"transfer-encoding"))
_NAME = re.compile(rb"[a-z0-9!#$%&'*+.^_`|~-]+")
_FORBIDDEN = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_OFTEN = frozenset(
    b"content-type content-security-policy referrer-policy vary x-content-type-options x-frame-options".split()
)
"""Headers that have the same value in most answers."""
_ALWAYS = frozenset((b"date", b"content-length", b"x-request-id"))
_MOST_LINES = 256
_lines: dict[tuple[bytes, bytes], bytes] = {}
WHOLE = "runyard.response.whole"
"""Type of a message that is a whole answer of status 200, for requests in whose scope this is an extension.

Its `head` is the lines of its head, as they are sent, without the first and the date; its `body` has the length that
these name.
"""
EXTENSIONS: dict[str, dict[object, object]] = {WHOLE: {}}
_LONG = 262144
"""Bytes of a body that are not copied to save a call of the system."""


class PlainCycle(RequestResponseCycle):
    """uvicorn's, which checks and writes what is sent piece by piece; answers of a known length need less.

    It is never made: a cycle that uvicorn made becomes one.
    """

    _head: bytes = b""

    async def send(self, message: Any) -> None:
        """Send a part of the answer."""
        if message["type"] == WHOLE:
            self._head = self._head_of(message)
            message = {"type": "http.response.body", "body": message["body"]}
        if self._head:
            head, self._head = self._head, b""
            if not self.disconnected and not self._sent_whole(head, message):
                self.transport.write(head)
                await super().send(message)
        elif self.response_started or not self._held_back(message):
            await super().send(message)

    def _head_of(self, message: MutableMapping[str, Any]) -> bytes:
        """The head of an answer that is sent whole."""
        dates = [b"%b: %b\r\n" % pair for pair in self.default_headers]
        closing = b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n"
        self.response_started, self.waiting_for_100_continue = True, False
        self.expected_content_length, self.chunked_encoding = len(message["body"]), False
        return b"".join((STATUS_LINE[200], *dates, message["head"], closing))

    def _held_back(self, message: MutableMapping[str, Any]) -> bool:
        """Keep the head until the body comes, if that has a known length."""
        if message["type"] != "http.response.start" or not self.keep_alive or self.disconnected or self.access_log:
            return False
        status = message["status"]
        if status in _BODYLESS or self.scope["method"] == "HEAD":
            return False
        lines, length = [STATUS_LINE[status]], None
        for pair in (*self.default_headers, *message.get("headers", ())):
            line = _lines.get(tuple(pair)) or _line(pair)
            if line is None:
                return False
            if pair[0] == b"content-length":
                length = int(pair[1])
            lines.append(line)
        if length is None:
            return False
        lines.append(b"\r\n")
        self._head = b"".join(lines)
        self.response_started, self.waiting_for_100_continue = True, False
        self.expected_content_length, self.chunked_encoding = length, False
        return True

    def _sent_whole(self, head: bytes, message: MutableMapping[str, Any]) -> bool:
        """Send the answer, if this is all of its body and the client reads."""
        if message["type"] != "http.response.body" or message.get("more_body") or self.flow.write_paused:
            return False
        body = message.get("body", b"")
        if len(body) != self.expected_content_length or len(body) > _LONG:
            return False
        cast("JoinedWrites", self.transport).write_now(head + body)
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
        return True


def _line(header: tuple[bytes, bytes]) -> bytes | None:
    """A header as a line; None for one that changes how the answer is framed, or cannot be one."""
    name, value = header
    if name not in _ALWAYS and (name in _FRAMING or not _NAME.fullmatch(name)):
        return None
    if _FORBIDDEN.search(value):
        return None
    if name == b"content-length" and not value.isdigit():
        return None
    line = b"%b: %b\r\n" % (name, value)
    if name in _OFTEN and len(_lines) < _MOST_LINES:
        _lines[header] = line
    return line
