"""Notes the model and dataset of a measured value as inputs of the run, each once."""

from typing import Protocol

from runyard.client import RunyardClient
from runyard.client.active_model import active
from runyard.tracking.inputs.entities import Dataset as Entity
from runyard.tracking.inputs.entities import DatasetInput, LoggedModelInput

_MAX_REMEMBERED = 10_000

_noted: set[tuple[str, ...]] = set()


class Dataset(Protocol):
    """Data at hand, as `runyard.data` describes it for runs."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def digest(self) -> str:
        """The digest of its version."""

    def _to_mlflow_entity(self) -> Entity: ...


def entity_of(dataset: Dataset | Entity) -> Entity:
    """The dataset as an entity: converted, or as read from a run."""
    return dataset if isinstance(dataset, Entity) else dataset._to_mlflow_entity()


def note_measured_inputs(
    client: RunyardClient,
    run_id: str,
    model_id: str | None,
    dataset: Dataset | Entity | None,
    synchronous: bool | None,
) -> None:
    """Note the model (by default the active one) and the dataset as inputs of a run."""
    model_id = model_id or active.model_id
    model_key = (client.tracking_uri, run_id, model_id or "")
    dataset_key = (client.tracking_uri, run_id, dataset.name, dataset.digest) if dataset is not None else None
    models = [LoggedModelInput(model_id)] if model_id and model_key not in _noted else []
    new_data = dataset is not None and dataset_key not in _noted
    datasets = [DatasetInput(entity_of(dataset), [])] if dataset is not None and new_data else []
    if models or datasets:
        client.log_inputs(run_id, datasets, models, synchronous=client.connection.waits(synchronous))
        if len(_noted) >= _MAX_REMEMBERED:
            _noted.clear()
        _noted.update(key for key in (model_key, dataset_key) if key)
