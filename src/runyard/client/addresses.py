"""Resolves artifact addresses: ``runs:/`` and ``models:/`` to the location of the files."""

import posixpath
from typing import Protocol
from urllib.parse import unquote, urlunsplit

from runyard.artifacts.addresses import PERCENT_ENCODED, address_parts
from runyard.artifacts.paths import joined, safe_path
from runyard.artifacts.repository import ArtifactRepository
from runyard.core.credentials import shown_address
from runyard.core.model_uri import ModelUri, is_model_uri, parse_model_uri, with_small_scheme
from runyard.exceptions import InvalidParameter
from runyard.registry.model_versions.entities import ModelVersion
from runyard.tracking.logged_models.entities import LoggedModel
from runyard.tracking.runs.entities import Run

RUNS = "runs:/"


class Directory(Protocol):
    """What resolving needs of a client: runs, models and repositories."""

    def get_run(self, run_id: str) -> Run:
        """A run by id."""

    def get_logged_model(self, model_id: str) -> LoggedModel:
        """A logged model by id."""

    def resolved_version(self, wanted: ModelUri) -> ModelVersion:
        """The version that an address names."""

    def get_model_version_download_uri(self, name: str, version: str) -> str:
        """Where the files of a version are."""

    def repository(self, artifact_uri: str) -> ArtifactRepository:
        """The artifact repository for a URI."""


def followed(client: Directory, uri: str) -> tuple[str, str]:
    """The root location of an address, and the path below it. Other addresses are returned as they are, without a path.

    Raises
    ------
    RunyardException: What the address names does not exist, or it is malformed.
    """
    uri = with_small_scheme(uri)
    if uri.startswith(RUNS):
        return _of_run(client, uri)
    if is_model_uri(uri):
        return _of_model(client, uri)
    return uri, ""


def _of_run(client: Directory, uri: str) -> tuple[str, str]:
    run_id, _, path = uri.removeprefix(RUNS).strip("/").partition("/")
    if not run_id:
        raise InvalidParameter(f"{shown_address(uri)!r} names no run. Write runs:/<run id>/<path>.")
    run, path = client.get_run(run_id), safe_path(path)
    own = run.info.artifact_uri or ""
    model = model_in_run(client, run, path)
    if model is None:
        return own, path
    _, _, below = path.partition("/")
    if below and _is_stored(client, own, path):
        return own, path
    return model.artifact_location, below


def model_in_run(client: Directory, run: Run, path: str) -> LoggedModel | None:
    """The logged model that a path in a run's artifacts refers to; the newest of several.

    Since MLflow 3 a model's files are its own, not the run's, but ``runs:/<run id>/<model's name>`` is still how they
    are addressed.
    """
    name = path.partition("/")[0]
    ids = [output.model_id for output in run.outputs.model_outputs] if name and run.outputs else []
    models = [client.get_logged_model(model_id) for model_id in ids]
    return max((model for model in models if model.name == name), key=_age, default=None)


def _age(model: LoggedModel) -> int:
    return model.creation_timestamp


def _is_stored(client: Directory, root: str, path: str) -> bool:
    folder, _ = posixpath.split(path)
    return any(file.path == path for file in client.repository(root).list(folder))


def _of_model(client: Directory, uri: str) -> tuple[str, str]:
    wanted = parse_model_uri(uri)
    if wanted.model_id:
        return client.get_logged_model(wanted.model_id).artifact_location, safe_path(wanted.path)
    version = client.resolved_version(wanted)
    location = client.get_model_version_download_uri(version.name, version.version)
    root, path = _of_run(client, location) if location.startswith(RUNS) else (location, "")
    return root, joined(path, safe_path(wanted.path)) if wanted.path else path


def located(client: Directory, uri: str) -> tuple[str, str]:
    """The folder that holds the target of an address of any kind, and the target's path in it."""
    uri = with_small_scheme(uri)
    if uri.startswith(RUNS):
        return followed(client, uri)
    if not is_model_uri(uri):
        return parent_and_name(uri)
    root, path = followed(client, uri)
    if not path and not client.repository(root).list():
        return parent_and_name(root)  # a model may be a single file
    return root, path


def parent_and_name(uri: str) -> tuple[str, str]:
    """An address split into its folder's address and its last part; a root is returned whole with an empty one."""
    parts = address_parts(uri)
    if not parts.scheme:
        folder, name = posixpath.split(posixpath.abspath(uri))
        return folder, name
    if uri.endswith("/"):
        return uri, ""
    if parts.scheme.lower() not in PERCENT_ENCODED:
        head, _, name = uri.rpartition("/")
        return (head, name) if "/" in head.partition("://")[2] else (uri, "")
    head, _, name = parts.path.rpartition("/")
    return (urlunsplit(parts._replace(path=head)), unquote(name)) if head else (uri, "")


def folder_and_name(client: Directory, root: str, path: str) -> tuple[ArtifactRepository, str]:
    """The repository of the folder around a path below a root, and the path's last part, which names copies."""
    folder, name = posixpath.split(safe_path(path))
    return client.repository(root).below(folder), name
