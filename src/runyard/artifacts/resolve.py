"""From an artifact URI to the repository that reads and writes it: by scheme."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from runyard.artifacts.fsspec_repository import FSSPEC_SCHEMES, FsspecRepository
from runyard.artifacts.locations import PROXY_ROOT, PROXY_SCHEME, local_path
from runyard.artifacts.paths import safe_path
from runyard.artifacts.proxy import ProxyRepository
from runyard.artifacts.repository import ArtifactRepository, FileRepository
from runyard.artifacts.s3 import S3_SCHEME, Bucket
from runyard.artifacts.s3_repository import S3Repository
from runyard.core.credentials import shown_address
from runyard.exceptions import InvalidParameter


@dataclass(frozen=True)
class _Place:
    """What a scheme may need to know to find its repository."""

    uri: str
    parts: SplitResult
    tracking_uri: str
    kept_at: str | None


def repository_for(artifact_uri: str, tracking_uri: str = "", kept_at: str | None = None) -> ArtifactRepository:
    """The repository for a URI.

    Parameters
    ----------
    artifact_uri: A path, ``file:``, ``s3:``, ``mlflow-artifacts:``, the http(s) address of a server's artifacts, or
        one of fsspec's schemes such as ``gs:``, ``abfss:`` and ``sftp:``.
    tracking_uri: The server that ``mlflow-artifacts:`` stands for.
    kept_at: The folder or place in S3 that ``mlflow-artifacts:`` stands for when the tracking URI is a database: runs
        that a server logged are read without it.

    Raises
    ------
    InvalidParameter: The scheme is not one of these.
    """
    try:
        parts = urlsplit(artifact_uri)
    except ValueError:  # what it says may be a password
        raise InvalidParameter(f"{shown_address(artifact_uri)!r} is no valid address of artifacts.") from None
    place = _Place(artifact_uri, parts, tracking_uri, kept_at)
    scheme = place.parts.scheme.lower()
    if scheme not in _BY_SCHEME:
        shown = shown_address(artifact_uri) if "://" in artifact_uri else f"{scheme}:…"
        raise InvalidParameter(
            f"Artifacts cannot be kept at {shown!r}: the scheme {scheme!r} is not known. "
            f"Use a folder, file:, s3:, mlflow-artifacts:, the address of a server's artifacts, or one of "
            f"{', '.join(sorted(FSSPEC_SCHEMES))} (with fsspec)."
        )
    return _BY_SCHEME[scheme](place)


def _local(place: _Place) -> ArtifactRepository:
    if not place.parts.scheme:
        return FileRepository(Path(place.uri).absolute())
    folder = local_path(place.uri)
    if folder is None:
        raise InvalidParameter(f"{shown_address(place.uri)!r} names a host. Write a file location as file:///folder.")
    return FileRepository(folder)


def _behind_server(place: _Place) -> ArtifactRepository:
    path = safe_path(unquote(place.parts.path).strip("/"))
    if place.parts.netloc:
        scheme = "https" if place.tracking_uri.startswith("https:") else "http"
        return _proxy(f"{scheme}://{place.parts.netloc}", path, place)
    if place.tracking_uri.startswith(("http://", "https://")):
        return ProxyRepository(place.tracking_uri, path)
    if place.kept_at is not None:
        folder = local_path(place.kept_at)
        return FileRepository(folder / path) if folder else repository_for(place.kept_at).below(path)
    raise InvalidParameter(
        f"{shown_address(place.uri)!r} is kept by a server: set the tracking URI to that server's address."
    )


def _address(place: _Place) -> ArtifactRepository:
    prefix, found, path = place.parts.path.partition(PROXY_ROOT)
    if not found:
        shown = shown_address(place.uri) if place.parts.netloc else f"{place.parts.scheme}:…"
        raise InvalidParameter(
            f"{shown!r} is not the address of a server's artifacts: those have {PROXY_ROOT} in their path."
        )
    server = f"{place.parts.scheme}://{place.parts.netloc}{prefix}"
    return _proxy(server, safe_path(unquote(path).strip("/")), place)


def _proxy(server: str, path: str, place: _Place) -> ArtifactRepository:
    """Credentials go to the tracking server only: a location may have been chosen by somebody else."""
    here, there = urlsplit(place.tracking_uri), urlsplit(server)
    trusted = here.hostname == there.hostname and there.scheme in ("https", here.scheme)
    return ProxyRepository(server, path, trusted=trusted)


_BY_SCHEME: dict[str, Callable[[_Place], ArtifactRepository]] = {
    "": _local,
    "file": _local,
    PROXY_SCHEME: _behind_server,
    S3_SCHEME: lambda place: S3Repository(Bucket.at(place.uri)),
    "http": _address,
    "https": _address,
    **dict.fromkeys(FSSPEC_SCHEMES, lambda place: FsspecRepository(place.uri)),
}
