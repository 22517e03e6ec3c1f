"""Logs models: saves to a temporary folder, stores as a logged model, and optionally registers."""

import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from runyard.artifacts.paths import path_text
from runyard.client import RunyardClient
from runyard.exceptions import RunyardException, Unavailable
from runyard.fluent.logged_models import initialize_logged_model
from runyard.fluent.registry import register_model
from runyard.models.info import ModelInfo, info_of
from runyard.models.mlmodel import MLmodel
from runyard.tracking.inputs.entities import LoggedModelOutput
from runyard.tracking.logged_models.entities import LoggedModel, LoggedModelStatus

log = logging.getLogger(__name__)


class SavesModels(Protocol):
    """A flavor's module."""

    def save_model(self, *args: Any, path: str, mlflow_model: MLmodel, **kwargs: Any) -> Any:
        """Save a model to a folder, and fill in its description."""


def log_model(
    description: type[MLmodel],
    artifact_path: str | None,
    flavor: SavesModels,
    registered_model_name: str | None = None,
    await_registration_for: int | None = 300,
    metadata: dict[str, Any] | None = None,
    run_id: str | None = None,
    resources: Any = None,
    auth_policy: Any = None,
    prompts: list[str] | None = None,
    name: str | None = None,
    model_type: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    step: int = 0,
    model_id: str | None = None,
    **kwargs: Any,
) -> ModelInfo:
    """Save a model with a flavor's module and store it as a logged model.

    Parameters
    ----------
    description: The class of its description.
    artifact_path: What version 2 calls the name.
    flavor: A module with ``save_model``.
    registered_model_name: The registered model to add it to; created if it does not exist.
    await_registration_for: Seconds to wait until the version is ready, which it is at once.
    metadata: Data to store with the model.
    run_id: The run it belongs to; the active one when left out. Without one it belongs to the experiment alone.
    prompts, resources, auth_policy: Kept in the description.
    name: The logged model's name.
    model_type: What kind of model it is.
    params, tags: Params and tags of the logged model.
    step: The step of the run at which it was made.
    model_id: A logged model that was created before; a new one when left out.
    kwargs: For the flavor's ``save_model``.

    Raises
    ------
    RunyardException: It could not be saved or stored; the logged model is marked as failed then.
    """
    logged = _begun(path_text(name or artifact_path) or None, run_id, model_type, params, tags, model_id)
    client = RunyardClient()
    model = description(
        artifact_path=logged.artifact_location,
        model_uuid=logged.model_id,
        run_id=logged.source_run_id,
        metadata=metadata,
        resources=resources,
        auth_policy=auth_policy,
        prompts=prompts,
        model_id=logged.model_id,
    )
    try:
        with tempfile.TemporaryDirectory(prefix="runyard-model-") as scratch:
            folder = Path(scratch, "model")
            flavor.save_model(path=str(folder), mlflow_model=model, **kwargs)
            client.log_model_artifacts(logged.model_id, folder)
    except BaseException:
        _mark_failed(client, logged)
        raise
    logged = client.finalize_logged_model(logged.model_id, LoggedModelStatus.READY)
    if logged.source_run_id:
        client.log_outputs(logged.source_run_id, [LoggedModelOutput(logged.model_id, step)])
    info = info_of(model, logged)
    if registered_model_name is not None:
        info.registered_model_version = _registered(client, logged, registered_model_name, await_registration_for)
    return info


def _registered(client: RunyardClient, logged: LoggedModel, name: str, seconds: int | None) -> int | None:
    """The number of the new version; None, with a warning, while the server is away that the model waits for."""
    uri = f"models:/{logged.model_id}"
    try:
        return int(register_model(uri, name, await_registration_for=seconds).version)
    except Unavailable:
        if not client.connection.is_away():
            raise
    log.warning(
        "The server is away. The model is kept and delivered later, but it is not a version of %r. When the server is "
        "back, register it: register_model(%r, %r)",
        name,
        uri,
        name,
    )
    return None


def _begun(
    name: str | None,
    run_id: str | None,
    model_type: str | None,
    params: Mapping[str, Any] | None,
    tags: Mapping[str, Any] | None,
    model_id: str | None,
) -> LoggedModel:
    """The logged model to fill."""
    client = RunyardClient()
    if model_id is not None:
        logged = client.get_logged_model(model_id)
        if params:
            client.log_model_params(model_id, params)
        if tags:
            client.set_logged_model_tags(model_id, tags)
        return logged
    experiment_id = None
    if run_id:  # while its server is away, the run's experiment is found on delivery
        experiment_id = "" if client.connection.is_away() else client.get_run(run_id).info.experiment_id
    return initialize_logged_model(name, run_id, tags, params, model_type, experiment_id)


def _mark_failed(client: RunyardClient, logged: LoggedModel) -> None:
    try:
        client.finalize_logged_model(logged.model_id, LoggedModelStatus.FAILED)
    except RunyardException as problem:  # report the first error, not this one
        log.warning("The logged model %s could not be marked as failed: %s", logged.model_id, problem)
