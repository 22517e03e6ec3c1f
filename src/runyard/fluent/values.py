"""Logging metrics, params, tags and inputs to the active run, or to a new one if there is none."""

from collections.abc import Mapping, Sequence
from typing import Any

from runyard.client.active_model import active
from runyard.core.clock import now_ms
from runyard.core.tags import CONTEXT_TAG
from runyard.exceptions import InvalidParameter
from runyard.fluent.measured_inputs import Dataset, entity_of, note_measured_inputs
from runyard.fluent.stack import addressed
from runyard.tracking.inputs.entities import DatasetInput, InputTag, LoggedModelInput
from runyard.tracking.metrics.entities import Metric
from runyard.tracking.runs.entities import Param, RunTag


def log_metric(
    key: str,
    value: float,
    step: int | None = None,
    synchronous: bool | None = None,
    timestamp: int | None = None,
    run_id: str | None = None,
    model_id: str | None = None,
    dataset: Dataset | None = None,
) -> Any:
    """Log one point of a metric.

    Parameters
    ----------
    key: The metric's name.
    value: A number; scalars of numpy and tensor libraries work too.
    step: Training step; 0 by default.
    synchronous: True waits until it is stored.
    timestamp: Milliseconds since 1970; now by default.
    run_id: Log to this run instead of the active one.
    model_id: The logged model that was measured; by default the active one. Noted as an input of the run.
    dataset: The data it was measured on; noted as an input of the run.
    """
    client, run = addressed(run_id)
    name, digest = (dataset.name, dataset.digest) if dataset is not None else (None, None)
    if model_id or dataset is not None or active.model_id:
        note_measured_inputs(client, run, model_id, dataset, synchronous)
    return client.log_metric(run, key, value, timestamp, step, synchronous, name, digest, model_id)


def log_metrics(
    metrics: Mapping[str, float],
    step: int | None = None,
    synchronous: bool | None = None,
    run_id: str | None = None,
    timestamp: int | None = None,
    model_id: str | None = None,
    dataset: Dataset | None = None,
) -> Any:
    """Log a point of several metrics at once. The arguments are those of `log_metric`."""
    client, run = addressed(run_id)
    name, digest = (dataset.name, dataset.digest) if dataset is not None else (None, None)
    if model_id or dataset is not None or active.model_id:
        note_measured_inputs(client, run, model_id, dataset, synchronous)
    when, where = now_ms() if timestamp is None else timestamp, 0 if step is None else step
    points = [Metric(key, value, when, where, model_id, name, digest) for key, value in metrics.items()]
    return client.log_batch(run, metrics=points, synchronous=synchronous)


def log_param(key: str, value: Any, synchronous: bool | None = None) -> Any:
    """Log a setting of the run, as text. It cannot be changed: another value later is an error.

    Returns
    -------
    The value; with ``synchronous=False`` an object to wait for.
    """
    client, run = addressed(None)
    return client.log_param(run, key, value, synchronous)


def log_params(params: Mapping[str, Any], synchronous: bool | None = None, run_id: str | None = None) -> Any:
    """Log several settings at once."""
    client, run = addressed(run_id)
    return client.log_batch(
        run, params=[Param(key, str(value)) for key, value in params.items()], synchronous=synchronous
    )


def set_tag(key: str, value: Any, synchronous: bool | None = None) -> Any:
    """Set or replace a tag of the run."""
    client, run = addressed(None)
    return client.set_tag(run, key, value, synchronous)


def set_tags(tags: Mapping[str, Any], synchronous: bool | None = None) -> Any:
    """Set or replace several tags at once."""
    client, run = addressed(None)
    return client.log_batch(run, tags=[RunTag(key, str(value)) for key, value in tags.items()], synchronous=synchronous)


def delete_tag(key: str) -> None:
    """Remove a tag of the run.

    Raises
    ------
    DoesNotExist: The run has no such tag.
    """
    client, run = addressed(None)
    client.delete_tag(run, key)


def log_input(
    dataset: Dataset | None = None,
    context: str | None = None,
    tags: Mapping[str, str] | None = None,
    model: Any = None,
) -> None:
    """Note a dataset that the run uses, with what for (such as ``training``), or a logged model."""
    client, run = addressed(None)
    datasets = [_use_of(dataset, context, tags)] if dataset is not None else []
    client.log_inputs(run, datasets, [LoggedModelInput(model.model_id)] if model is not None else [])


def log_inputs(
    datasets: Sequence[Dataset] | None = None,
    contexts: Sequence[str | None] | None = None,
    tags_list: Sequence[Mapping[str, str] | None] | None = None,
    models: Sequence[Any] | None = None,
) -> None:
    """Note several datasets, each with its context and tags, and logged models.

    Raises
    ------
    InvalidParameter: The number of contexts or tags is not that of datasets.
    """
    given = list(datasets or ())
    for name, others in (("contexts", contexts), ("tags_list", tags_list)):
        if others is not None and len(others) != len(given):
            raise InvalidParameter(f"{name!r} has {len(others)} entries for {len(given)} datasets. Give one for each.")
    uses = [
        _use_of(dataset, context, tags)
        for dataset, context, tags in zip(
            given, contexts or [None] * len(given), tags_list or [None] * len(given), strict=True
        )
    ]
    client, run = addressed(None)
    client.log_inputs(run, uses, [LoggedModelInput(model.model_id) for model in models or ()])


def _use_of(dataset: Dataset, context: str | None, tags: Mapping[str, str] | None) -> DatasetInput:
    labels = ({CONTEXT_TAG: context} if context else {}) | dict(tags or {})
    return DatasetInput(entity_of(dataset), [InputTag(key, str(value)) for key, value in labels.items()])
