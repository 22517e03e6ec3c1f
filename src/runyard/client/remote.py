"""Sends messages to a server over HTTP, with retries where they are safe and may help."""

import json
import math
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlencode

from runyard import settings
from runyard.client.errors import Unreachable
from runyard.core.connections import (
    CONNECT_SECONDS,
    FIRST_CONTACT_SECONDS,
    advice_for,
    connection_pool,
    is_on_this_machine,
    is_transient,
    never_sent,
    reason_of,
)
from runyard.core.credentials import without_credentials
from runyard.core.http import answered_error, body_of, request_headers
from runyard.core.libraries import urllib3
from runyard.core.retries import backoff, longest_backoff, retry_after
from runyard.core.wait_warning import WaitWarning
from runyard.protocol.message import AnyMessage

RETRYABLE_STATUSES = frozenset((408, 429, 500, 502, 503, 504, 507))
NOT_PROCESSED = frozenset((429, 502, 503))
"""Statuses that mean the message was not processed, so that even a non-idempotent one can be sent again."""
AWAY = frozenset((502, 503, 504))
"""Statuses that mean no server is there now."""
NOT_IDEMPOTENT = frozenset(
    (
        "create_run",
        "create_experiment",
        "create_registered_model",
        "create_model_version",
        "create_logged_model",
        "log_logged_model_params",
    )
)
"""Operations that, sent twice, would create a second object or fail because the name is taken."""
MAX_RETRY_AFTER = 120.0
"""Seconds: a longer ``Retry-After`` is cut to this."""

Read = Callable[[bytes], Any]
"""Makes something of an answer's bytes: a text where another program than a tracking server gave them."""


class Failure(NamedTuple):
    """An attempt without a usable answer."""

    reason: str
    retryable: bool
    pause: float = 0.0
    advice: str = "Check that the server runs and that the address is right."
    away: bool = False


