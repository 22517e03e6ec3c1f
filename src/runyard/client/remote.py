"""Sends messages to a server over HTTP, again when that is safe and may help."""

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
    can_heal,
    connection_pool,
    never_sent,
    reason_of,
)
from runyard.core.credentials import without_credentials
from runyard.core.http import answered_error, body_of, request_headers
from runyard.core.libraries import urllib3
from runyard.core.retries import backoff, longest_backoff, retry_after
from runyard.core.waiting import Waiting
from runyard.protocol.message import AnyMessage

RETRIED = frozenset((408, 429, 500, 502, 503, 504, 507))
NOT_TAKEN = frozenset((429, 502, 503))
"""Answers that say the message was not looked at, so that even one that must not be taken twice may be sent again."""
AWAY = frozenset((502, 503, 504))
"""Answers that say no server is there now."""
NOT_REPEATABLE = frozenset(
    (
        "create_run",
        "create_experiment",
        "create_registered_model",
        "create_model_version",
        "create_logged_model",
        "log_logged_model_params",
    )
)
"""A second one would make a second thing, or be told that the name is taken."""
LONGEST_PAUSE_ASKED_FOR = 120.0


class Failure(NamedTuple):
    """An attempt that brought no answer."""

    reason: str
    repeatable: bool
    pause: float = 0.0
    advice: str = "Check that the server runs and that the address is right."
    away: bool = False


class RemoteSender:
    """A server at an address.

    Attributes
    ----------
    uri: Its URL.
    address: Its URL, without credentials.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri.rstrip("/")
        self.address = without_credentials(self.uri)
        self._met = False
        """Did it ever answer?"""
        self._told = False
        """Was it said that it does not, since it last did?"""

    @cached_property
    def _pool(self) -> "urllib3.PoolManager":
        return connection_pool(self.uri)

    @property
    def patience(self) -> float:
        """About how many seconds a message is tried when nobody says how long."""
        tries = range(1, settings.HTTP_REQUEST_MAX_RETRIES.get() + 1)
        return sum(longest_backoff(attempt) for attempt in tries) / 2

    def after_fork(self) -> None:
        """Forget the parent's connections: two processes must not speak on one socket."""
        self.__dict__.pop("_pool", None)

    def close(self) -> None:
        """Close the connections."""
        pool = self.__dict__.pop("_pool", None)
        if pool is not None:
            pool.clear()

    def send(self, message: AnyMessage, patience: float | None = None, timeout: float | None = None) -> dict[str, Any]:
        """Send a message and return the answer.

        Parameters
        ----------
        patience: Try no more after so many seconds. When None by the number of retries; but a server that was never
            there is given up soon, unless that number was set: its address may be wrong.
        timeout: Seconds one attempt may take; as configured when None.

        Raises
        ------
        Unreachable: No answer, or "not now", each time.
        RestException: The server refused the message.
        """
        if patience is not None or self._told:
            return self._send(message, patience, timeout, lambda _: None)
        waiting = Waiting(self.address)
        if self._met:  # no thread for every message: what takes long then is told when an attempt has failed
            return self._send(message, None, timeout, waiting.say)
        with waiting:
            return self._send(message, None, timeout, waiting.say)

    @property
    def _is_first(self) -> bool:
        """Is this a server that was never there, and did nobody say how often to try?"""
        return not (self._met or settings.HTTP_REQUEST_MAX_RETRIES.is_set())

    def _send(
        self, message: AnyMessage, patience: float | None, timeout: float | None, tell: Callable[[str], None]
    ) -> dict[str, Any]:
        began, attempt = time.monotonic(), 0
        most = settings.HTTP_REQUEST_MAX_RETRIES.get()
        while True:
            answer = self._attempt(message, timeout or settings.HTTP_REQUEST_TIMEOUT.get())
            if isinstance(answer, dict):
                self._told = False
                return answer
            attempt += 1
            spent = time.monotonic() - began
            pause = max(answer.pause, backoff(attempt))
            limit = FIRST_CONTACT_SECONDS if patience is None and self._is_first else patience
            hopeless = attempt > most if limit is None else spent + pause > limit
            if hopeless or not answer.repeatable:
                tries = "once" if attempt == 1 else f"{attempt} times in {spent:.0f} s"
                raise Unreachable(
                    f"{self.address} did not take {message.operation.name}: {answer.reason} (tried {tries}). "
                    f"{answer.advice}",
                    retry_after=math.ceil(answer.pause),
                    away=answer.away,
                )
            if patience is None:
                tell(answer.reason)
                self._told = True
            time.sleep(pause)

    def _attempt(self, message: AnyMessage, timeout: float) -> dict[str, Any] | Failure:
        repeatable = message.operation.name not in NOT_REPEATABLE
        try:
            reply = self._request(message, timeout)
        except urllib3.exceptions.HTTPError as problem:
            again = (repeatable or never_sent(problem)) and can_heal(problem)
            return Failure(reason_of(problem), again, advice=advice_for(problem, self.uri), away=never_sent(problem))
        self._met = True
        body = body_of(reply.data)
        if reply.status in RETRIED:
            said = body.get("message", "") if isinstance(body, dict) else ""
            pause = retry_after(reply.headers.get("Retry-After", ""), LONGEST_PAUSE_ASKED_FOR)
            again = repeatable or reply.status in NOT_TAKEN
            away = reply.status in AWAY
            return Failure(f"it answered {reply.status} {said}".strip(), again, pause, away=away)
        if reply.status != 200 or not isinstance(body, dict):
            raise answered_error(body, reply.status, self.address)
        return body

    def _request(self, message: AnyMessage, timeout: float) -> "urllib3.BaseHTTPResponse":
        operation, fields = message.operation, message.to_wire()
        method, url, body = operation.methods[0], self.uri + operation.address(fields), None
        headers = request_headers(self.uri)
        if method == "GET":
            flags = {name: str(value).lower() for name, value in fields.items() if isinstance(value, bool)}
            url += "?" + urlencode(fields | flags, doseq=True)
        else:
            headers["Content-Type"] = "application/json"
            body = json.dumps(fields, separators=(",", ":")).encode()
        connect = CONNECT_SECONDS if self._met else FIRST_CONTACT_SECONDS
        return self._pool.request(
            method,
            url,
            body=body,
            headers=headers,
            timeout=urllib3.Timeout(connect=min(connect, timeout), read=timeout),
            # redirects are followed; everything else is ours to repeat
            retries=urllib3.Retry(total=None, connect=0, read=0, status=0, other=0, redirect=5),
        )
