"""Artifacts over HTTP: the proxy that clients transfer files through, and a run's files for a browser.

Files are streamed both ways in pieces, on threads, so that neither memory nor the event loop feels their size.
"""

import asyncio
import mimetypes
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import APIRouter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from runyard.artifacts.locations import open_location, own_folders
from runyard.artifacts.paths import joined, safe_path
from runyard.artifacts.store import ArtifactStore, LocalArtifactStore, StoredFile, Upload
from runyard.exceptions import InvalidParameter, NotImplementedHere, PayloadTooLarge, RangeNotSatisfiable, Unavailable
from runyard.protocol.gate import Gate
from runyard.server.settings import ServerSettings
from runyard.tracking.runs.messages import GetRun

PIECE = 1 << 20
BROWSER_UPLOAD = 10 * 2**20
PROXY_ROOTS = ("/api/2.0/mlflow-artifacts", "/ajax-api/2.0/mlflow-artifacts")
INERT = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
"""Whatever a file claims to be, no script in it runs in our origin."""

_TEXT_NAMES = frozenset(("MLmodel", "MLproject", "Dockerfile", "requirements.txt"))
_TEXT_ENDINGS = frozenset(
    "txt log err cfg conf cnf ini properties prop toml yaml yml json jsonl js py csv tsv md rst sh sql xml".split()
)
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")

Handler = Callable[[Request], Awaitable[Response]]


def artifact_router(settings: ServerSettings, gate: Gate) -> APIRouter:
    """The routes of artifacts."""
    router = APIRouter(tags=["artifacts"])
    routes = _Routes(settings, gate)
    for root in PROXY_ROOTS:
        hidden = {"include_in_schema": root == PROXY_ROOTS[0]}
        for path, method, handler in (
            ("/artifacts", "GET", routes.list),
            ("/artifacts/{path:path}", "GET", routes.download),
            ("/artifacts/{path:path}", "PUT", routes.upload),
            ("/artifacts/{path:path}", "DELETE", routes.delete),
            ("/mpu/{action}/{path:path}", "POST", routes.multipart),
            ("/presigned/{path:path}", "GET", routes.multipart),
        ):
            guarded = routes.when_served(handler)
            router.add_api_route(f"{root}{path}", guarded, methods=[method], response_class=Response, **hidden)  # type: ignore[arg-type]
    router.add_api_route("/get-artifact", routes.download_of_run, methods=["GET"], response_class=Response)
    router.add_api_route(
        "/ajax-api/2.0/mlflow/upload-artifact", routes.upload_to_run, methods=["POST"], response_class=Response
    )
    return router


class _Routes:
    def __init__(self, settings: ServerSettings, gate: Gate) -> None:
        self._settings, self._gate = settings, gate
        self._store: ArtifactStore = LocalArtifactStore(own_folders(settings.destination, settings.artifact_root)[0])

    def when_served(self, handler: Handler) -> Handler:
        """The handler, or a refusal when the server was started without its proxy."""

        async def serve(request: Request) -> Response:
            if not self._settings.serve_artifacts:
                raise Unavailable("This server was started with --no-serve-artifacts: it transfers no artifacts.")
            return await handler(request)

        serve.__name__, serve.__doc__ = handler.__name__, handler.__doc__
        return serve

    async def list(self, request: Request) -> Response:
        """What lies directly in a folder of the server's store."""
        path = safe_path(request.query_params.get("path"))
        found = await asyncio.to_thread(self._store.list, path)
        files = [{**info.to_wire(), "path": info.path.rpartition("/")[2]} for info in found]
        return _json({"files": files} if files else {})

    async def download(self, request: Request) -> Response:
        """A file of the server's store, or a part of it."""
        return await _download(self._store, request.path_params["path"], request)

    async def upload(self, request: Request) -> Response:
        """Store a file. It appears whole, or not at all."""
        upload = await asyncio.to_thread(self._store.upload, request.path_params["path"])
        await _receive(upload, request, None)
        return Response()

    async def delete(self, request: Request) -> Response:
        """Remove a file, or a folder with all it holds."""
        await asyncio.to_thread(self._store.delete, request.path_params["path"])
        return _json({})

    async def multipart(self, request: Request) -> Response:
        """Uploads in parts and signed addresses: only stores of objects have them."""
        raise NotImplementedHere("This server keeps artifacts in a folder, which takes no uploads in parts. Use PUT.")

    async def download_of_run(self, request: Request) -> Response:
        """A file of a run, or a part of it."""
        store, root = await self._of_run(request)
        path = safe_path(request.query_params.get("path"))
        if not path:
            raise InvalidParameter("Missing value for required parameter 'path'.")
        return await _download(store, joined(root, path), request)

    async def upload_to_run(self, request: Request) -> Response:
        """Store a small file with a run."""
        store, root = await self._of_run(request)
        path = safe_path(request.query_params.get("path"))
        if not path:
            raise InvalidParameter("Missing value for required parameter 'path'.")
        upload = await asyncio.to_thread(store.upload, joined(root, path))
        await _receive(upload, request, BROWSER_UPLOAD)
        return Response()

    async def _of_run(self, request: Request) -> tuple[ArtifactStore, str]:
        query = request.query_params
        message = GetRun(run_id=query.get("run_id"), run_uuid=query.get("run_uuid"))
        answer = orjson.loads(memoryview(await self._gate.answer(message)))
        return open_location(answer["run"]["info"]["artifact_uri"], self._gate.settings.artifact_folders)


