"""Artifacts over HTTP: the proxy that clients transfer files through, and a run's files for a browser.

Files are streamed in pieces on threads, so that large ones cost no memory and do not block the event loop.
"""

import functools
import mimetypes
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import APIRouter
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from runyard.artifacts.locations import open_location, own_places, server_repository
from runyard.artifacts.paths import joined, safe_path
from runyard.artifacts.repository import ABSENT, ArtifactRepository, StoredFile, Upload
from runyard.exceptions import BadRequest, InvalidParameter, PayloadTooLarge, RangeNotSatisfiable, Unavailable
from runyard.gate.gate import Gate
from runyard.http.answers import envelope
from runyard.http.bodies import declared_length
from runyard.protocol.message import AnyMessage
from runyard.registry.model_versions.messages import GetModelVersionDownloadUri
from runyard.server.artifact_description import described_route
from runyard.server.artifact_paths import MODEL_ROOTS, OF_MODELS, OF_RUNS, OF_VERSIONS, PROXY_ROOTS, UPLOAD_TO_RUN
from runyard.server.direct_transfers import DirectTransfers, json_response
from runyard.server.file_threads import in_file_thread
from runyard.server.outages import Outage
from runyard.server.settings import ServerSettings
from runyard.tracking.logged_models.messages import GetLoggedModel
from runyard.tracking.runs.messages import GetRun

PIECE = 1 << 20
BROWSER_UPLOAD = 10 * 2**20
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
_TAG = re.compile(r'(?:W/)?"([^"]+)"')  # a proxy may have made it a weak one
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")

Handler = Callable[[Request], Awaitable[Response]]


class _Anything(Convertor[str]):
    """The rest of a path, line breaks too: the framework's own kind drops a last one, which would change the name."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("artifact", _Anything())


def artifact_router(settings: ServerSettings, gate: Gate, outage: Outage) -> APIRouter:
    """The routes of artifacts.

    Parameters
    ----------
    outage: Hears whether the server's store of artifacts can be reached.
    """
    router = APIRouter(tags=["artifacts"])
    repository = server_repository(own_places(settings.destination, settings.artifact_root)[0])
    routes, direct = _Routes(settings, gate, repository), DirectTransfers(repository)
    for root in PROXY_ROOTS:
        for path, method, handler in (
            ("/artifacts", "GET", routes.list_stored),
            ("/artifacts/{path:artifact}", "GET", routes.download_stored),
            ("/artifacts/{path:artifact}", "HEAD", routes.download_stored),
            ("/artifacts/{path:artifact}", "PUT", routes.upload_stored),
            ("/artifacts/{path:artifact}", "DELETE", routes.delete_stored),
            ("/mpu/create/{path:artifact}", "POST", direct.begin_upload),
            ("/mpu/complete/{path:artifact}", "POST", direct.complete_upload),
            ("/mpu/abort/{path:artifact}", "POST", direct.abort_upload),
            ("/presigned/{path:artifact}", "GET", direct.sign_download),
        ):
            served = routes.when_served(_noticing(outage, handler))
            _add(router, root + path, method, served, shown=root == PROXY_ROOTS[0])
    _add(router, OF_RUNS, "GET", routes.download_of_run)
    _add(router, OF_RUNS, "HEAD", routes.download_of_run)
    _add(router, OF_VERSIONS, "GET", routes.download_of_version)
    for root in MODEL_ROOTS:
        _add(router, root + OF_MODELS, "GET", routes.download_of_model, shown="2.0" in root)
    _add(router, UPLOAD_TO_RUN, "POST", routes.upload_to_run)
    return router


def _add(router: APIRouter, path: str, method: str, handler: Handler, shown: bool = True) -> None:
    described = shown and method != "HEAD"  # the same as for GET
    router.add_api_route(
        path,
        handler,
        methods=[method],
        response_class=Response,
        include_in_schema=described,
        operation_id=handler.__name__,
        openapi_extra=described_route(path, handler.__name__),
    )


def _noticing(outage: Outage, handler: Handler) -> Handler:
    """The handler of files in the server's store, which notices whether that can be reached."""

    @functools.wraps(handler)
    async def notice(request: Request) -> Response:
        try:
            response = await handler(request)
        except Unavailable as error:
            outage.begin(handler.__name__, error.message)
            raise
        outage.end()
        return response

    return notice


