"""Where commands find the artifacts of a store: options that name the places, and what is behind locations."""

import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import click

from runyard.artifacts.addresses import PROXY_SCHEME, absolute_location, local_path, proxied_path
from runyard.artifacts.locations import server_repository
from runyard.artifacts.repository import ArtifactRepository
from runyard.artifacts.resolve import repositories, repository_for
from runyard.artifacts.schemes.local import LocalRepository
from runyard.cli.choices import variables
from runyard.exceptions import InvalidParameter
from runyard.server.settings import DEFAULT_ARTIFACTS

backend_store_option = click.option(
    "--backend-store-uri",
    envvar=variables("BACKEND_STORE_URI"),
    show_envvar=True,
    default="sqlite:///runyard.db",
    show_default=True,
    help="The database.",
)
artifacts_destination_option = click.option(
    "--artifacts-destination",
    envvar=variables("ARTIFACTS_DESTINATION"),
    show_envvar=True,
    help="Folder or s3://bucket/prefix where the server keeps the artifacts that clients send through it. By default "
    "the one that the server noted in the database when it started.",
)


_NOT_OPENED = ("", "file", "http", "https")
"""Schemes whose locations are not on this machine, or no locations, unless they name a folder or our own store."""


class ArtifactPlaces:
    """Resolves locations of artifacts: ``mlflow-artifacts:`` means the server's own store.

    Deleting in a place that is not the server's would find nothing, and leave the artifacts behind for ever. So a
    place that contradicts what the server noted is refused, and one that is not there too.
    """

    def __init__(self, noted: str | None, given: str | None) -> None:
        self._noted = noted
        self._given = absolute_location(given) if given else None
        self.destination = self._given or noted or absolute_location(DEFAULT_ARTIFACTS)

    def require(self, artifact_uris: Iterable[str]) -> None:
        """Check that the given artifact destination is the server's.

        Raises
        ------
        InvalidParameter: The place is not the one that the server noted, or is not on this machine.
        """
        if all(_own_path(uri) is None for uri in artifact_uris):
            return
        self.require_same()
        self._require_here()

    def _require_here(self) -> None:
        if _is_elsewhere(self.destination):
            raise InvalidParameter(
                f"The artifacts that clients sent through the server are not here: there is no folder "
                f"{self.destination}. Run this where the server runs, or name the place with --artifacts-destination."
            )

    def require_same(self) -> None:
        """Check that no other place was given than the one that the server noted.

        Raises
        ------
        InvalidParameter: It is another, and that of the server is on this machine.
        """
        if self._noted and self._given and self._given != self._noted and not _is_elsewhere(self._noted):
            raise InvalidParameter(
                f"The server keeps artifacts in {self._noted}, not in {self._given}. "
                "Leave --artifacts-destination out, or start the server with the new place first."
            )

    def opened(self, uri: str) -> tuple[ArtifactRepository, str] | None:
        """The repository of a location and the path in it; None where this machine cannot look.

        Raises
        ------
        RunyardException: It cannot be opened: a package is missing, say, or the server's own place is not here.
        """
        try:
            inside = proxied_path(uri)
        except InvalidParameter:
            return None  # another program wrote it: any text is possible
        if inside is not None:
            self._require_here()
            return server_repository(self.destination), inside
        folder = local_path(uri)
        if folder is not None and not folder.parents[min(1, len(folder.parents) - 1)].is_dir():
            return None  # the folder of its experiment is on another machine
        scheme = urlsplit(uri).scheme.lower()
        if folder is None and (scheme in _NOT_OPENED or scheme not in repositories()):
            return None
        above, _, name = uri.rstrip("/").rpartition("/")
        return repository_for(above), name

    def address(self, artifact_uri: str) -> str:
        """The address of artifacts in the store that keeps them."""
        inside = _own_path(artifact_uri)
        return artifact_uri if inside is None else f"{self.destination.rstrip('/')}/{inside}"

    def delete(self, artifact_uri: str, owner: str) -> None:
        """Delete the artifacts of a run or logged model, if there are any."""
        if _is_missing(self.address(artifact_uri)):
            return
        repository = repository_for(artifact_uri, "", self.destination)
        repository.delete()
        _drop_empty_folder(repository.local_path(), owner)


def _own_path(artifact_uri: str) -> str | None:
    """The path in the server's own store; None for locations of other kinds."""
    return proxied_path(artifact_uri) if urlsplit(artifact_uri).scheme == PROXY_SCHEME else None


def _is_missing(address: str) -> bool:
    """Whether neither a folder on this machine is there, nor the one that it would be in."""
    if not address.startswith("/"):
        return False
    try:
        os.lstat(address.rstrip("/").rpartition("/")[0] or "/")
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False  # to look into it says why
    return False


def _is_elsewhere(destination: str) -> bool:
    folder = local_path(destination)
    return folder is not None and not folder.is_dir()


def _drop_empty_folder(artifacts: Path | None, owner: str) -> None:
    """On a local disk, do not leave the own folder of a run or model behind when nothing else is in it."""
    folder = artifacts and artifacts.parent
    if folder and folder.name == owner:
        LocalRepository(folder.parent).clear_away(folder.name)
