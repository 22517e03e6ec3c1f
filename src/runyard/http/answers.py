"""JSON answers, sent without a framework: the error envelope, and the hot path's 200."""

import json
import logging
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from runyard.exceptions import RunyardException, Unavailable

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


async def send_error(send: Send, error: RunyardException, headers: Headers | None = None) -> None:
    """Send an error in its envelope."""
    extra = [*(headers or ()), *retry_headers(error)]
    await send_json(send, error.http_status, envelope(error), extra)


def retry_headers(error: RunyardException) -> Headers:
    """``Retry-After`` for a retryable error."""
    return [(b"retry-after", b"%d" % error.retry_after)] if isinstance(error, Unavailable) else []


def envelope(error: RunyardException) -> bytes:
    """The JSON text of an error. What a client sent may be repeated in it, lone surrogates too: those are escaped."""
    wire = {key: _clean(value) for key, value in error.to_wire().items()}
    return json.dumps(wire, ensure_ascii=False).encode()


def _clean(value: Any) -> Any:
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def unforeseen(error: Exception, what: str) -> RunyardException:
    """What a client learns of an unexpected error: an id. The log has the rest."""
    incident = uuid.uuid4().hex[:12]
    log.error("%s failed, incident %s", what, incident, exc_info=error)
    return RunyardException(f"Something went wrong on the server. Its log has the details under incident {incident}.")
