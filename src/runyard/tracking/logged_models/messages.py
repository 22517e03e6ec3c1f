"""What is said about logged models."""

from dataclasses import field

from runyard.protocol.message import Message, Part
from runyard.protocol.types import ExperimentId
from runyard.tracking.experiments.messages import Tag
from runyard.tracking.runs.messages import Param


class DatasetFilter(Part):
    """A dataset that metrics must have been logged with."""

    dataset_name: str
    dataset_digest: str | None = None


class ModelOrder(Part):
    """A key that logged models are ordered by."""

    field_name: str
    ascending: bool = True
    dataset_name: str | None = None
    dataset_digest: str | None = None


class ModelOutput(Part):
    """A logged model that a run put out."""

    model_id: str
    step: int = 0


class CreateLoggedModel(Message, post="logged-models", needs="experiment.edit"):
    """Begin a model in an experiment. Its status is pending until it is finalised."""

    experiment_id: ExperimentId
    name: str = ""
    model_type: str = ""
    source_run_id: str = ""
    params: list[Param] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)


class GetLoggedModel(Message, get="logged-models/{model_id}", needs="run.read"):
    """One logged model with its params, tags and metrics."""

    model_id: str
    allow_deleted: bool = False


class FinalizeLoggedModel(Message, patch="logged-models/{model_id}", needs="run.edit"):
    """Say how the logging of a model ended."""

    model_id: str
    status: str


class DeleteLoggedModel(Message, delete="logged-models/{model_id}", needs="run.delete"):
    """Mark a logged model as deleted. Repeating it changes nothing."""

    model_id: str


class SetLoggedModelTags(Message, patch="logged-models/{model_id}/tags", needs="run.edit"):
    """Set or replace tags."""

    model_id: str
    tags: list[Tag] = field(default_factory=list)


class DeleteLoggedModelTag(Message, delete="logged-models/{model_id}/tags/{tag_key}", needs="run.edit"):
    """Remove a tag."""

    model_id: str
    tag_key: str


class LogLoggedModelParams(Message, post="logged-models/{model_id}/params", needs="run.edit"):
    """Add params; a key that is there already is refused."""

    model_id: str
    params: list[Param] = field(default_factory=list)


class SearchLoggedModels(Message, post="logged-models/search", kind="read", needs="run.read"):
    """Logged models of some experiments that match a filter, a page at a time; the newest first unless ordered."""

    experiment_ids: list[ExperimentId]
    filter: str | None = None
    datasets: list[DatasetFilter] = field(default_factory=list)
    max_results: int = 50
    order_by: list[ModelOrder] = field(default_factory=list)
    page_token: str | None = None


class ListLoggedModelArtifacts(Message, get="logged-models/{model_id}/artifacts/directories", needs="run.read"):
    """Files and folders of a logged model, one level."""

    model_id: str
    artifact_directory_path: str | None = None
    page_token: str | None = None


class LogOutputs(Message, post="runs/outputs", needs="run.edit"):
    """Note the logged models a run put out."""

    run_id: str
    models: list[ModelOutput]
