"""Sources that are files or folders, on this machine or in some storage."""

from pathlib import Path
from typing import Any

from runyard.artifacts.addresses import local_path
from runyard.artifacts.resolve import repository_for
from runyard.artifacts.schemes.local import LocalRepository
from runyard.artifacts.transfers import download_artifacts
from runyard.core.credentials import without_credentials
from runyard.core.tracking_uri import get_tracking_uri
from runyard.data.dataset_source import DatasetSource


class FileSystemDatasetSource(DatasetSource):
    """A file or folder at an address that an artifact repository can read."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    @property
    def uri(self) -> str:
        """The address."""
        return self._uri

    def load(self, dst_path: str | None = None) -> str:
        """Fetch it into a folder (a temporary one if none is given); the local path."""
        folder, _, name = self._uri.rstrip("/").rpartition("/")
        return download_artifacts(repository_for(folder, get_tracking_uri()), name, dst_path)

    def to_dict(self) -> dict[str, Any]:
        """The address."""
        return {"uri": without_credentials(self._uri)}


class LocalArtifactDatasetSource(FileSystemDatasetSource):
    """A file or folder of this machine."""

    source_type = "local"

    def load(self, dst_path: str | None = None) -> str:
        """The local path; with `dst_path` a copy there."""
        path = local_path(self._uri) or Path(self._uri).absolute()
        return download_artifacts(LocalRepository(path.parent), path.name, dst_path)


class S3ArtifactDatasetSource(FileSystemDatasetSource):
    """An object or folder in S3."""

    source_type = "s3"


class GCSArtifactDatasetSource(FileSystemDatasetSource):
    """An object or folder in Google's storage."""

    source_type = "gs"


class HdfsArtifactDatasetSource(FileSystemDatasetSource):
    """A file or folder in HDFS."""

    source_type = "hdfs"


class FTPArtifactDatasetSource(FileSystemDatasetSource):
    """A file or folder on an FTP server."""

    source_type = "ftp"


class SFTPArtifactDatasetSource(FileSystemDatasetSource):
    """A file or folder reached by SFTP."""

    source_type = "sftp"


class AzureBlobArtifactDatasetSource(FileSystemDatasetSource):
    """A blob in Azure's storage."""

    source_type = "wasbs"


class AzureDataLakeArtifactDatasetSource(FileSystemDatasetSource):
    """A file or folder in Azure's data lake."""

    source_type = "abfss"


class R2ArtifactDatasetSource(FileSystemDatasetSource):
    """An object or folder in Cloudflare's storage."""

    source_type = "r2"


BY_SCHEME: dict[str, type[FileSystemDatasetSource]] = {
    "": LocalArtifactDatasetSource,
    "file": LocalArtifactDatasetSource,
    "s3": S3ArtifactDatasetSource,
    "gs": GCSArtifactDatasetSource,
    "hdfs": HdfsArtifactDatasetSource,
    "viewfs": HdfsArtifactDatasetSource,
    "ftp": FTPArtifactDatasetSource,
    "sftp": SFTPArtifactDatasetSource,
    "wasbs": AzureBlobArtifactDatasetSource,
    "abfss": AzureDataLakeArtifactDatasetSource,
    "r2": R2ArtifactDatasetSource,
}
