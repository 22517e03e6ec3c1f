"""The outermost layer: checks of Host and Origin, and the security headers of every answer.

A page anywhere on the web can make its reader's browser send requests here. What it cannot do is choose the Host header
freely and the Origin header at all; so both are compared exactly, on every path.
"""

from collections.abc import Awaitable, MutableMapping
from typing import Any

from runyard.exceptions import BadRequest, PermissionDenied, RunyardException
from runyard.http.answers import JSON_TYPE, App, Headers, Receive, Scope, Send, send_error
from runyard.http.hosts import HostRules, check_origins
from runyard.http.lifespan import Lifespan
from runyard.http.settings import HttpSettings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FIELDS = "runyard.fields"
"""Key of the request's headers as a dictionary, in the scope that inner layers see."""

_SINGLE = frozenset({b"host", b"origin", b"content-type", b"content-encoding", b"sec-fetch-site", b"authorization"})
_CSP = (
    b"default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
    b"base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
_ALLOWED_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
_ALLOWED_HEADERS = b"Authorization, Content-Type, Content-Encoding, If-None-Match, Range"


class Guard:
    """Checks Host, Origin and fetch metadata, and adds security headers.

    Parameters
    ----------
    app: What is guarded.
    settings: The server's settings.
    lifespan: Answers the ASGI server's start and stop messages.

    Attributes
    ----------
    always: The headers that every answer gets.
    """

    def __init__(self, app: App, settings: HttpSettings, lifespan: Lifespan) -> None:
        self._app, self._lifespan = app, lifespan
        self._checked = not settings.disable_security_middleware
        self._rules = HostRules.of(settings)
        self._origins = check_origins(settings.cors_allowed_origins)
        self._open = frozenset(settings.static_prefix + path for path in ("/health", "/ready", "/version"))
        self.always: Headers = [
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
            (b"vary", b"Origin"),
        ]
        if settings.x_frame_options != "NONE":
            self.always.append((b"x-frame-options", settings.x_frame_options.encode()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the server's start and stop."""
        if scope["type"] != "http":
            await self._lifespan(scope, receive, send)
            return
        headers = scope["headers"]
        fields = scope.get(FIELDS)
        if fields is None:
            fields = scope[FIELDS] = dict(headers)
        origin = fields.get(b"origin")
        secured = self._securing(send, origin)
        if self._checked:
            refusal = self._refusal(scope, headers, fields, origin)
            if refusal is not None:
                await send_error(secured, refusal)
                return
        if origin is not None and scope["method"] == "OPTIONS" and b"access-control-request-method" in fields:
            await _preflight(secured, origin in self._origins)
            return
        await self._app(scope, receive, secured)

    def knows(self, scope: Scope) -> bool:
        """Whether a request whose headers are none of a browser's is sent to one of our hosts."""
        return not self._checked or self._rules.accept(scope[FIELDS].get(b"host"), scope.get("server"))

    def _refusal(
        self, scope: Scope, headers: Headers, fields: dict[bytes, bytes], origin: bytes | None
    ) -> RunyardException | None:
        host = fields.get(b"host")
        if len(fields) != len(headers) and (twice := _repeated(headers)):
            return BadRequest(f"The header {twice.decode()!r} is given twice. Send it once.")
        known = host in self._rules.exact or scope["path"] in self._open
        if not known and not self._rules.accept(host, scope.get("server")):
            return _foreign_host(host)
        if scope["method"] in SAFE_METHODS:
            return None
        if origin is not None and not self._is_ours(origin, host):
            return _foreign_origin(origin)
        if fields.get(b"sec-fetch-site") == b"cross-site" and origin not in self._origins:
            return PermissionDenied(
                "The request was sent by a page of another site, which may not change anything here."
            )
        return None

    def _is_ours(self, origin: bytes, host: bytes | None) -> bool:
        """Whether it is the origin of our own pages, or one the operator named."""
        if origin in self._origins:
            return True
        scheme, separator, authority = origin.partition(b"://")
        return bool(separator) and scheme in (b"http", b"https") and host is not None and authority == host.lower()

    def _securing(self, send: Send, origin: bytes | None) -> Send:
        cors: Headers = []
        if origin is not None and origin in self._origins:
            cors = [(b"access-control-allow-origin", origin), (b"access-control-allow-credentials", b"true")]

        def secured(message: MutableMapping[str, Any]) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                message["headers"] = self._with_ours(message.get("headers", ()), cors)
            return send(message)

        return secured

    def _with_ours(self, headers: Headers, cors: Headers) -> Headers:
        """The answer's headers with ours; what an inner layer set more strictly stays."""
        if len(headers) == 2 and headers[0] is JSON_TYPE and not cors:  # most are so, and the other is the length
            return [*headers, *self.always]
        present = dict(headers)
        complete = [*headers, *cors]
        for pair in self.always:
            if pair[0] not in present or pair[0] == b"vary":
                complete.append(pair)
        if present.get(b"content-type", b"").startswith(b"text/html") and b"content-security-policy" not in present:
            complete.append((b"content-security-policy", _CSP))
        return complete


async def _preflight(send: Send, allowed: bool) -> None:
    """Answer a CORS preflight request."""
    if not allowed:
        await send_error(send, PermissionDenied("Pages of this origin may not use this server."))
        return
    headers: Headers = [
        (b"access-control-allow-methods", _ALLOWED_METHODS),
        (b"access-control-allow-headers", _ALLOWED_HEADERS),
        (b"access-control-max-age", b"600"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _repeated(headers: Headers) -> bytes | None:
    """A header that must be unique and was sent twice."""
    seen: set[bytes] = set()
    for name, _ in headers:
        if name in seen:
            return name
        if name in _SINGLE:
            seen.add(name)
    return None


def _foreign_host(host: bytes | None) -> RunyardException:
    if host is None:
        return BadRequest("The request has no Host header.")
    shown = host[:100].decode("ascii", "backslashreplace")
    return PermissionDenied(
        f"Host {shown!r} is not one this server answers to. If it should be, start it with --allowed-hosts {shown}."
    )


def _foreign_origin(origin: bytes) -> RunyardException:
    shown = origin[:100].decode("ascii", "backslashreplace")
    return PermissionDenied(
        f"Pages of origin {shown!r} may not change anything here. "
        "If this one should, start the server with --cors-allowed-origins."
    )
