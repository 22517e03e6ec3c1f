"""Which artifact locations this process may open itself, and where in its store they lie.

The server opens two kinds of place: its own store behind ``mlflow-artifacts:``, and folders it was started with. Any
other location is text for clients, whatever it looks like.
"""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from runyard.artifacts.paths import safe_path
from runyard.artifacts.store import ArtifactStore, LocalArtifactStore
from runyard.exceptions import InvalidParameter

PROXY_SCHEME = "mlflow-artifacts"
PROXY_ROOT = "/api/2.0/mlflow-artifacts/artifacts"


def proxied_path(uri: str) -> str | None:
    """The path inside the server's store of a location behind the server's proxy; None for other locations."""
    parts = urlsplit(uri)
    if parts.scheme == PROXY_SCHEME:
        return safe_path(unquote(parts.path).strip("/"))
    if parts.scheme in ("http", "https") and parts.path.startswith(PROXY_ROOT + "/"):
        return safe_path(unquote(parts.path[len(PROXY_ROOT) :]).strip("/"))
    return None


def local_path(uri: str) -> Path | None:
    """The folder a location names on this machine; None for other locations."""
    parts = urlsplit(uri)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return Path(unquote(parts.path))
    if not parts.scheme and uri.startswith("/"):
        return Path(uri)
    return None


def absolute_location(text: str) -> str:
    """A location as it is kept: URIs as they are, paths absolute."""
    return text if urlsplit(text).scheme else str(Path(text).absolute())


def own_folders(destination: str, artifact_root: str) -> list[Path]:
    """The folders a server may open: where it keeps what clients send through it, then where clients write themselves.

    Raises
    ------
    InvalidParameter: The destination is not a folder.
    """
    folder = local_path(destination)
    if folder is None:
        raise InvalidParameter(
            f"This version keeps artifacts in folders, not at {destination!r}. Give --artifacts-destination a folder. "
            "Clients that write there themselves need --default-artifact-root and --no-serve-artifacts."
        )
    root = local_path(artifact_root)
    return [folder] if root is None else [folder, root]


def open_location(uri: str, folders: Sequence[str]) -> tuple[ArtifactStore, str]:
    """The store that holds a location, and the location's path in it.

    Parameters
    ----------
    folders: What this process may open. The first holds what is behind ``mlflow-artifacts:``.

    Raises
    ------
    InvalidParameter: The location lies elsewhere.
    """
    inside = proxied_path(uri) if urlsplit(uri).scheme == PROXY_SCHEME else None
    if inside is not None and folders:
        return LocalArtifactStore(folders[0]), inside
    path = local_path(uri)
    if path is not None:
        for folder in folders:
            if path.is_relative_to(folder):
                return LocalArtifactStore(folder), safe_path("/".join(path.relative_to(folder).parts))
    raise InvalidParameter(
        "The artifacts of this run are not kept by this server. Read them from their own location with the SDK."
    )
