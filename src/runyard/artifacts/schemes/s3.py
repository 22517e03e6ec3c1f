"""Artifacts in a bucket of S3, or of a store that speaks its protocol, streamed both ways whatever their size."""

import logging
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from typing import Any

from runyard import settings
from runyard.artifacts.entities import FileInfo
from runyard.artifacts.paths import can_be_named, joined, named, safe_path
from runyard.artifacts.repository import (
    ABSENT,
    ArtifactRepository,
    Interrupted,
    Location,
    ResumedFile,
    StoredFile,
    Upload,
    submitted,
)
from runyard.artifacts.schemes.s3_client import (
    MAX_SIGNED,
    S3_SCHEME,
    bucket_and_prefix,
    client_for,
    explained,
    part_arguments,
    upload_arguments,
)
from runyard.exceptions import ChangedMeanwhile, DoesNotExist, InvalidParameter, PermissionDenied, RunyardException

PART = 8 * 2**20
"""Files of this size and over are sent in parts of it."""
PARTS_OF_A_SIZE = 1000
"""Number of parts after which they grow by `PART`: the maximum number of parts then holds 429 GiB."""
MAX_PARTS = 10_000
"""Maximum number of parts of an object; the protocol's limit."""
PARTS_AT_ONCE = 4
MAX_DELETED = 1000
"""Maximum number of objects deleted by one request; the protocol's limit."""

log = logging.getLogger(__name__)


