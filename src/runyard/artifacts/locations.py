"""Which artifact locations a server may open itself, and where in its repositories they are.

The server opens two places: its own behind ``mlflow-artifacts:``, and the root it was started with. Its own address on
the web leads to the first as well. Any other location is text for clients, whatever it looks like.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from runyard.artifacts.addresses import PROXY_ROOT, PROXY_SCHEME, local_path, proxied_path
from runyard.artifacts.paths import safe_path
from runyard.artifacts.repository import ArtifactRepository
from runyard.artifacts.schemes.local import LocalRepository
from runyard.artifacts.schemes.s3 import S3Repository
from runyard.artifacts.schemes.s3_client import S3_SCHEME, bucket_and_prefix, require_boto3
from runyard.core.credentials import has_password, shown_address
from runyard.exceptions import InvalidParameter, RunyardException

_USUAL_PORTS = {"http": 80, "https": 443}


def own_places(destination: str, artifact_root: str) -> tuple[str, ...]:
    """Where a server may open artifacts: what clients send through it, then where clients write themselves.

    Raises
    ------
    InvalidParameter: The destination is neither a folder nor a place in S3.
    MissingPackage: It is in S3, and boto3 is not installed.
    """
    for location in (destination, artifact_root):
        if has_password(location):
            raise InvalidParameter(
                f"{shown_address(location)!r} may hold no password, which all who see a run would see. Credentials of "
                "a store of artifacts come from the environment."
            )
    place = _place(destination)
    if place is None:
        raise InvalidParameter(
            f"A server keeps artifacts in a folder or in S3, not at {shown_address(destination)!r}. "
            "Give --artifacts-destination a folder or s3://bucket/prefix. Clients that write elsewhere themselves "
            "need --default-artifact-root and --no-serve-artifacts."
        )
    root = _place(artifact_root)
    return every_form([place] if root is None else [place, root])


def own_address(host: str, port: int | None, prefix: str) -> str:
    """A web address of the server's own artifact proxy.

    Parameters
    ----------
    host: A name or an address, or ``*.`` and the end of names.
    port: None for the usual one of http and of https.
    prefix: The path below which the server serves everything.
    """
    named = f"[{host}]" if ":" in host else host
    return f"//{named}{'' if port is None else f':{port}'}{prefix}{PROXY_ROOT}"


def in_s3(place: str) -> bool:
    """Whether this is a location in S3."""
    return urlsplit(place).scheme == S3_SCHEME


def _place(location: str) -> str | None:
    """A location in the form that places have; None for other kinds."""
    if in_s3(location):
        bucket_and_prefix(location)
        require_boto3()
        return location
    folder = local_path(location)
    return None if folder is None else str(folder)


def every_form(places: Iterable[str | Path]) -> tuple[str, ...]:
    """Places as they are given, and folders also by the name they have once symbolic links are followed."""
    found: dict[str, None] = {}
    for place in places:
        text = str(place)
        folder = None if in_s3(text) else Path(text).absolute()
        found.update(dict.fromkeys([text] if folder is None else [str(folder), str(folder.resolve())]))
    return tuple(found)


def server_repository(place: str) -> ArtifactRepository:
    """The repository of a place that this process may open for others. Large files are streamed."""
    if in_s3(place):
        return S3Repository(*bucket_and_prefix(place), parts_at_once=1)
    return LocalRepository(place, guarded=True)


def open_location(uri: str, places: Sequence[str]) -> tuple[ArtifactRepository, str]:
    """The repository that holds a location, and the location's path in it.

    Parameters
    ----------
    places: What this process may open. The first holds what is behind ``mlflow-artifacts:`` and its own addresses.

    Raises
    ------
    InvalidParameter: The location is elsewhere.
    """
    place, path = place_of(uri, places)
    return server_repository(place), path


def place_of(uri: str, places: Sequence[str]) -> tuple[str, str]:
    """The place that holds a location, and the location's path in it; as `open_location`, which opens it."""
    inside = proxied_path(uri) if urlsplit(uri).scheme == PROXY_SCHEME else None
    if inside is not None and places:
        return places[0], inside
    for place in places:
        path = _path_inside(uri, place)
        if path is not None:
            return places[0] if place.startswith("//") else place, path
    raise InvalidParameter(
        "The artifacts of this run are not kept by this server. Read them from their own location with the SDK."
    )


def holds_any(repository: ArtifactRepository, path: str) -> bool:
    """Whether a path is a file, or a folder that holds anything."""
    if repository.list(path):
        return True
    return bool(path) and any(info.path == path for info in repository.list(path.rpartition("/")[0]))


def nothing_at(uri: str, places: Sequence[str]) -> bool:
    """Whether a location certainly holds nothing. Only places that this process may open are read.

    Parameters
    ----------
    places: What this process may open.
    """
    try:
        return not holds_any(*open_location(uri, places))
    except RunyardException:  # elsewhere, or a place that cannot be read now
        return False


def _path_inside(uri: str, place: str) -> str | None:
    """The path of a location in a place; None when it is elsewhere."""
    if place.startswith("//"):
        return _path_on_web(uri, place)
    if in_s3(uri) and in_s3(place):
        (own_bucket, own_prefix), (bucket, prefix) = bucket_and_prefix(place), bucket_and_prefix(uri)
        below = f"{own_prefix}/" if own_prefix else ""
        if bucket != own_bucket or not f"{prefix}/".startswith(below):
            return None
        return prefix[len(below) :]
    path = local_path(uri)
    if path is None or in_s3(place) or not path.is_relative_to(place):
        return None
    return safe_path("/".join(path.relative_to(place).parts))


def _path_on_web(uri: str, place: str) -> str | None:
    try:
        there, own = urlsplit(uri), urlsplit(place)
        usual = _USUAL_PORTS.get(there.scheme.lower())
        port, host = there.port or usual, there.hostname or ""
    except ValueError:
        return None
    if usual is None or port != (own.port or usual) or there.query or there.fragment or "@" in there.netloc:
        return None
    name = own.hostname or ""
    if host != name and not (name.startswith("*.") and host.endswith(name[1:])):
        return None
    if not f"{there.path}/".startswith(f"{own.path}/"):
        return None
    return safe_path(unquote(there.path[len(own.path) :]).strip("/"))
