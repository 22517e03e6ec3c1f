"""Artifacts that the client itself reads from and writes to S3."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runyard import settings
from runyard.artifacts.entities import FileInfo
from runyard.artifacts.paths import safe_path
from runyard.artifacts.repository import PIECE, Progress
from runyard.artifacts.s3 import Bucket, explained_s3
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
        checked, client, extra = safe_path(path), self.bucket.client, _extra_arguments()
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
        checked, client = safe_path(path), self.bucket.client
        if not checked:
            raise InvalidParameter("The path of a file is needed; this is the folder of all artifacts.")
        with explained_s3(self.bucket.name, checked):
            body = client.get_object(Bucket=self.bucket.name, Key=self.bucket.key(checked))["Body"]
        return self._pieces(body, checked)

    def delete_artifacts(self, path: str | None = None) -> None:
        """Remove a file, or a folder with all it holds. What is not there is removed already."""
        self.bucket.delete(safe_path(path))

    def _pieces(self, body: Any, path: str) -> Iterator[bytes]:
        with explained_s3(self.bucket.name, path), body:
            yield from body.iter_chunks(PIECE)


def _extra_arguments() -> dict[str, Any]:
    """What is sent with every upload, such as the encryption to use."""
    text = settings.S3_UPLOAD_EXTRA_ARGS.get()
    try:
        extra = json.loads(text) if text else {}
    except ValueError:
        extra = None
    if not isinstance(extra, dict):
        raise InvalidParameter('MLFLOW_S3_UPLOAD_EXTRA_ARGS is no JSON object such as {"ACL": "private"}.')
    return extra