class S3Repository(ArtifactRepository, schemes=(S3_SCHEME,)):
    """Artifacts below a prefix of a bucket.

    Parameters
    ----------
    bucket: The bucket's name.
    prefix: Prefix of all keys, without slashes at its ends; empty for the whole bucket.
    parts_at_once: Number of parts of one file that are sent at the same time. Each is held in memory.
    """

    def __init__(self, bucket: str, prefix: str = "", parts_at_once: int = PARTS_AT_ONCE) -> None:
        self.bucket, self.prefix, self.parts_at_once = bucket, prefix, parts_at_once
        self.uri = f"{S3_SCHEME}://{joined(bucket, prefix)}"

    @classmethod
    def at(cls, location: Location) -> "S3Repository":
        """The repository of ``s3://bucket/prefix``."""
        return cls(*bucket_and_prefix(location.uri))

    @property
    def client(self) -> Any:
        """boto3's client, set up by the environment."""
        return client_for(settings.S3_ENDPOINT_URL.get())

    def below(self, path: str) -> "S3Repository":
        """A folder of this one."""
        return S3Repository(self.bucket, joined(self.prefix, safe_path(path)), self.parts_at_once)

    def list(self, path: str = "") -> list[FileInfo]:
        """The direct contents of a folder, by name, without a limit; empty for a file or a missing folder."""
        return [info for info, _ in self.dated(path)]

    def dated(self, path: str = "") -> Sequence[tuple[FileInfo, int | None]]:
        """As `list`, each with the time of its last change in milliseconds; folders have none."""
        checked = safe_path(path)
        folder = joined(self.prefix, checked)
        below = f"{folder}/" if folder else ""
        found: list[tuple[str, int | None, int | None]] = []
        with self.explained(checked):
            pages = self.client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=below, Delimiter="/"):
                for entry in page.get("CommonPrefixes", ()):
                    found.append((entry["Prefix"][len(below) : -1], None, None))
                for entry in page.get("Contents", ()):
                    changed = int(entry["LastModified"].timestamp() * 1000)
                    found.append((entry["Key"][len(below) :], int(entry["Size"]), changed))
        infos = [
            (FileInfo(joined(checked, name), size is None, size), changed)
            for name, size, changed in found
            if can_be_named(name)
        ]
        return sorted(infos, key=lambda one: one[0].path)

    def reach(self) -> str:
        """Ask for one key."""
        with self.explained(""):
            self.client.list_objects_v2(Bucket=self.bucket, Prefix=self.prefix, MaxKeys=1)
        return f"{self.uri} answers."

    def open(self, path: str) -> StoredFile:
        """Open a file for reading."""
        checked = named(path)
        try:
            found = self._found(checked)
        except DoesNotExist:
            if self._is_folder(checked):
                raise InvalidParameter(f"{checked!r} is a folder. List it, or name a file in it.") from None
            raise
        tag = str(found["ETag"])

        def resume(start: int) -> Any:
            # without a range an empty object can be read too
            return self._found(checked, IfMatch=tag, **({"Range": f"bytes={start}-"} if start else {}))["Body"]

        file = ResumedFile(found["Body"], resume, lambda: self.explained(checked))
        return StoredFile(file, int(found["ContentLength"]), tag.strip('"'))

    def put(self, path: str) -> Upload:
        """Begin to write a file. Small ones are sent in one piece when they are finished, others in parts."""
        return _S3Upload(self, named(path))

    def delete(self, path: str = "") -> None:
        """Remove the object at a path and all below it.

        Raises
        ------
        InvalidParameter: That would be the whole bucket.
        """
        checked = safe_path(path)
        key = joined(self.prefix, checked)
        if not key:
            raise InvalidParameter(f"The whole bucket {self.bucket!r} is not deleted. Name what is in it.")
        with self.explained(checked):
            self.client.delete_object(Bucket=self.bucket, Key=key)
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=f"{key}/")
            keys = [{"Key": entry["Key"]} for page in pages for entry in page.get("Contents", ())]
            for start in range(0, len(keys), MAX_DELETED):
                doomed = {"Objects": keys[start : start + MAX_DELETED], "Quiet": True}
                for failure in self.client.delete_objects(Bucket=self.bucket, Delete=doomed).get("Errors", ()):
                    raise PermissionDenied(
                        f"The bucket {self.bucket!r} kept {failure.get('Key')!r}, which was to be deleted "
                        f"({failure.get('Code')})."
                    )

    def object_at(self, path: str) -> dict[str, str]:
        """What names the object of a checked path in a request."""
        return {"Bucket": self.bucket, "Key": joined(self.prefix, path)}

    def explained(self, path: str) -> AbstractContextManager[None]:
        """Converts boto3's errors about a path to ours."""
        return explained(self.bucket, path)

    def size(self, path: str) -> int:
        """Bytes of a file.

        Raises
        ------
        DoesNotExist: It is not there.
        """
        with self.explained(path):
            return int(self.client.head_object(**self.object_at(path))["ContentLength"])

    def begin(self, path: str) -> str:
        """Begin to write an object in parts; returns the upload's id."""
        with self.explained(path):
            answer = self.client.create_multipart_upload(**self.object_at(path), **upload_arguments())
        return str(answer["UploadId"])

    def complete(
        self, path: str, upload_id: str, parts: Sequence[Mapping[str, Any]], expected: str | None = None
    ) -> None:
        """Put an object written in parts in its place: ``{"PartNumber": 1, "ETag": …}``, in the order of their numbers.

        Raises
        ------
        DoesNotExist: There is no such upload, or it was ended.
        InvalidParameter: A part is missing, too small or not the one that was sent.
        ChangedMeanwhile: The object there has not the expected tag.
        """
        done = {"UploadId": upload_id, "MultipartUpload": {"Parts": [*parts]}}
        with self.explained(path):
            self.client.complete_multipart_upload(**self.object_at(path), **done, **_condition(expected))

    def abort(self, path: str, upload_id: str) -> None:
        """Forget the parts of an upload. One that was ended is forgotten already."""
        with suppress(DoesNotExist), self.explained(path):
            self.client.abort_multipart_upload(**self.object_at(path), UploadId=upload_id)

    def interrupted(self) -> Iterator[Interrupted]:
        """Uploads in parts that were begun longer ago than signed addresses of their parts can be valid."""
        below = f"{self.prefix}/" if self.prefix else ""
        with self.explained(""):
            for page in self.client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket, Prefix=below):
                for upload in page.get("Uploads", ()):
                    began = upload["Initiated"].timestamp()
                    if began < time.time() - MAX_SIGNED:
                        yield Interrupted(upload["Key"][len(below) :], int(began * 1000), upload["UploadId"])

    def clear_interrupted(self, one: Interrupted) -> None:
        """Forget the parts of an upload."""
        self.abort(one.path, one.token)

    def signed(self, operation: str, path: str, seconds: int, **more: Any) -> str:
        """A signed address, with which anyone can do one operation on one object for some time. No request is sent.

        Parameters
        ----------
        operation: ``get_object``, ``put_object`` or ``upload_part``.
        seconds: Seconds that it is valid, at most `MAX_SIGNED`.
        more: Further arguments of the operation.
        """
        endpoint = settings.S3_PUBLIC_ENDPOINT_URL.get() or settings.S3_ENDPOINT_URL.get()
        asked = {**self.object_at(path), **more}
        with self.explained(path):
            return str(client_for(endpoint).generate_presigned_url(operation, Params=asked, ExpiresIn=seconds))

    def _found(self, path: str, **more: Any) -> dict[str, Any]:
        with self.explained(path):
            return dict(self.client.get_object(**self.object_at(path), **more))

    def _is_folder(self, path: str) -> bool:
        with self.explained(path):
            below = f"{joined(self.prefix, path)}/"
            return bool(self.client.list_objects_v2(Bucket=self.bucket, Prefix=below, MaxKeys=1).get("Contents"))


