"""From an artifact URI to the repository that reads and writes it: by scheme."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from runyard.artifacts.locations import PROXY_ROOT, PROXY_SCHEME, local_path
from runyard.artifacts.proxy import ProxyRepository
from runyard.artifacts.repository import ArtifactRepository, FileRepository
from runyard.exceptions import InvalidParameter

CLOUD = {"s3": "s3", "gs": "gcs", "abfs": "azure", "abfss": "azure", "wasb": "azure", "wasbs": "azure"}


def repository_for(artifact_uri: str, tracking_uri: str, local_folder: Path | None = None) -> ArtifactRepository:
    """The repository for a URI.

    Parameters
    ----------
    artifact_uri: A path, ``file:``, ``mlflow-artifacts:`` or the http(s) address of a server's artifacts.
    tracking_uri: The server that ``mlflow-artifacts:`` stands for.
    local_folder: The folder ``mlflow-artifacts:`` stands for when the tracking URI is a database: runs that a server
        logged are read without it.

    Raises
    ------
    InvalidParameter: The scheme is not one of these.
    """
    parts = urlsplit(artifact_uri)
    folder = local_path(artifact_uri)
    if folder is not None:
        return FileRepository(folder)
    if parts.scheme == PROXY_SCHEME:
        path = unquote(parts.path).strip("/")
        if parts.netloc:
            scheme = "https" if tracking_uri.startswith("https") else "http"
            return ProxyRepository(f"{scheme}://{parts.netloc}", path)
        if tracking_uri.startswith(("http://", "https://")):
            return ProxyRepository(tracking_uri, path)
        if local_folder is not None:
            return FileRepository(local_folder / path)
        raise InvalidParameter(f"{artifact_uri!r} is kept by a server: set the tracking URI to that server's address.")
    if parts.scheme in ("http", "https") and PROXY_ROOT in parts.path:
        prefix, _, path = parts.path.partition(PROXY_ROOT)
        return ProxyRepository(f"{parts.scheme}://{parts.netloc}{prefix}", unquote(path).strip("/"))
    if not parts.scheme:
        return FileRepository(Path(artifact_uri).absolute())
    if parts.scheme in CLOUD:
        raise InvalidParameter(
            f"Artifacts at {artifact_uri!r} cannot be reached yet: this version transfers local files and files of a "
            "server. Start the server with --artifacts-destination to keep them there."
        )
    raise InvalidParameter(f"Artifacts cannot be kept at {artifact_uri!r}: the scheme {parts.scheme!r} is not known.")
