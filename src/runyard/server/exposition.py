"""``/metrics``: the server's numbers in Prometheus' formats; its library is imported when it is first asked for."""

import asyncio
import importlib
import logging
import threading
import time

from runyard.db.size import stored_bytes
from runyard.gate.gate import Gate
from runyard.http.answers import App, Receive, Scope, Send, refused_to_change
from runyard.http.guard import FIELDS
from runyard.server.metrics import Metrics
from runyard.server.settings import ServerSettings

log = logging.getLogger("runyard.server")

SIZE_SECONDS = 60.0
"""How long the size of the database is taken to be what it was."""
_LIMIT_SECONDS = 2.0


class Exposition:
    """Answers ``/metrics``; passes other requests on.

    Parameters
    ----------
    app: Serves everything else.
    settings: The server's settings.
    gate: Whose load is told.
    metrics: The numbers.
    """

    def __init__(self, app: App, settings: ServerSettings, gate: Gate, metrics: Metrics) -> None:
        self._app, self._path = app, f"{settings.static_prefix}/metrics"
        self._gate, self._metrics = gate, metrics
        self._size = _Size(gate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["path"] != self._path:
            await self._app(scope, receive, send)
            return
        if await refused_to_change(scope, send):
            return
        self._metrics.sample(self._gate)
        accepted = scope[FIELDS].get(b"accept", b"").decode("latin-1")
        body, kind = await asyncio.to_thread(self._text, accepted)
        headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _text(self, accepted: str) -> tuple[bytes, str]:
        families = importlib.import_module("runyard.server.families")
        found: tuple[bytes, str] = families.text(self._metrics, self._size.known(), accepted)
        return found


class _Size:
    """The size of the database, asked for on a thread of its own: no scrape waits for a database that is gone."""

    def __init__(self, gate: Gate) -> None:
        self._gate, self._asked = gate, -SIZE_SECONDS
        self._bytes: int | None = None
        self._lock = threading.Lock()

    def known(self) -> int | None:
        """The last known size; None when it cannot be told."""
        if time.monotonic() - self._asked >= SIZE_SECONDS and self._lock.acquire(blocking=False):
            self._asked = time.monotonic()
            asking = threading.Thread(target=self._ask, name="runyard-size", daemon=True)
            asking.start()
            asking.join(_LIMIT_SECONDS)
        return self._bytes

    def _ask(self) -> None:
        try:
            self._bytes = stored_bytes(self._gate.engines)
        except Exception as error:  # noqa: BLE001  (one number of many, and the outage is logged elsewhere)
            self._bytes = None
            log.info("the size of the database is not known: %s", error)
        finally:
            self._lock.release()
