"""Reads JSON bodies: complete, decompressed, and within limits."""

import asyncio
import zlib
from collections.abc import Mapping

from runyard.exceptions import BadRequest, PayloadTooLarge, Unavailable, UnsupportedMediaType
from runyard.http.answers import Receive
from runyard.http.settings import Limits

_WINDOW_BITS = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}
_RAW_DEFLATE = -15
_SMALL = 64 * 1024


class ClientGone(Exception):  # noqa: N818  (not an error: the client is gone)
    """The client closed the connection before its request was complete."""


class BodyReader:
    """Reads the bodies of one process.

    Parameters
    ----------
    limits: The largest body, and how much unfinished ones may hold together.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._held = 0

    async def read(self, fields: Mapping[bytes, bytes], receive: Receive) -> bytes:
        """The request's body, unpacked.

        Raises
        ------
        PayloadTooLarge: Over the limit, declared, sent, or once unpacked; the rest is not read.
        UnsupportedMediaType: An unknown compression.
        Unavailable: Too many large bodies are on their way already.
        ClientGone: The client went away.
        """
        if declared_length(fields.get(b"content-length")) > self._limits.json_body:
            raise self._too_large()
        encoding = fields.get(b"content-encoding", b"identity").strip().lower()
        if encoding != b"identity" and encoding not in _WINDOW_BITS:
            raise UnsupportedMediaType("Content-Encoding must be gzip, deflate or identity.")
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body: bytes = message.get("body", b"")
        if message.get("more_body"):
            body = await self._rest(body, receive)
        if len(body) > self._limits.json_body:
            raise self._too_large()
        if encoding == b"identity":
            return body
        if len(body) <= _SMALL:
            return self._unpacked(body, encoding, self._limits.json_body)
        return await asyncio.to_thread(self._unpacked, body, encoding, self._limits.json_body)

    async def _rest(self, first: bytes, receive: Receive) -> bytes:
        parts, size = [first], len(first)
        self._held += size
        try:
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                part = message.get("body", b"")
                more = message.get("more_body", False)
                parts.append(part)
                size += len(part)
                self._held += len(part)
                if size > self._limits.json_body:
                    raise self._too_large()
                if self._held > self._limits.waiting_bodies:
                    raise Unavailable("Too many large requests are arriving at once; nothing was stored. Try again.")
            return b"".join(parts)
        finally:
            self._held -= size

    def _unpacked(self, packed: bytes, encoding: bytes, limit: int) -> bytes:
        try:
            return self._inflated(packed, _WINDOW_BITS[encoding], limit)
        except zlib.error:
            if encoding != b"deflate":
                raise _damaged(encoding) from None
        try:  # some clients send the raw stream under this name
            return self._inflated(packed, _RAW_DEFLATE, limit)
        except zlib.error:
            raise _damaged(encoding) from None

    def _inflated(self, packed: bytes, window_bits: int, limit: int) -> bytes:
        unpacker = zlib.decompressobj(window_bits)
        body = unpacker.decompress(packed, limit + 1)
        if len(body) > limit:
            raise self._too_large()
        if not unpacker.eof or unpacker.unused_data:
            raise zlib.error
        return body

    def _too_large(self) -> PayloadTooLarge:
        return PayloadTooLarge(
            f"The request body is over {self._limits.json_body:,} bytes. Send it in several requests."
        )


def declared_length(header: bytes | str | None) -> int:
    """The declared length of a body in bytes; 0 without one."""
    return int(header) if header is not None else 0  # the HTTP parser rejects what is not a number


def _damaged(encoding: bytes) -> BadRequest:
    return BadRequest(f"The request body is not valid {encoding.decode()} data, although Content-Encoding says so.")
