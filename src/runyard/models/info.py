"""Information about a model, without loading it."""

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from runyard.models.loading import described_at, logged_model_at
from runyard.models.mlmodel import MLmodel
from runyard.models.signature import ModelSignature

if TYPE_CHECKING:
    from runyard.tracking.logged_models.entities import LoggedModel


@dataclass
class ModelInfo:
    """A model that was logged or saved.

    Attributes
    ----------
    model_uri: Its address: what loads it.
    flavors: Settings by flavor.
    signature: Its inputs and outputs, or None.
    registered_model_version: The version it was registered as, when it was.
    """

    artifact_path: str | None
    flavors: dict[str, Any]
    model_uri: str
    model_uuid: str | None
    run_id: str | None
    saved_input_example_info: dict[str, Any] | None
    signature: ModelSignature | None
    utc_time_created: str
    mlflow_version: str | None
    metadata: dict[str, Any] | None = None
    prompts: list[str] | None = None
    registered_model_version: int | None = None
    env_vars: list[str] | None = None
    model_id: str | None = None
    name: str | None = None
    params: dict[str, str] | None = None
    tags: dict[str, str] | None = None
    metrics: list[Any] | None = None
    creation_timestamp: int | None = None
    signature_dict: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def _model_uuid(self) -> str | None:
        """`model_uuid`, where libraries for MLflow look for it."""
        return self.model_uuid

    @property
    def _run_id(self) -> str | None:
        """`run_id`, where libraries for MLflow look for it."""
        return self.run_id


def info_of(model: MLmodel, logged_model: "LoggedModel | None" = None, uri: str | None = None) -> ModelInfo:
    """A description as a model's info.

    Parameters
    ----------
    logged_model: The logged model it is, for its name, params, tags and metrics.
    uri: Its address; that of the logged model, or below the run that logged it, when left out.
    """
    found = ModelInfo(
        artifact_path=model.artifact_path,
        flavors=model.flavors,
        model_uri=uri
        or (f"models:/{model.model_id}" if model.model_id else f"runs:/{model.run_id}/{model.artifact_path}"),
        model_uuid=model.model_uuid,
        run_id=model.run_id,
        saved_input_example_info=model.saved_input_example_info,
        signature=model.signature,
        signature_dict=model.signature.to_dict() if model.signature else None,
        utc_time_created=model.utc_time_created,
        mlflow_version=model.mlflow_version,
        metadata=model.metadata,
        prompts=model.prompts,
        env_vars=model.env_vars,
        model_id=model.model_id,
    )
    if logged_model is not None:
        found.model_id, found.name = logged_model.model_id, logged_model.name
        found.params, found.tags, found.metrics = logged_model.params, logged_model.tags, logged_model.metrics
        found.creation_timestamp = logged_model.creation_timestamp
    return found


def get_model_info(model_uri: str | os.PathLike[str]) -> ModelInfo:
    """What the MLmodel file at an address says, and the logged model it belongs to where there is one.

    Parameters
    ----------
    model_uri: ``runs:/…``, ``models:/…``, a folder, or any other address of artifacts.

    Raises
    ------
    InvalidParameter: There is no model.
    """
    uri = os.fspath(model_uri)
    return info_of(described_at(uri), logged_model_at(uri), uri)
