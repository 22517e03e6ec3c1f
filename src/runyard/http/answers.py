"""JSON answers, sent without a framework: the error envelope, and the hot path's 200."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

from runyard.exceptions import MethodNotAllowed, RunyardException, Unavailable
from runyard.http.request_ids import incident_id, request_id

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

INCIDENT = "runyard.incident"
"""Key in a request's scope, set when its failure is logged."""

JSON_TYPE = (b"content-type", b"application/json")


async def send_json(send: Send, status: int, body: bytes, headers: Headers | None = None) -> None:
    """Send an answer whose body is JSON text."""
    fields = [JSON_TYPE, (b"content-length", b"%d" % len(body))]
    if headers:
        fields += headers
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})


async def send_head(send: Send) -> None:
    """Send the head of an answer that would come in pieces: JSON, of a length nobody knows yet."""
    await send({"type": "http.response.start", "status": 200, "headers": [JSON_TYPE]})
    await send({"type": "http.response.body", "body": b""})


async def send_in_pieces(send: Send, receive: Receive, pieces: AsyncIterator[bytes], what: str) -> None:
    """Send JSON text in pieces, each once most of those before it have left.

    When one cannot be had, the connection is closed without the mark of the end: the client knows that there is more.

    Parameters
    ----------
    pieces: At least one; no more are asked for when the client is gone.
    what: What is answered, for the log.
    """
    gone = asyncio.create_task(_disconnected(receive))
    try:
        await send({"type": "http.response.start", "status": 200, "headers": [JSON_TYPE]})
        async for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if gone.done():
                return
        await send({"type": "http.response.body", "body": b""})
    except RunyardException as error:
        log.warning("the answer of %s was broken off: %s", what, error.message)
    except Exception as error:  # noqa: BLE001  (an edge: the client finds the answer broken off, the log gets the rest)
        unforeseen(error, what)
    finally:
        gone.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def send_error(send: Send, error: RunyardException, headers: Headers | None = None) -> None:
    """Send an error in its envelope."""
    extra = [*(headers or ()), *retry_headers(error)]
    await send_json(send, error.http_status, envelope(error), extra)


async def refused_to_change(scope: Scope, send: Send) -> bool:
    """Answer a request that would change something where there is only something to read; whether it was one."""
    if scope["method"] in ("GET", "HEAD"):
        return False
    error = MethodNotAllowed(f"This path does not take {scope['method']}. Use GET.")
    await send_error(send, error, [(b"allow", b"GET, HEAD")])
    return True


def retry_headers(error: RunyardException) -> Headers:
    """``Retry-After`` for a retryable error."""
    return [(b"retry-after", b"%d" % error.retry_after)] if isinstance(error, Unavailable) else []


def envelope(error: RunyardException) -> bytes:
    """The JSON text of an error. What a client sent may be repeated in it, lone surrogates too: those are escaped."""
    wire = {key: _clean(value) for key, value in error.to_wire().items()}
    if request := request_id():
        wire["request_id"] = request
    return json.dumps(wire, ensure_ascii=False).encode()


def _clean(value: Any) -> Any:
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def unforeseen(error: Exception, what: str) -> RunyardException:
    """What a client learns of an unexpected error: an id. The log has the rest."""
    incident = incident_id()
    log.error("%s failed, incident %s", what, incident, exc_info=error)
    return RunyardException(f"Something went wrong on the server. Its log has the details under incident {incident}.")
