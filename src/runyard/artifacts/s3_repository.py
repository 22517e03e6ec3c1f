"""Artifacts that the client itself reads from and writes to S3."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runyard.artifacts.entities import FileInfo
from runyard.artifacts.paths import safe_path
from runyard.artifacts.repository import PIECE, Progress
from runyard.artifacts.s3 import Bucket, explained_s3, upload_arguments
from runyard.exceptions import InvalidParameter

PART = 8 * 2**20
"""Files over this size are sent in parts of it."""
PARTS_AT_ONCE = 4


class S3Repository:
    """Artifacts below a prefix of a bucket."""

    def __init__(self, uri: str) -> None:
        self.bucket = Bucket.at(uri)

    def put(self, local_file: Path, path: str, progress: Progress | None = None) -> None:
        """Store a file at a path, large ones in parts; it appears whole."""
        checked, client, extra = safe_path(path), self.bucket.client, upload_arguments()
        from boto3.s3.transfer import TransferConfig  # noqa: PLC0415  (optional, and slow to load)

        parts = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=PARTS_AT_ONCE)
        with local_file.open("rb") as file, explained_s3(self.bucket.name, checked):
            client.upload_fileobj(
                file, self.bucket.name, self.bucket.key(checked), ExtraArgs=extra, Callback=progress, Config=parts
            )

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """What lies directly in a folder; nothing for a file or a missing folder."""
        return self.bucket.list(safe_path(path))

    def read(self, path: str) -> Iterator[bytes]:
        """The content of a file, piece by piece."""
        checked = safe_path(path)
        if not checked:
            raise InvalidParameter("The path of a file is needed; this is the folder of all artifacts.")
        return self._pieces(self.bucket.body(checked), checked)

    def delete_artifacts(self, path: str | None = None) -> None:
        """Remove a file, or a folder with all it holds. What is not there is removed already."""
        self.bucket.delete(safe_path(path))

    def _pieces(self, body: Any, path: str) -> Iterator[bytes]:
        with explained_s3(self.bucket.name, path), body:
            yield from body.iter_chunks(PIECE)
