"""Transfers of large files directly with S3: the server signs URLs of its bucket for clients.

Clients of MLflow 3 ask for this when ``server-info`` offers it and their settings allow it. The routes and their
fields are those of MLflow's proxy, ``mpu/create``, ``mpu/complete``, ``mpu/abort`` and ``presigned``.
"""

from typing import Any, TypeVar

import msgspec
import orjson
from starlette.requests import Request
from starlette.responses import Response

from runyard import settings
from runyard.artifacts.paths import joined, named, safe_path
from runyard.artifacts.repository import ArtifactRepository
from runyard.artifacts.schemes.s3 import MAX_PARTS, S3Repository
from runyard.exceptions import InvalidParameter, NotImplementedHere, PayloadTooLarge
from runyard.http.bodies import declared_length
from runyard.server.file_threads import in_file_thread

PART_SECONDS = 12 * 3600
"""Seconds that a signed URL is valid: enough for a large file on a slow line."""
MAX_BODY = 4 * 2**20
"""Maximum size of a request in bytes: enough for ten thousand parts."""


class _Begin(msgspec.Struct):
    path: str
    num_parts: int = 0


class _Part(msgspec.Struct):
    part_number: int
    etag: str


class _End(msgspec.Struct):
    path: str
    upload_id: str
    parts: list[_Part] = []


T = TypeVar("T", _Begin, _End)


class DirectTransfers:
    """The routes.

    Parameters
    ----------
    repository: The server's own. One that is not in S3 refuses every request with NOT_IMPLEMENTED.
    """

    def __init__(self, repository: ArtifactRepository) -> None:
        self._repository = repository

    async def begin_upload(self, request: Request) -> Response:
        """Begin an upload in parts, and sign an address for each part."""
        repository = self._signing()
        asked = await _decoded(request, _Begin)
        if not 0 <= asked.num_parts <= MAX_PARTS:
            raise InvalidParameter(f"Invalid value {asked.num_parts} for 'num_parts': give 1 to {MAX_PARTS}.")
        path = _target(request, asked.path)

        def begun() -> dict[str, Any]:
            upload_id = repository.begin(path)
            parts = range(1, asked.num_parts + 1)
            signed = [
                {
                    "url": repository.signed("upload_part", path, PART_SECONDS, UploadId=upload_id, PartNumber=number),
                    "part_number": number,
                    "headers": {},
                }
                for number in parts
            ]
            return {"upload_id": upload_id, **({"credentials": signed} if signed else {})}

        return json_response(await in_file_thread(begun))

    async def complete_upload(self, request: Request) -> Response:
        """Put the parts together. The file exists only after this."""
        repository = self._signing()
        asked = await _decoded(request, _End)
        if not asked.parts:
            raise InvalidParameter("Missing value for required parameter 'parts'.")
        ordered = sorted(asked.parts, key=lambda part: part.part_number)
        parts = [{"PartNumber": part.part_number, "ETag": part.etag} for part in ordered]
        await in_file_thread(repository.complete, _target(request, asked.path), asked.upload_id, parts)
        return json_response({})

    async def abort_upload(self, request: Request) -> Response:
        """Forget the parts that were sent."""
        repository = self._signing()
        asked = await _decoded(request, _End)
        await in_file_thread(repository.abort, _target(request, asked.path), asked.upload_id)
        return json_response({})

    async def sign_download(self, request: Request) -> Response:
        """Sign an address to read a file from."""
        repository = self._signing()
        path = named(request.path_params["path"])

        def signed() -> dict[str, Any]:
            size = repository.size(path)
            seconds = settings.PRESIGNED_DOWNLOAD_URL_TTL_SECONDS.get()
            return {"url": repository.signed("get_object", path, seconds), "headers": {}, "file_size": size}

        return json_response(await in_file_thread(signed))

    def _signing(self) -> S3Repository:
        if not isinstance(self._repository, S3Repository):
            raise NotImplementedHere(
                "This server keeps artifacts in a folder, which has no addresses to sign. Use PUT."
            )
        return self._repository


def _target(request: Request, path: str) -> str:
    """The file's path: the folder of the request's path, and its name on the client's disk."""
    name = path.replace("\\", "/").rpartition("/")[2]
    return joined(safe_path(request.path_params["path"]), named(name))


async def _decoded(request: Request, kind: type[T]) -> T:
    body, too_large = bytearray(), PayloadTooLarge(f"The request body is over {MAX_BODY:,} bytes.")
    if declared_length(request.headers.get("content-length")) > MAX_BODY:
        raise too_large
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY:
            raise too_large
    try:
        return msgspec.json.decode(bytes(body), type=kind, strict=False)
    except msgspec.MsgspecError as problem:  # names the field and what it should be
        raise InvalidParameter(f"Invalid request: {problem}.") from None


def json_response(answer: dict[str, Any]) -> Response:
    """An answer that Starlette sends."""
    return Response(orjson.dumps(answer), media_type="application/json")
