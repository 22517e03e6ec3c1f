"""A transport that sends the head of an answer together with its body.

uvicorn writes one after the other, and each would be a packet of its own: a call of the system more here, and for many
clients another moment of waiting.
"""

import asyncio
from typing import Any, cast

_HEAD = b"HTTP/1."
_LONG = 65536
"""Bytes of a body that are not copied to save a call of the system."""


class JoinedWrites:
    """Wraps a transport; what it holds back leaves with the next write, and at the latest when the loop goes on.

    Parameters
    ----------
    transport: The connection's own.
    loop: Its event loop.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop, self._held = transport, loop, b""
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        """Send bytes, those of a head not at once."""
        if self._held:
            if len(data) < _LONG:
                held, self._held = self._held, b""
                self._transport.write(held + data)
                return
            self._flush()
        elif data.startswith(_HEAD):  # a piece of a body may begin like one: it is sent in a moment, too
            self._held = data
            self._loop.call_soon(self._flush)
            return
        self._transport.write(data)

    def write_now(self, data: bytes) -> None:
        """Send a head together with its body."""
        self._flush()
        self._transport.write(data)

    def writelines(self, lines: Any) -> None:
        """Send several pieces."""
        self.write(b"".join(lines))

    def write_eof(self) -> None:
        """Send what is held back, then the end."""
        self._flush()
        self._transport.write_eof()

    def close(self) -> None:
        """Send what is held back, then close."""
        self._flush()
        self._transport.close()

    def get_write_buffer_size(self) -> int:
        """The number of bytes that have not left."""
        return self._transport.get_write_buffer_size() + len(self._held)

    def _flush(self) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def joined(transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> asyncio.Transport:
    """The transport with joined writes."""
    return cast("asyncio.Transport", JoinedWrites(transport, loop))
