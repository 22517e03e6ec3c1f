"""Readiness: whether this process can serve now, for load balancers that ask every second."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import sqlalchemy as sa

from runyard.artifacts.locations import own_places, server_repository
from runyard.db.engine import Engines, open_engines
from runyard.db.faults import cannot_open, translated
from runyard.db.schema import HEAD, version
from runyard.exceptions import Conflict, RunyardException
from runyard.http.answers import App, Receive, Scope, Send, refused_to_change, send_json
from runyard.http.process import ENDING
from runyard.server.outages import Outage
from runyard.server.settings import ServerSettings

LIMIT_SECONDS = 2.0
"""How long the database and the store of artifacts may take to answer."""
DATABASE_SECONDS, ARTIFACTS_SECONDS, FAILURE_SECONDS = 1.0, 5.0, 1.0
"""How long it is taken for granted that they answer, and that they do not."""

Outcome = tuple[bool, str]
"""Whether it answers, and what there is to say about it."""


class Readiness:
    """Answers ``/ready``: 200 when the database has our schema and artifacts can be kept, and 503 otherwise.

    It asks on connections of its own, at most once a second. ``?verbose`` says what is wrong.

    Parameters
    ----------
    app: Serves everything else.
    settings: The server's settings.
    artifacts: Hears whether the store of artifacts answers.
    """

    def __init__(self, app: App, settings: ServerSettings, artifacts: Outage) -> None:
        self._app, self._path, self._artifacts = app, settings.static_prefix + "/ready", artifacts
        engines = open_engines(settings.backend_store_uri)
        self._parts = [_Part("database", lambda: _look_at_database(engines), DATABASE_SECONDS)]
        if settings.serve_artifacts:
            repository = server_repository(own_places(settings.destination, settings.artifact_root)[0])
            self._parts.append(_Part("artifacts", repository.reach, ARTIFACTS_SECONDS, self._note_artifacts))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["path"] != self._path:
            await self._app(scope, receive, send)
        elif not await refused_to_change(scope, send):
            outcomes = dict(
                zip(
                    [part.name for part in self._parts],
                    await asyncio.gather(*(part.outcome() for part in self._parts)),
                    strict=True,
                )
            )
            if scope.get("state", {}).get(ENDING):
                outcomes["server"] = False, "The server was asked to end."
            answer = _answer(outcomes, verbose=scope["query_string"].partition(b"=")[0] == b"verbose")
            ready = all(fine for fine, _ in outcomes.values())
            await send_json(send, 200 if ready else 503, answer, [(b"cache-control", b"no-store")])

    def _note_artifacts(self, fine: bool, message: str) -> None:
        if fine:
            self._artifacts.end()
        else:
            self._artifacts.begin("/ready", message)


def _answer(outcomes: dict[str, Outcome], *, verbose: bool) -> bytes:
    failing = [name for name, (fine, _) in outcomes.items() if not fine]
    answer: dict[str, object] = {"ready": not failing, "failing": failing}
    if verbose:
        answer["checks"] = [
            {"name": name, "ready": fine, "message": message} for name, (fine, message) in outcomes.items()
        ]
    return json.dumps(answer).encode()


class _Part:
    """Something the server needs. It is looked at on a thread, which may hang, and on one at a time.

    Parameters
    ----------
    seconds: How long it is taken for granted that it answers.
    note: Called once with each outcome that is news, and not again while that is taken for granted.
    """

    def __init__(
        self, name: str, look: Callable[[], str], seconds: float, note: Callable[[bool, str], None] | None = None
    ) -> None:
        self.name, self._look, self._seconds, self._note = name, look, seconds, note
        self._noted: Outcome | None = None
        self._looking: asyncio.Future[Outcome] | None = None
        self._began = 0.0

    async def outcome(self) -> Outcome:
        """The outcome of the last look, or of a new one when that is too old."""
        now = time.monotonic()
        if self._looking is None or (self._looking.done() and now >= self._began + self._kept(self._looking.result())):
            loop = asyncio.get_running_loop()
            self._looking, self._began, self._noted = loop.create_future(), now, None
            threading.Thread(target=self._work, args=(loop, self._looking), name="runyard-ready", daemon=True).start()
        await asyncio.wait([self._looking], timeout=max(self._began + LIMIT_SECONDS - now, 0))
        late = False, f"There was no answer within {LIMIT_SECONDS:g} seconds."
        found = self._looking.result() if self._looking.done() else late
        if self._note is not None and found != self._noted:
            self._noted = found
            self._note(*found)
        return found

    def _kept(self, outcome: Outcome) -> float:
        return self._seconds if outcome[0] else FAILURE_SECONDS

    def _work(self, loop: asyncio.AbstractEventLoop, looking: "asyncio.Future[Outcome]") -> None:
        try:
            outcome = True, self._look()
        except Exception as error:  # noqa: BLE001  (whatever it is, the server is not ready)
            known = error if isinstance(error, RunyardException) else cannot_open(error) or translated(error)
            outcome = False, known.message if known else f"It failed with {type(error).__name__}."
        with suppress(RuntimeError):  # the loop was closed
            loop.call_soon_threadsafe(looking.set_result, outcome)


def _look_at_database(engines: Engines) -> str:
    """Read the schema's version, on a new connection.

    A newer version than ours is right: servers go on while the database is upgraded for the next ones.
    """
    try:
        with engines.reading.begin() as connection:
            found = str(connection.execute(sa.select(version.c.version_num)).scalar_one())
    finally:
        engines.dispose()
    if found < HEAD:
        raise Conflict(f"The database has schema version {found!r} and this program needs {HEAD!r}.")
    return f"The database has schema version {found}."
