"""A server's artifacts in a bucket: streamed both ways with a few megabytes of memory each, whatever their size."""

import logging
from types import TracebackType
from typing import Any, Self

from runyard.artifacts.entities import FileInfo
from runyard.artifacts.paths import named, safe_path
from runyard.artifacts.s3 import Bucket, explained_s3
from runyard.artifacts.store import StoredFile
from runyard.exceptions import DoesNotExist, InvalidParameter, RunyardException, Unavailable

FIRST_PART = 5 * 2**20
"""Bytes of the first parts of an upload; the protocol's least."""
PARTS_OF_A_SIZE = 1000
"""After so many parts they grow by `FIRST_PART`, so that the most parts an object may have hold 268 GiB."""
MOST_PARTS = 10_000
"""Parts an object may have; the protocol's limit."""
MOST_RESUMPTIONS = 3

log = logging.getLogger(__name__)


class S3ArtifactStore:
    """Artifacts below a prefix of a bucket.

    Parameters
    ----------
    place: The bucket and the prefix.
    """

    def __init__(self, place: Bucket) -> None:
        self.place = place

    def list(self, path: str) -> list[FileInfo]:
        """What lies directly in a folder, by name; nothing for a file or a missing folder."""
        return self.place.list(safe_path(path))

    def open(self, path: str) -> StoredFile:
        """Open a file for reading. Its content is asked for when it is read.

        Raises
        ------
        DoesNotExist: Nothing is there, or the bucket is missing.
        InvalidParameter: A folder is there.
        """
        checked = named(path)
        try:
            facts = self.place.facts(checked)
        except DoesNotExist:
            if self.place.holds(checked):
                raise InvalidParameter(f"{checked!r} is a folder. List it, or name a file in it.") from None
            raise
        tag = str(facts["ETag"])
        return StoredFile(_S3File(self.place, checked, tag), int(facts["ContentLength"]), tag.strip('"'))

    def upload(self, path: str) -> "S3Upload":
        """Begin to write a file. Small ones are sent in one piece when they are finished, others in parts."""
        return S3Upload(self.place, named(path))

    def delete(self, path: str) -> None:
        """Remove a file, or a folder with all it holds. What is not there is removed already.

        Raises
        ------
        InvalidParameter: The root is named, or a folder in it, which holds all of an experiment.
        """
        checked = safe_path(path)
        if not checked:
            raise InvalidParameter("Name the artifact to delete; the folder of all artifacts cannot be deleted.")
        if "/" not in checked and self.place.holds(checked):
            raise InvalidParameter(f"{checked!r} holds the artifacts of many runs. Name what is in it.")
        self.place.delete(checked)


class _S3File:
    """An object read from wherever its reader is. A connection that breaks is taken up again where it was."""

    def __init__(self, place: Bucket, path: str, tag: str) -> None:
        self._place, self._path, self._tag = place, path, tag
        self._at, self._resumptions = 0, 0
        self._body: Any = None

    def read(self, size: int = -1, /) -> bytes:
        """So many bytes from here, fewer at the end; all that are left without a size."""
        pieces: list[bytes] = []
        left = size
        while left:
            piece = self._read_some(left)
            if not piece:
                break
            pieces.append(piece)
            left = left - len(piece) if size > 0 else -1
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def seek(self, offset: int, /) -> int:
        """Go on from this byte."""
        if offset != self._at:
            self.close()
            self._at = offset
        return offset

    def close(self) -> None:
        """Give the connection back."""
        if self._body is not None:
            self._body.close()
            self._body = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read_some(self, size: int) -> bytes:
        while True:
            try:
                with explained_s3(self._place.name, self._path):
                    if self._body is None:
                        self._body = self._place.body(self._path, self._at, self._tag)
                    piece = bytes(self._body.read(size if size > 0 else None))
            except Unavailable:
                self.close()
                self._resumptions += 1
                if self._resumptions > MOST_RESUMPTIONS:
                    raise
            else:
                self._at += len(piece)
                return piece


class S3Upload:
    """An object being written. Nobody sees anything of it before `finish`."""

    def __init__(self, place: Bucket, path: str) -> None:
        self._place, self._path, self._key = place, path, place.key(path)
        self._rest = bytearray()
        self._upload_id: str | None = None
        self._parts: list[dict[str, Any]] = []

    def write(self, piece: bytes) -> None:
        """Add bytes.

        Raises
        ------
        InvalidParameter: It became longer than an object sent in parts can be.
        """
        self._rest += piece
        while len(self._rest) >= (size := self._part_size()):
            self._send(size)

    def finish(self, expected: str | None = None) -> None:
        """Put it in its place; what was there before is replaced."""
        if self._upload_id is None:
            self._place.put(self._path, bytes(self._rest), expected)
            return
        if self._rest:
            self._send(len(self._rest))
        self._place.complete(self._path, self._upload_id, self._parts, expected)
        self._upload_id = None

    def abandon(self) -> None:
        """Remove what was written; harmless after `finish`."""
        self._rest.clear()
        if self._upload_id is None:
            return
        try:
            self._place.abort(self._path, self._upload_id)
        except RunyardException as problem:  # whoever abandons has a problem of his own to tell
            log.warning("Parts of an upload that failed stay in %s: %s", self._place.name, problem.message)
        self._upload_id = None

    def _part_size(self) -> int:
        return FIRST_PART * (1 + len(self._parts) // PARTS_OF_A_SIZE)

    def _send(self, size: int) -> None:
        number = len(self._parts) + 1
        if number > MOST_PARTS:
            raise InvalidParameter(f"{self._path!r} is longer than an object in S3 can be that is sent in parts.")
        with explained_s3(self._place.name, self._path):
            if self._upload_id is None:
                self._upload_id = self._place.begin(self._path)
            answer = self._place.client.upload_part(
                Bucket=self._place.name,
                Key=self._key,
                UploadId=self._upload_id,
                PartNumber=number,
                Body=bytes(memoryview(self._rest)[:size]),
            )
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        del self._rest[:size]
