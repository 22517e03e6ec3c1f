"""Assembles the server from its parts."""

import asyncio
import gc
import importlib
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any

from runyard.artifacts.addresses import local_path
from runyard.artifacts.locations import own_places
from runyard.db.facts import ARTIFACTS_DESTINATION, fact, note_fact
from runyard.db.transaction import Transaction
from runyard.exceptions import EndpointNotFound, InvalidParameter
from runyard.gate.gate import Gate
from runyard.http.access import Access, Served
from runyard.http.answers import INCIDENT, App, Receive, Scope, Send, send_error, unforeseen
from runyard.http.compression import Compression
from runyard.http.guard import Guard
from runyard.http.lifespan import Lifespan
from runyard.http.tracing import Traced, Tracing
from runyard.server.changes import Changes
from runyard.server.dispatch import Dispatch
from runyard.server.events import Events, SharedAnswers
from runyard.server.exposition import Exposition
from runyard.server.metrics import Metrics
from runyard.server.outages import ARTIFACTS, DatabaseOutage, Outage
from runyard.server.own_addresses import own_addresses
from runyard.server.plain_writes import PlainWrites
from runyard.server.readiness import Readiness
from runyard.server.removals import Removals
from runyard.server.settings import ServerSettings
from runyard.server.status import Status
from runyard.tracking.experiments.stages import finish_changes
from runyard.tracking.origins.silence import begin_serving


def open_gate(settings: ServerSettings) -> Gate:
    """Open the server's database.

    Raises
    ------
    SchemaOutdated: The database needs ``runyard db upgrade``, or is not ours.
    InvalidParameter: Artifacts cannot be kept where the settings say.
    """
    places = (
        *own_places(settings.destination, settings.artifact_root),
        *own_addresses(settings),
    )
    gate = Gate.open(
        settings.backend_store_uri,
        artifact_root=settings.artifact_root,
        artifact_places=places,
        read_seconds=settings.read_seconds,
    )
    if settings.serve_artifacts:
        try:
            _note_destination(gate, settings.destination)
        except BaseException:
            gate.close()
            raise
    gate.begin(finish_changes)
    begin_serving()
    return gate


def _note_destination(gate: Gate, destination: str) -> None:
    """Note in the store where artifacts are kept: `gc` removes files only there."""
    with gate.engines.reading.begin() as connection:
        noted = fact(Transaction(connection, gate.settings), ARTIFACTS_DESTINATION)
    if noted != destination:
        with gate.engines.writing.begin() as connection:
            note_fact(Transaction(connection, gate.settings), ARTIFACTS_DESTINATION, destination)
    folder = local_path(destination)
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise InvalidParameter(f"Artifacts cannot be kept in {destination}: {problem.strerror}.") from None


def create_app(settings: ServerSettings, gate: Gate | None = None, metrics: Metrics | None = None) -> App:
    """The server as an ASGI application.

    Parameters
    ----------
    settings: The server's settings.
    gate: An open gate, which the caller closes; without one the settings' database is opened, and closed when
        the ASGI server says that it ends.
    metrics: Numbers that this process shares with others of the same server; its own when left out.
    """
    opened = gate or open_gate(settings)
    opened.observers.append(DatabaseOutage().note)
    artifacts = Outage(ARTIFACTS)
    web = _Web(settings, opened, artifacts)
    app: App = Readiness(web, settings, artifacts)
    started: list[Callable[[], None]] = [web.warm]
    observers: list[Callable[[Served], None]] = []
    count_listeners: Callable[[int], None] = _uncounted
    if settings.metrics:
        counted = metrics or Metrics(1, settings.static_prefix)
        counted.begin(opened)
        app = Exposition(app, settings, opened, counted)
        started.append(partial(counted.watch, opened))
        observers.append(counted.note)
        count_listeners = counted.note_listeners
    changes = Changes(opened, count_listeners)
    opened.observers.append(changes.note)
    removals = Removals(opened, changes.note_removed)
    opened.observers.append(removals.note)
    started.append(removals.start)
    tracing = Tracing("runyard") if settings.tracing else None
    if tracing:
        started.append(tracing.start)

    def stopped() -> None:
        removals.close()
        if tracing:
            tracing.stop()
        if gate is None:
            opened.close()

    lifespan = Lifespan(started, stopped)
    dispatch = Dispatch(Status(Events(app, settings, changes), settings), opened, settings)
    guard = Guard(SharedAnswers(Compression(dispatch) if settings.compress else dispatch, settings), settings, lifespan)
    if tracing:
        return Access(Traced(guard, tracing, settings.static_prefix), observers)
    return PlainWrites(Access(guard, observers), guard, dispatch, settings)


def _uncounted(_listeners: int) -> None:
    """Note nothing, where nothing is counted."""


class _Web:
    """The web framework's half, built while the server already runs.

    Training scripts wait for a server to answer the API, and importing the framework takes longer than all the rest.
    """

    def __init__(self, settings: ServerSettings, gate: Gate, artifacts: Outage) -> None:
        self._settings, self._gate, self._artifacts = settings, gate, artifacts
        self._lock = threading.Lock()
        self._app: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        prefix = self._settings.static_prefix
        if not scope["path"].startswith(f"{prefix}/") and scope["path"] != prefix:
            await send_error(send, EndpointNotFound(f"Everything on this server is below {prefix}/."))
            return
        begun = False
        inner = {**scope, "root_path": prefix, "path": prefix + "/" if scope["path"] == prefix else scope["path"]}

        def noting(message: MutableMapping[str, Any]) -> Awaitable[None]:
            nonlocal begun
            begun = True
            return send(message)

        try:
            app = self._app or await asyncio.to_thread(self.build)
            await app(inner, receive, noting)
        except Exception as error:  # noqa: BLE001  (an edge: the client gets an id, the log gets the rest)
            if INCIDENT not in inner:
                failure = unforeseen(error, f"{scope['method']} {scope['path']}")
                if not begun:
                    await send_error(send, failure)

    def warm(self) -> None:
        """Build it in the background, so that the first page does not wait for it."""
        threading.Thread(target=self.build, name="runyard-web", daemon=True).start()

    def build(self) -> App:
        """Import and build it, once."""
        with self._lock:
            if self._app is None:
                self._app = importlib.import_module("runyard.server.web").create_web(
                    self._settings, self._gate, self._artifacts
                )
                gc.collect()
                gc.freeze()  # loaded modules stay: the garbage collector need not scan them again
        return self._app  # type: ignore[no-any-return]