class RemoteTransport:
    """A server at an address.

    Attributes
    ----------
    uri: Its URL.
    address: Its URL, without credentials.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri.rstrip("/")
        self.address = without_credentials(self.uri)
        self._packed = {} if is_on_this_machine(self.uri) else {"Accept-Encoding": "gzip"}
        self._has_answered = False
        """Whether it ever answered."""
        self._warned = False
        """Whether a warning was logged since its last answer."""

    @cached_property
    def _pool(self) -> "urllib3.PoolManager":
        return connection_pool(self.uri)

    @property
    def default_timeout(self) -> float:
        """About how many seconds a message is tried when no timeout is given."""
        tries = range(1, settings.HTTP_REQUEST_MAX_RETRIES.get() + 1)
        return sum(longest_backoff(attempt) for attempt in tries) / 2

    def after_fork(self) -> None:
        """Forget the parent's connections: two processes must not share a socket."""
        self.__dict__.pop("_pool", None)

    def close(self) -> None:
        """Close the connections."""
        pool = self.__dict__.pop("_pool", None)
        if pool is not None:
            pool.clear()

    def send(
        self, message: AnyMessage, timeout: float | None = None, attempt_timeout: float | None = None
    ) -> dict[str, Any]:
        """Send a message and return the answer.

        Parameters
        ----------
        timeout: Seconds after which the message is not tried again. When None, the number of retries decides; but a
            server that has never answered is given up soon unless that number was set: its address may be wrong.
        attempt_timeout: Maximum number of seconds for one attempt; as configured when None.

        Raises
        ------
        Unreachable: No attempt was answered, or the server cannot serve now.
        RestException: The server rejected the message.
        """
        answer: dict[str, Any] = self._sent(message, timeout, attempt_timeout, body_of)
        return answer

    def ask_text(self, message: AnyMessage) -> bytes:
        """Send a message and return the JSON text of its answer.

        Raises
        ------
        Unreachable, RestException: As of `send`.
        """
        text: bytes = self._sent(message, None, None, _text_of)
        return text

    def _sent(self, message: AnyMessage, timeout: float | None, attempt_timeout: float | None, read: Read) -> Any:
        if timeout is not None or self._warned:
            return self._send(message, timeout, attempt_timeout, read, lambda _: None)
        waiting = WaitWarning(self.address)
        if self._has_answered:  # a timer thread only for the first message: later, a failed attempt warns
            return self._send(message, None, attempt_timeout, read, waiting.warn)
        with waiting:
            return self._send(message, None, attempt_timeout, read, waiting.warn)

    @property
    def _is_first_contact(self) -> bool:
        """Whether this server never answered and no number of retries is configured."""
        return not (self._has_answered or settings.HTTP_REQUEST_MAX_RETRIES.is_set())

    def _send(
        self,
        message: AnyMessage,
        timeout: float | None,
        attempt_timeout: float | None,
        read: Read,
        warn: Callable[[str], None],
    ) -> Any:
        began, attempt = time.monotonic(), 0
        most = settings.HTTP_REQUEST_MAX_RETRIES.get()
        while True:
            answer = self._attempt(message, attempt_timeout or settings.HTTP_REQUEST_TIMEOUT.get(), read)
            if not isinstance(answer, Failure):
                self._warned = False
                return answer
            attempt += 1
            spent = time.monotonic() - began
            pause = max(answer.pause, backoff(attempt))
            limit = FIRST_CONTACT_SECONDS if timeout is None and self._is_first_contact else timeout
            exhausted = attempt > most if limit is None else spent + pause > limit
            if exhausted or not answer.retryable:
                tries = "once" if attempt == 1 else f"{attempt} times in {spent:.0f} s"
                raise Unreachable(
                    f"{self.address} did not take {message.operation.name}: {answer.reason} (tried {tries}). "
                    f"{answer.advice}",
                    retry_after=math.ceil(answer.pause),
                    away=answer.away,
                )
            if timeout is None:
                warn(answer.reason)
                self._warned = True
            time.sleep(pause)

    def _attempt(self, message: AnyMessage, timeout: float, read: Read) -> Any:
        retryable = message.operation.name not in NOT_IDEMPOTENT
        try:
            reply = self._request(message, timeout)
        except urllib3.exceptions.HTTPError as problem:
            again = (retryable or never_sent(problem)) and is_transient(problem)
            return Failure(reason_of(problem), again, advice=advice_for(problem, self.uri), away=never_sent(problem))
        self._has_answered = True
        body = read(reply.data) if reply.status == 200 else body_of(reply.data)
        if reply.status in RETRYABLE_STATUSES:
            said = body.get("message", "") if isinstance(body, dict) else ""
            pause = retry_after(reply.headers.get("Retry-After", ""), MAX_RETRY_AFTER)
            again = retryable or reply.status in NOT_PROCESSED
            away = reply.status in AWAY
            return Failure(f"it answered {reply.status} {said}".strip(), again, pause, away=away)
        if reply.status != 200 or not isinstance(body, dict | bytes):
            raise answered_error(body, reply.status, self.address)
        return body

    def _request(self, message: AnyMessage, timeout: float) -> "urllib3.BaseHTTPResponse":
        operation, fields = message.operation, message.to_wire()
        method, url, body = operation.methods[0], self.uri + operation.address(fields), None
        headers = {**self._packed, **request_headers(self.uri)}
        if method == "GET":
            flags = {name: str(value).lower() for name, value in fields.items() if isinstance(value, bool)}
            url += "?" + urlencode(fields | flags, doseq=True)
        else:
            headers["Content-Type"] = "application/json"
            body = json.dumps(fields, separators=(",", ":")).encode()
        connect = CONNECT_SECONDS if self._has_answered else FIRST_CONTACT_SECONDS
        return self._pool.request(
            method,
            url,
            body=body,
            headers=headers,
            timeout=urllib3.Timeout(connect=min(connect, timeout), read=timeout),
            # redirects are followed; all other retries are ours
            retries=urllib3.Retry(total=None, connect=0, read=0, status=0, other=0, redirect=5),
        )


def _text_of(data: bytes) -> Any:
    """The answer as it came, if it is a JSON object for all that its ends tell."""
    return data if data[:1] == b"{" and data[-1:] == b"}" else body_of(data)
