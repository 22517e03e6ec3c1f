"""Finds the repository for an artifact URI, by scheme."""

from functools import cache
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

from runyard.artifacts import schemes
from runyard.artifacts.addresses import PROXY_SCHEME, proxied_path
from runyard.artifacts.repository import ArtifactRepository, Location
from runyard.artifacts.schemes.fsspec import FSSPEC_SCHEMES
from runyard.core.credentials import shown_address
from runyard.exceptions import InvalidParameter


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
    except ValueError:  # its text may hold a password
        raise InvalidParameter(f"{shown_address(artifact_uri)!r} is not a valid address of artifacts.") from None
    scheme, by_scheme = parts.scheme.lower(), repositories()
    if scheme == PROXY_SCHEME and kept_at and not parts.netloc and not tracking_uri.startswith(("http://", "https://")):
        return repository_for(kept_at).below(proxied_path(artifact_uri) or "")
    if scheme not in by_scheme:
        shown = shown_address(artifact_uri) if "://" in artifact_uri else f"{scheme}:…"
        raise InvalidParameter(
            f"Artifacts cannot be kept at {shown!r}: the scheme {scheme!r} is not known. "
            f"Use a folder, file:, s3:, mlflow-artifacts:, the address of a server's artifacts, or one of "
            f"{', '.join(sorted(FSSPEC_SCHEMES))} (with fsspec)."
        )
    return by_scheme[scheme].at(Location(artifact_uri, parts, tracking_uri))


@cache
def repositories() -> dict[str, type[ArtifactRepository]]:
    """The class of each scheme: those that the modules of `schemes` hold."""
    for folder in schemes.__path__:
        for file in sorted(Path(folder).glob("[a-z]*.py")):
            import_module(f"{schemes.__name__}.{file.stem}")
    return ArtifactRepository.by_scheme
