"""Artifacts that the client itself reads from and writes to S3."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runyard.artifacts.changing import ABSENT, Change, changed
from runyard.artifacts.entities import FileInfo
from runyard.artifacts.paths import PathText, named, safe_path
from runyard.artifacts.repository import PIECE, Progress
from runyard.artifacts.s3 import Bucket, explained_s3, upload_arguments
from runyard.exceptions import DoesNotExist

PART = 8 * 2**20
"""Files over this size are sent in parts of it."""
PARTS_AT_ONCE = 4


class S3Repository:
    """Artifacts below a prefix of a bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def put(self, local_file: Path, path: str, progress: Progress | None = None) -> None:
        """Store a file at a path, large ones in parts; it appears whole."""
        checked, client, extra = named(path), self.bucket.client, upload_arguments()
        from boto3.s3.transfer import TransferConfig  # noqa: PLC0415  (optional, and slow to load)

        parts = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=PARTS_AT_ONCE)
        with local_file.open("rb") as file, explained_s3(self.bucket.name, checked):
            client.upload_fileobj(
                file, self.bucket.name, self.bucket.key(checked), ExtraArgs=extra, Callback=progress, Config=parts
            )

    def change(self, path: str, change: Change) -> None:
        """Replace a file by what is made of it. No change that others make of it at the same time is lost."""
        checked = named(path)

        def read() -> tuple[bytes | None, str]:
            try:
                with explained_s3(self.bucket.name, checked):
                    found = self.bucket.found(checked)
                    return found["Body"].read(), found["ETag"].strip('"')
            except DoesNotExist:
                return None, ABSENT

        def write(content: bytes, tag: str | None) -> None:
            self.bucket.put(checked, content, tag)

        changed(f"s3://{self.bucket.name}/{self.bucket.key(checked)}", read, write, change)

    def below(self, path: str) -> "S3Repository":
        """A folder of this one."""
        return S3Repository(self.bucket.below(path))

    def list_artifacts(self, path: PathText | None = None) -> list[FileInfo]:
        """What lies directly in a folder; nothing for a file or a missing folder."""
        return self.bucket.list(safe_path(path))

    def read(self, path: str) -> Iterator[bytes]:
        """The content of a file, piece by piece."""
        checked = named(path)
        return self._pieces(self.bucket.body(checked), checked)

    def delete_artifacts(self, path: PathText | None = None) -> None:
        """Remove a file, or a folder with all it holds. What is not there is removed already."""
        self.bucket.delete(safe_path(path))

    def _pieces(self, body: Any, path: str) -> Iterator[bytes]:
        with explained_s3(self.bucket.name, path), body:
            yield from body.iter_chunks(PIECE)