class _S3Upload(Upload):
    """An object being written. Of a large one some parts are sent while the next is taken in."""

    def __init__(self, place: S3Repository, path: str) -> None:
        self._place, self._path = place, path
        self._rest, self._upload_id = bytearray(), ""
        self._pool: ThreadPoolExecutor | None = None
        self._sending = deque[Future[dict[str, Any]]]()
        self._parts: list[dict[str, Any]] = []

    def write(self, piece: bytes) -> None:
        self._rest += piece
        while len(self._rest) >= (size := PART * (1 + (len(self._parts) + len(self._sending)) // PARTS_OF_A_SIZE)):
            part, self._rest = self._rest[:size], self._rest[size:]
            self._send(part)

    def finish(self, expected: str | None = None) -> None:
        if self._pool is None:
            self._put_whole(bytes(self._rest), expected)
            return
        if self._rest:
            self._send(self._rest)
        while self._sending:
            self._parts.append(self._sending.popleft().result())
        self._pool.shutdown()
        self._place.complete(self._path, self._upload_id, self._parts, expected)
        self._upload_id = ""

    def abandon(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        if not self._upload_id:
            return
        try:
            self._place.abort(self._path, self._upload_id)
        except RunyardException as problem:  # the first error is reported, not this one
            log.warning("Parts of an upload that failed stay in %s: %s", self._place.bucket, problem.message)
        self._upload_id = ""

    def _put_whole(self, content: bytes, expected: str | None) -> None:
        place, path = self._place, self._path
        try:
            with place.explained(path):
                sent = {"Body": content, **upload_arguments(), **_condition(expected)}
                place.client.put_object(**place.object_at(path), **sent)
        except ChangedMeanwhile as problem:
            if not problem.unsure or not place.holds(path, content):
                raise

    def _send(self, part: bytearray) -> None:
        number = len(self._parts) + len(self._sending) + 1
        if number > MAX_PARTS:
            raise InvalidParameter(f"{self._path!r} is longer than an object in S3 can be that is sent in parts.")
        if self._pool is None:
            self._upload_id = self._place.begin(self._path)
            self._pool = ThreadPoolExecutor(self._place.parts_at_once, thread_name_prefix="runyard-parts")
        if len(self._sending) == self._place.parts_at_once:
            self._parts.append(self._sending.popleft().result())
        self._sending.append(submitted(self._pool, self._sent, number, part))

    def _sent(self, number: int, part: bytearray) -> dict[str, Any]:
        asked = {"UploadId": self._upload_id, "PartNumber": number, "Body": part, **part_arguments()}
        with self._place.explained(self._path):
            answer = self._place.client.upload_part(**self._place.object_at(self._path), **asked)
        proofs = {name: value for name, value in answer.items() if name == "ETag" or name.startswith("Checksum")}
        return {"PartNumber": number, **proofs}


def _condition(expected: str | None) -> dict[str, str]:
    if expected is None:
        return {}
    return {"IfNoneMatch": "*"} if expected == ABSENT else {"IfMatch": f'"{expected}"'}
