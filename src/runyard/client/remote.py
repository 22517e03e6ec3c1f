"""Sends messages to a server over HTTP, again when that is safe and may help."""

import json
import os
import random
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from runyard import settings
from runyard.client.errors import Unreachable
from runyard.core.http import answered_error, connection_pool, request_headers, without_credentials
from runyard.protocol.message import Message

if TYPE_CHECKING:
    import urllib3

RETRIED = frozenset((408, 429, 500, 502, 503, 504))
LONGEST_PAUSE = 30.0
NOT_REPEATABLE = frozenset(("create_run", "create_experiment"))
"""Sent once more only when the server certainly did not take them: a second one would make a second thing."""


class RemoteSender:
    """A server at an address.

    Attributes
    ----------
    address: Its URL, without credentials.
    """

    def __init__(self, uri: str) -> None:
        self._uri = uri.rstrip("/")
        self.address = without_credentials(self._uri)
        self._process_id = os.getpid()

    @cached_property
    def _pool(self) -> "urllib3.PoolManager":
        return connection_pool()

    def after_fork(self) -> None:
        """Forget the parent's connections: two processes must not speak on one socket."""
        self.__dict__.pop("_pool", None)

    def send(self, message: Message, patience: float | None = None) -> dict[str, Any]:
        """Send a message and return the answer.

        Parameters
        ----------
        patience: Give up after so many seconds; by the number of retries when None.

        Raises
        ------
        Unreachable: No answer, or "not now", each time.
        RestException: The server refused the message.
        """
        began, attempt = time.monotonic(), 0
        most = settings.HTTP_REQUEST_MAX_RETRIES.get()
        while True:
            problem, pause, repeatable = self._attempt(message)
            if isinstance(problem, dict):
                return problem
            attempt += 1
            spent = time.monotonic() - began
            pause = max(pause, self._pause(attempt))
            hopeless = attempt > most if patience is None else spent + pause > patience
            if hopeless or not repeatable:
                raise Unreachable(
                    f"{self.address} could not take the message: {problem} (tried {attempt} times in {spent:.0f} s). "
                    "Check that the server runs and that the address is right."
                )
            time.sleep(pause)

    def _pause(self, attempt: int) -> float:
        longest = min(LONGEST_PAUSE, settings.HTTP_REQUEST_BACKOFF_FACTOR.get() * 2 ** (attempt - 2))
        return float(longest * (1 - settings.HTTP_REQUEST_BACKOFF_JITTER.get() * random.random()))

    def _attempt(self, message: Message) -> tuple[dict[str, Any] | str, float, bool]:
        """The answer; or what went wrong, how long the server asks us to wait, and whether trying again is safe."""
        import urllib3  # noqa: PLC0415  (loaded by the first request)

        repeatable = message.operation.name not in NOT_REPEATABLE
        try:
            reply = self._request(message)
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as problem:
            return _reason(problem), 0.0, True
        except urllib3.exceptions.HTTPError as problem:
            return _reason(problem), 0.0, repeatable
        body = _decoded(reply.data)
        if reply.status in RETRIED:
            said = body.get("message", "") if isinstance(body, dict) else ""
            waits = reply.headers.get("Retry-After", "")
            refused = reply.status in (429, 503)
            return f"it answered {reply.status} {said}".strip(), _seconds(waits), repeatable or refused
        if reply.status != 200:
            raise answered_error(body, reply.status, self.address)
        if not isinstance(body, dict):
            raise answered_error(f"no JSON object, {reply.data[:100]!r}", 200, self.address)
        return body, 0.0, True

    def _request(self, message: Message) -> "urllib3.BaseHTTPResponse":
        operation, fields = message.operation, message.to_wire()
        url, sent = self._uri + operation.main_path, request_headers()
        timeout = settings.HTTP_REQUEST_TIMEOUT.get()
        if operation.methods[0] == "GET":
            query = urlencode(fields, doseq=True)
            return self._pool.request("GET", f"{url}?{query}", headers=sent, timeout=timeout, retries=False)
        sent["Content-Type"] = "application/json"
        body = json.dumps(fields, separators=(",", ":")).encode("utf-8", "surrogatepass")
        return self._pool.request(operation.methods[0], url, body=body, headers=sent, timeout=timeout, retries=False)


def _decoded(data: bytes) -> Any:
    if not data:
        return {}
    try:
        return json.loads(data)
    except ValueError:
        return data.decode("utf-8", "replace")


def _seconds(text: str) -> float:
    return min(float(text), LONGEST_PAUSE) if text.isdigit() else 0.0


def _reason(problem: Exception) -> str:
    """The problem in words, without the repr of a connection object."""
    return str(problem).rpartition(": ")[2] or type(problem).__name__