async def _receive(upload: Upload, request: Request, most: int | None) -> None:
    """Write a request's body to an upload; whatever goes wrong, nothing of it stays."""
    pieces: list[bytes] = []
    size = total = 0
    try:
        async for piece in request.stream():
            pieces.append(piece)
            size += len(piece)
            total += len(piece)
            if most is not None and total > most:
                raise PayloadTooLarge(f"Files over {most:,} bytes cannot be uploaded here; use the SDK.")
            if size >= PIECE:
                await asyncio.to_thread(upload.write, b"".join(pieces))
                pieces, size = [], 0
        await asyncio.to_thread(_finish, upload, b"".join(pieces))
    except ClientDisconnect:
        await asyncio.to_thread(upload.abandon)
    except BaseException:
        await asyncio.shield(asyncio.to_thread(upload.abandon))
        raise


def _finish(upload: Upload, rest: bytes) -> None:
    if rest:
        upload.write(rest)
    upload.finish()


async def _download(store: ArtifactStore, path: str, request: Request) -> Response:
    opened = await asyncio.to_thread(store.open, path)
    tag = f'"{opened.tag}"'
    name = path.rpartition("/")[2]
    headers = {**INERT, "ETag": tag, "Accept-Ranges": "bytes", "Content-Disposition": _disposition(name)}
    if tag in request.headers.get("if-none-match", ""):
        opened.file.close()
        return Response(status_code=304, headers=headers)
    try:
        first, last, status = _wanted(request, opened, tag)
    except RangeNotSatisfiable:
        opened.file.close()
        raise
    if status == 206:
        headers["Content-Range"] = f"bytes {first}-{last}/{opened.size}"
    headers["Content-Length"] = str(last - first + 1)
    pieces = _pieces(opened, first, last - first + 1)
    return StreamingResponse(pieces, status, headers, media_type=content_type(name))


def _wanted(request: Request, opened: StoredFile, tag: str) -> tuple[int, int, int]:
    """First and last byte to send, and the status that goes with them."""
    whole = (0, opened.size - 1, 200)
    found = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if not found or not any(found.groups()) or request.headers.get("if-range", tag) != tag:
        return whole  # forms we do not know, and several ranges at once, are answered with the whole file
    start, end = found.groups()
    if not start:
        first, last = max(0, opened.size - int(end)), opened.size - 1
    else:
        first, last = int(start), min(int(end) if end else opened.size - 1, opened.size - 1)
    if first > last:
        raise RangeNotSatisfiable(f"The file has {opened.size} bytes; the range asked for lies outside of it.")
    return first, last, 206


async def _pieces(opened: StoredFile, first: int, length: int) -> AsyncIterator[bytes]:
    with opened.file as file:
        if first:
            await asyncio.to_thread(file.seek, first)
        while length > 0:
            piece = await asyncio.to_thread(file.read, min(PIECE, length))
            if not piece:
                return
            length -= len(piece)
            yield piece


def content_type(name: str) -> str:
    """The type a file is sent as: text for everything people read as text, by its name otherwise."""
    ending = name.rpartition(".")[2].lower()
    if name in _TEXT_NAMES or ending in _TEXT_ENDINGS:
        return "text/plain"
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _disposition(name: str) -> str:
    """Makes browsers save the file; names that are not plain go in RFC 5987's form."""
    if re.fullmatch(r"[A-Za-z0-9._-]+", name):
        return f"attachment; filename={name}"
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"


def _json(answer: dict[str, Any]) -> Response:
    return Response(orjson.dumps(answer), media_type="application/json")