class _Routes:
    def __init__(self, settings: ServerSettings, gate: Gate, repository: ArtifactRepository) -> None:
        self._settings, self._gate, self._repository = settings, gate, repository

    def when_served(self, handler: Handler) -> Handler:
        """The handler; without the proxy, one that answers with an error."""

        async def serve(request: Request) -> Response:
            if not self._settings.serve_artifacts:
                raise Unavailable("This server was started with --no-serve-artifacts: it transfers no artifacts.")
            return await handler(request)

        serve.__name__, serve.__doc__ = handler.__name__, handler.__doc__
        return serve

    async def list_stored(self, request: Request) -> Response:
        """The direct contents of a folder of the server's store."""
        path = safe_path(request.query_params.get("path"))
        found = await in_file_thread(self._repository.list, path)
        files = [{**info.to_wire(), "path": info.path.rpartition("/")[2]} for info in found]
        return json_response({"files": files} if files else {})

    async def download_stored(self, request: Request) -> Response:
        """A file of the server's store, or a part of it."""
        return await _download(self._repository, request.path_params["path"], request)

    async def upload_stored(self, request: Request) -> Response:
        """Store a file, under the condition of ``If-Match`` or ``If-None-Match``. It appears whole, or not at all."""
        incoming = _Incoming(self._repository, safe_path(request.path_params["path"]), _expected(request))
        await _receive(incoming, request)
        return Response()

    async def delete_stored(self, request: Request) -> Response:
        """Remove a file, or a folder with all it holds."""
        await in_file_thread(_delete, self._repository, request.path_params["path"])
        return json_response({})

    async def download_of_run(self, request: Request) -> Response:
        """A file of a run, or a part of it."""
        repository, root = await self._of_run(request)
        path = safe_path(request.query_params.get("path"))
        if not path:
            raise InvalidParameter("Missing value for required parameter 'path'.")
        return await _download(repository, joined(root, path), request)

    async def download_of_model(self, request: Request) -> Response:
        """A file of a logged model, or a part of it."""
        path = safe_path(request.query_params.get("artifact_file_path"))
        if not path:
            raise BadRequest("Missing value for required parameter 'artifact_file_path'.")
        model = await self._ask(GetLoggedModel(model_id=request.path_params["model_id"]))
        repository, root = open_location(model["model"]["info"]["artifact_uri"], self._gate.settings.artifact_places)
        return await _download(repository, joined(root, path), request)

    async def download_of_version(self, request: Request) -> Response:
        """A file of a model version, or a part of it."""
        query = request.query_params
        path = safe_path(query.get("path"))
        if not path:
            raise InvalidParameter("Missing value for required parameter 'path'.")
        asked = {"name": query.get("name"), "version": query.get("version")}
        location = (await self._ask(GetModelVersionDownloadUri.from_wire(asked)))["artifact_uri"]
        repository, root = open_location(location, self._gate.settings.artifact_places)
        return await _download(repository, joined(root, path), request)

    async def _ask(self, message: AnyMessage) -> Any:
        answer = await self._gate.answer(message)
        assert isinstance(answer, bytes)  # no message of artifacts is answered in pieces
        return orjson.loads(memoryview(answer))

    async def upload_to_run(self, request: Request) -> Response:
        """Store a small file with a run."""
        repository, root = await self._of_run(request)
        path = safe_path(request.query_params.get("path"))
        if not path:
            raise InvalidParameter("Missing value for required parameter 'path'.")
        await _receive(_Incoming(repository, joined(root, path)), request, BROWSER_UPLOAD)
        return Response()

    async def _of_run(self, request: Request) -> tuple[ArtifactRepository, str]:
        query = request.query_params
        answer = await self._ask(GetRun(run_id=query.get("run_id"), run_uuid=query.get("run_uuid")))
        return open_location(answer["run"]["info"]["artifact_uri"], self._gate.settings.artifact_places)


def _delete(repository: ArtifactRepository, path: str) -> None:
    """Delete what one run can have stored, not what many have."""
    checked = safe_path(path)
    if not checked:
        raise InvalidParameter("Name the artifact to delete; the folder of all artifacts cannot be deleted.")
    if "/" not in checked and any(info.is_dir and info.path == checked for info in repository.list()):
        raise InvalidParameter(f"{checked!r} holds the artifacts of many runs. Name what is in it.")
    repository.delete(checked)


