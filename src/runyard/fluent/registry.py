"""Registering models and finding registered ones."""

import logging
import os
import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from runyard.artifacts.addresses import local_path, proxied_path, uri_joined
from runyard.client import RunyardClient
from runyard.client.addresses import RUNS, followed
from runyard.core.credentials import shown_address
from runyard.core.model_uri import is_model_uri, parse_model_uri, with_small_scheme
from runyard.core.paged_list import PagedList, all_pages
from runyard.exceptions import AlreadyExists, InvalidParameter, RunyardException
from runyard.fluent.clients import client as current_client
from runyard.fluent.experiments import current_experiment_id
from runyard.registry.model_versions.entities import ModelVersion
from runyard.registry.names import check_model_name
from runyard.registry.registered_models.entities import RegisteredModel

log = logging.getLogger("runyard")

_MODELS_PAGE, _VERSIONS_PAGE = 1_000, 10_000

AWAIT_SECONDS = 300
"""How long a registration may take, unless the caller says."""


def register_model(
    model_uri: str | os.PathLike[str],
    name: str,
    await_registration_for: int | None = AWAIT_SECONDS,
    *,
    tags: Mapping[str, Any] | None = None,
    env_pack: Any = None,
) -> ModelVersion:
    """Add a version under a registered model, which is made when it is not there.

    Parameters
    ----------
    model_uri: ``runs:/<run id>/<path>``, ``models:/m-<id>``, ``models:/<name>/<version>``, a folder of this machine, or
        an address in an object store. With a server, a folder is stored there first, as a logged model of the current
        experiment.
    name: The registered model.
    await_registration_for: Taken for compatibility: a version can be used as soon as this returns.
    tags: Tags of the new version.
    env_pack: Not offered: environments are packed when a model is served.

    Raises
    ------
    RunyardException: There is nothing at the address, or the registry may not point there.
    """
    if env_pack is not None:
        raise InvalidParameter("'env_pack' belongs to another vendor's serving. Leave it out.")
    check_model_name(name)
    client = current_client()
    source = _source(client, os.fspath(model_uri))  # first: an address that leads nowhere leaves no empty model
    try:
        client.create_registered_model(name)
        log.info("Registered the model %r.", name)
    except RunyardException as problem:
        if problem.error_code != AlreadyExists.code:
            raise
    version = client.create_model_version(name, source.uri, source.run_id, tags, model_id=source.model_id)
    log.info("Added version %s of the registered model %r.", version.version, name)
    return version


class _Source(NamedTuple):
    """Where a new version comes from."""

    uri: str
    run_id: str | None = None
    model_id: str | None = None


def _source(client: RunyardClient, uri: str) -> _Source:
    """What an address means to the registry."""
    uri = with_small_scheme(uri)
    if uri.startswith(RUNS):
        run_id, _, path = uri.removeprefix(RUNS).strip("/").partition("/")
        logged = _logged_by(client, run_id, path)
        if logged:
            return _of_logged_model(client, logged, run_id)
        root, path = followed(client, uri)
        _check_there(client, uri, root, path)
        return _Source(uri_joined(root, path), run_id)
    if is_model_uri(uri):
        wanted = parse_model_uri(uri)
        if wanted.path:
            raise InvalidParameter(f"{shown_address(uri)!r} is a part of a model. Register the whole of it.")
        if wanted.model_id:
            return _of_logged_model(client, wanted.model_id)
        version = client.resolved_version(wanted)
        return _Source(f"models:/{version.name}/{version.version}")
    try:
        folder = local_path(uri) if urlsplit(uri).scheme else Path(uri)
    except ValueError:
        raise InvalidParameter(f"{shown_address(uri)!r} is not a valid address.") from None
    if folder is None:
        return _Source(uri)
    if not folder.exists():
        raise InvalidParameter(f"There is nothing at {str(folder)!r} that could be registered.")
    if client.registry_uri.startswith(("http:", "https:")):
        if not _in_one_store(client):
            raise InvalidParameter(
                f"{str(folder)!r} cannot be registered at {client.registry.transport.address}: what is stored at "
                f"{client.connection.transport.address}, where runs are logged, it does not have. "
                "Set both addresses to one server, or register an address in an object store."
            )
        return _stored(client, folder.absolute())
    return _Source(str(folder.absolute()))


