"""``/events``: one connection on which a page hears that what it shows has changed; and the answers it then asks for.

The page asks for itself again with the generation that it heard of. All who heard of the same one and look at the same
view get the same bytes: a hundred viewers of a table cost one rendering.
"""

import asyncio
import json
import re
from collections import OrderedDict
from collections.abc import Collection, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from runyard.exceptions import InvalidParameter, RunyardException, Unavailable
from runyard.http.answers import App, Receive, Scope, Send, refused_to_change, send_error
from runyard.http.guard import FIELDS
from runyard.http.process import AT_END, ENDING
from runyard.server.artifact_paths import written_run
from runyard.server.changes import Changes, Listener, Watch
from runyard.server.settings import ServerSettings

MOST_WATCHED = 200
"""Experiments or runs that one connection may name."""
RETRY_MS = 3000
"""After how long a browser opens a lost connection again."""
LIVE = b"x-runyard-live"
"""Header with the generation that a page heard of."""

_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),  # nginx would keep the first events back until it has a few kilobytes
]
_GENERATION = re.compile(rb"[0-9a-f]{1,16}-[0-9]{1,16}")
_MOST_KEPT, _LARGEST = 64, 2**20


class Events:
    """Answers ``/events``; passes other requests on.

    Parameters
    ----------
    app: Serves everything else.
    settings: The server's settings.
    changes: Tells what changes.
    """

    def __init__(self, app: App, settings: ServerSettings, changes: Changes) -> None:
        self._app, self._path = app, f"{settings.static_prefix}/events"
        self._changes, self._most = changes, settings.limits.event_streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["path"] != self._path:
            run_id = written_run(scope["method"], scope["path"], scope["query_string"]) if self._changes else None
            await self._app(scope, receive, send if run_id is None else self._noting(run_id, send))
            return
        if await refused_to_change(scope, send):
            return
        try:
            listener = Listener(self._watch(scope))
        except RunyardException as error:
            await send_error(send, error)
        else:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            if scope["method"] == "GET":
                await self._stream(listener, scope, receive, send)
            await send({"type": "http.response.body", "body": b""})

    def _noting(self, run_id: str, send: Send) -> Send:
        """Sends an answer, and tells those who watch the run that its files have changed, if that was done."""

        async def noted(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start" and message["status"] < 300:
                self._changes.note_files(run_id)
            await send(message)

        return noted

    def _watch(self, scope: Scope) -> Watch:
        if scope.get("state", {}).get(ENDING):
            raise Unavailable("The server was asked to end.")
        if len(self._changes) >= self._most:
            raise Unavailable(
                f"{self._most} pages listen to this process already. Load the page again to see changes.",
                retry_after=60,
            )
        return watched(scope["query_string"])

    async def _stream(self, listener: Listener, scope: Scope, receive: Receive, send: Send) -> None:
        ends = scope.get("state", {}).get(AT_END)
        if ends is not None and self._changes.end not in ends:
            ends.append(self._changes.end)
        gone = asyncio.create_task(_until_gone(receive))
        gone.add_done_callback(lambda _: listener.end())
        self._changes.add(listener)
        try:
            greeting = {"generation": self._changes.generation, "quiet": round(self._changes.quiet_seconds, 3)}
            await send(_part(b"retry: %d\n" % RETRY_MS + _event("hello", greeting)))
            while (news := await listener.news()) is not None:
                generation, changed = news
                await send(_part(_change(generation, changed) if generation else _event("beat", {})))
        finally:
            self._changes.remove(listener)
            gone.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def watched(query: bytes) -> Watch:
    """What the query of an address names: ``experiments=1,2`` and ``runs=…``.

    Raises
    ------
    InvalidParameter: It names nothing, or too much.
    """
    fields = parse_qs(query.decode("latin-1"))
    experiments, runs = (
        frozenset(part for value in fields.get(name, ()) for part in value.split(",") if part)
        for name in ("experiments", "runs")
    )
    count = len(experiments) + len(runs)
    if not 0 < count <= MOST_WATCHED:
        raise InvalidParameter(
            f"The address names {count} experiments and runs; name 1 to {MOST_WATCHED}, as in ?experiments=1,2."
        )
    return Watch(experiments, runs)


def _change(generation: str, changed: Collection[str] | None) -> bytes:
    return _event("change", {"generation": generation, "runs": None if changed is None else sorted(changed)})


def _event(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def _part(text: bytes) -> MutableMapping[str, Any]:
    return {"type": "http.response.body", "body": text, "more_body": True}


class SharedAnswers:
    """Makes the answer that many pages ask for after the same news once.

    Parameters
    ----------
    app: Makes answers.
    settings: The server's settings.
    """

    def __init__(self, app: App, settings: ServerSettings) -> None:
        self._app = app
        prefix = re.escape(settings.static_prefix)
        self._shown = re.compile(
            rf"{prefix}/(experiments/[^/.]+|runs(/[^/.]+(/(system|output|artifacts))?)?|compare|metric)"
        )
        self._kept: OrderedDict[tuple[Any, ...], asyncio.Task[_Answer]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        generation = scope[FIELDS].get(LIVE) if scope["method"] == "GET" else None
        if generation is None or not _GENERATION.fullmatch(generation) or not self._shown.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        fields = scope[FIELDS]
        names = (b"accept-encoding", b"host", b"cookie", b"authorization", b"origin")
        key = (generation, scope["path"], scope["query_string"], *(fields.get(name) for name in names))
        making = self._kept.get(key)
        if making is None:
            making = self._kept[key] = asyncio.create_task(_made(self._app, scope))
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        try:
            answer = await asyncio.shield(making)
        except BaseException:
            self._kept.pop(key, None)
            raise
        if answer.status != 200 or len(answer.body) > _LARGEST:
            self._kept.pop(key, None)
        headers = list(answer.headers)
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})


class _Answer:
    def __init__(self) -> None:
        self.status, self.headers, self.body = 0, [(b"", b"")], b""

    async def take(self, message: MutableMapping[str, Any]) -> None:
        """Take a part of it."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], message.get("headers", [])
        else:
            self.body += message.get("body", b"")


async def _made(app: App, scope: Scope) -> _Answer:
    """The whole answer, even when the client that asked first is gone meanwhile."""
    answer = _Answer()
    await app({**scope}, _nothing_more, answer.take)
    return answer


async def _nothing_more() -> MutableMapping[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}