class _Incoming:
    """A file being uploaded, opened with the first piece, so that a small one needs a single call on a thread."""

    def __init__(self, repository: ArtifactRepository, path: str, expected: str | None = None) -> None:
        self._repository, self._path, self._expected = repository, path, expected
        self._upload: Upload | None = None

    def write(self, piece: bytes) -> Upload:
        if self._upload is None:
            self._upload = self._repository.put(self._path)
        if piece:
            self._upload.write(piece)
        return self._upload

    def finish(self, rest: bytes) -> None:
        self.write(rest).finish(self._expected)

    def abandon(self) -> None:
        if self._upload is not None:
            self._upload.abandon()


def _expected(request: Request) -> str | None:
    """The tag that the file must still have, from the upload's headers; None without one."""
    match, none = request.headers.get("if-match"), request.headers.get("if-none-match")
    if match is None and none is None:
        return None
    if match is None and none == "*":
        return ABSENT
    found = _TAG.fullmatch(match or "")
    if found is None or none is not None:
        raise InvalidParameter('Send one tag of a file as If-Match: "tag", or If-None-Match: * for a new file.')
    return found[1]


async def _receive(incoming: _Incoming, request: Request, most: int | None = None) -> None:
    """Write a request's body to a file; on any error, no part of it stays."""
    pieces: list[bytes] = []
    size = total = 0
    if most is not None and declared_length(request.headers.get("content-length")) > most:
        raise _too_large(most)
    try:
        async for piece in request.stream():
            pieces.append(piece)
            size += len(piece)
            total += len(piece)
            if most is not None and total > most:
                raise _too_large(most)
            if size >= PIECE:
                await in_file_thread(incoming.write, b"".join(pieces))
                pieces, size = [], 0
        if most is not None and not total:
            raise InvalidParameter("The request has no body: send the content of the file.")
        await in_file_thread(incoming.finish, b"".join(pieces))
    except BaseException as problem:
        await in_file_thread(incoming.abandon)
        if not isinstance(problem, ClientDisconnect):
            raise


def _too_large(most: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"Files over {most:,} bytes cannot be uploaded here; use the SDK.")


async def _download(repository: ArtifactRepository, path: str, request: Request) -> Response:
    opened = await in_file_thread(repository.open, path)
    tag, size = f'"{opened.tag}"', opened.size or 0  # every repository that a server opens knows them
    name = path.rpartition("/")[2]
    headers = {**INERT, "ETag": tag, "Accept-Ranges": "bytes", "Content-Disposition": _disposition(name)}
    if tag in request.headers.get("if-none-match", ""):
        opened.file.close()
        return Response(status_code=304, headers=headers)
    wanted = _wanted(request, size, tag)
    if wanted is None:
        opened.file.close()
        return _not_satisfiable(size)
    first, last, status = wanted
    if status == 206:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    headers["Content-Length"] = str(last - first + 1)
    if request.method == "HEAD":
        opened.file.close()
        return Response(status_code=status, headers=headers, media_type=content_type(name))
    pieces = _pieces(opened, first, last - first + 1)
    return StreamingResponse(pieces, status, headers, media_type=content_type(name))


def _wanted(request: Request, size: int, tag: str) -> tuple[int, int, int] | None:
    """First and last byte to send, and the answer's status; None when the range is outside of the file."""
    found = _RANGE.fullmatch(request.headers.get("range", "").strip())
    start, end = found.groups() if found else ("", "")
    backwards = bool(start and end) and int(start) > int(end)
    if not (start or end) or backwards or request.headers.get("if-range", tag) != tag:
        return 0, size - 1, 200  # unknown forms and multiple ranges are answered with the whole file
    if start:
        first, last = int(start), min(int(end or size), size - 1)
    else:
        first, last = max(0, size - int(end)), size - 1
    return (first, last, 206) if first <= last else None


def _not_satisfiable(size: int) -> Response:
    refusal = RangeNotSatisfiable(f"The file has {size} bytes; the requested range is outside of it.")
    return Response(envelope(refusal), 416, {"Content-Range": f"bytes */{size}"}, media_type="application/json")


async def _pieces(opened: StoredFile, first: int, length: int) -> AsyncIterator[bytes]:
    with opened.file as file:
        if first:
            await in_file_thread(file.seek, first)
        while length > 0:
            piece = await in_file_thread(file.read, min(PIECE, length))
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