def _in_one_store(client: RunyardClient) -> bool:
    """Whether the registry is in the store of runs."""
    return client.registry.transport.address == client.connection.transport.address


def _of_logged_model(client: RunyardClient, model_id: str, run_id: str | None = None) -> _Source:
    """A logged model; the place of its files if the registry is a store that does not know the model."""
    model = client.get_logged_model(model_id)
    if _in_one_store(client):
        return _Source(f"models:/{model_id}", run_id, model_id)
    return _Source(model.artifact_location, run_id or model.source_run_id)


def _check_there(client: RunyardClient, uri: str, root: str, path: str) -> None:
    """Refuse a path of a run at which there is nothing. Object stores are not asked: that may need credentials."""
    if not path or (local_path(root) is None and proxied_path(root) is None):
        return
    folder, _ = posixpath.split(path)
    if all(entry.path != path for entry in client.repository(root).list(folder)):
        shown = shown_address(uri)
        raise InvalidParameter(f"There is nothing at {shown!r}: neither files nor a logged model of that name.")


def _logged_by(client: RunyardClient, run_id: str, name: str) -> str:
    """Id of the logged model of this name that a run produced; empty when there is none."""
    if not name or "/" in name:
        return ""
    experiment = client.get_run(run_id).info.experiment_id
    asked = f"source_run_id = '{run_id}'"
    found = client.search_logged_models([experiment], filter_string=asked, max_results=1_000)
    return next((model.model_id for model in found if model.name == name), "")


def _stored(client: RunyardClient, folder: Path) -> _Source:
    """Store a folder as a logged model, for a server cannot read this machine's files."""
    model = client.create_logged_model(current_experiment_id())
    try:
        if folder.is_dir():
            client.log_model_artifacts(model.model_id, str(folder))
        else:
            client.log_model_artifact(model.model_id, str(folder))
    except BaseException:
        client.finalize_logged_model(model.model_id, "FAILED")
        raise
    client.finalize_logged_model(model.model_id, "READY")
    return _Source(f"models:/{model.model_id}", model_id=model.model_id)


def search_registered_models(
    max_results: int | None = None, filter_string: str | None = None, order_by: list[str] | None = None
) -> list[RegisteredModel]:
    """Registered models that match a filter; all of them unless `max_results` is given.

    Parameters
    ----------
    max_results: Maximum number of results.
    filter_string: Such as ``name LIKE 'fraud%' AND tags.team = 'red'``.
    order_by: Such as ``["last_updated_timestamp DESC"]``; by name when left out.
    """
    client = current_client()

    def page(size: int, token: str | None) -> PagedList[RegisteredModel]:
        return client.search_registered_models(filter_string, size, order_by, token)

    return list(all_pages(page, _MODELS_PAGE, max_results))


def search_model_versions(
    max_results: int | None = None, filter_string: str | None = None, order_by: list[str] | None = None
) -> list[ModelVersion]:
    """Model versions that match a filter; all of them unless `max_results` is given.

    Parameters
    ----------
    max_results: Maximum number of results.
    filter_string: Such as ``name = 'fraud' AND tags.validated = 'yes'``.
    order_by: Such as ``["version_number DESC"]``; those changed last first when left out.
    """
    client = current_client()

    def page(size: int, token: str | None) -> PagedList[ModelVersion]:
        return client.search_model_versions(filter_string, size, order_by, token)

    return list(all_pages(page, _VERSIONS_PAGE, max_results))


def set_model_version_tag(
    name: str, version: str | int | None = None, key: str | None = None, value: Any = None
) -> None:
    """Set or replace a tag of a model version."""
    current_client().set_model_version_tag(name, version, key, value)
