"""Reading artifacts by address or by run: what `runyard.artifacts` offers."""

import json
import os
import posixpath
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runyard.artifacts.entities import FileInfo
from runyard.artifacts.paths import PathText, path_text
from runyard.artifacts.transfers import download_artifacts as repository_download
from runyard.client import RunyardClient
from runyard.client.addresses import RUNS, folder_and_name, located
from runyard.core.libraries import required
from runyard.core.model_uri import with_small_scheme
from runyard.exceptions import InvalidParameter

if TYPE_CHECKING:
    from PIL.Image import Image


def download_artifacts(
    artifact_uri: PathText | None = None,
    run_id: str | None = None,
    artifact_path: PathText | None = None,
    dst_path: str | os.PathLike[str] | None = None,
    tracking_uri: str | None = None,
    registry_uri: str | None = None,
) -> str:
    """Download a file or folder; returns its local path.

    Parameters
    ----------
    artifact_uri: The address, such as ``runs:/<run id>/model`` or ``models:/<name>@champion``; or else
    run_id: the run it belongs to, with
    artifact_path: its path among the run's artifacts (all of them when left out).
    dst_path: The folder to put it in; created if it does not exist. A temporary one when left out, or the
        artifact's own path if it is on this machine.
    tracking_uri: Store of the run, if not the current tracking URI.
    registry_uri: Store of the model registry, if not the current registry URI.

    Raises
    ------
    InvalidParameter: Both or neither of address and run were given.
    """
    _require_one(artifact_uri, run_id, artifact_path)
    client = RunyardClient(tracking_uri, registry_uri)
    uri = f"{RUNS}{run_id}/{path_text(artifact_path)}" if artifact_uri is None else path_text(artifact_uri)
    folder, name = folder_and_name(client, *located(client, uri))
    return repository_download(folder, name, dst_path)


def list_artifacts(
    artifact_uri: PathText | None = None,
    run_id: str | None = None,
    artifact_path: PathText | None = None,
    tracking_uri: str | None = None,
) -> list[FileInfo]:
    """The direct contents of a folder of artifacts. The arguments are those of `download_artifacts`.

    Paths are relative to the run's root, or to the folder around the one that an address names (with a slash at the
    end of the address: to that one itself).

    Raises
    ------
    InvalidParameter: Both or neither of address and run were given.
    """
    _require_one(artifact_uri, run_id, artifact_path)
    client = RunyardClient(tracking_uri)
    if run_id is not None:
        return client.list_artifacts(run_id, artifact_path)
    uri = path_text(artifact_uri)
    found, folder = _listed(client, uri)
    outer = folder if uri.endswith("/") else posixpath.dirname(folder)
    above = f"{outer}/" if outer else ""
    return [FileInfo(file.path.removeprefix(above), file.is_dir, file.file_size) for file in found]


def _listed(client: RunyardClient, uri: str) -> tuple[list[FileInfo], str]:
    """The contents of a folder with paths relative to a root, and the folder's own path."""
    uri = with_small_scheme(uri)
    if uri.startswith(RUNS):
        run_id, _, path = uri.removeprefix(RUNS).strip("/").partition("/")
        return client.list_artifacts(run_id, path), path
    root, path = located(client, uri)
    return client.repository(root).list(path), path


def load_text(artifact_uri: PathText) -> str:
    """A text file's content."""
    with tempfile.TemporaryDirectory() as folder:
        return Path(download_artifacts(artifact_uri, dst_path=folder)).read_text(encoding="utf-8")


def load_dict(artifact_uri: PathText) -> Any:
    """The content of a JSON file.

    Raises
    ------
    InvalidParameter: It is not JSON.
    """
    try:
        return json.loads(load_text(artifact_uri))
    except ValueError as problem:
        raise InvalidParameter(f"{artifact_uri} does not hold JSON: {problem}") from None


def load_image(artifact_uri: PathText) -> "Image":
    """A picture, as a PIL image.

    Raises
    ------
    InvalidParameter: It is not a picture that Pillow can read.
    MissingPackage: Pillow is not installed.
    """
    pillow = required("PIL.Image", "load_image")
    with tempfile.TemporaryDirectory() as folder:
        try:
            image: Image = pillow.open(download_artifacts(artifact_uri, dst_path=folder))
            image.load()
        except pillow.UnidentifiedImageError as problem:
            raise InvalidParameter(f"{artifact_uri} is not a picture that Pillow can read: {problem}") from None
    return image


def _require_one(artifact_uri: PathText | None, run_id: str | None, artifact_path: PathText | None) -> None:
    if (artifact_uri is None) == (run_id is None):
        raise InvalidParameter(f"Give either artifact_uri or run_id; got {artifact_uri!r} and {run_id!r}.")
    if artifact_uri is not None and artifact_path is not None:
        raise InvalidParameter(
            f"artifact_path {artifact_path!r} goes with run_id. Write it at the end of artifact_uri instead."
        )
