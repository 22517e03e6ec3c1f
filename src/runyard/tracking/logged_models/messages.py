"""Messages of logged models."""

from dataclasses import field
from typing import Annotated

from runyard.core.entity import Tag
from runyard.core.limits import (
    MAX_MODEL_PARAM_KEY,
    MAX_TEXT_VALUE,
    check_key,
    check_made_id,
    check_run_id,
    check_text,
    shown,
)
from runyard.exceptions import BadRequest, InvalidParameter
from runyard.protocol.answer import Answer, Nothing
from runyard.protocol.message import Message, Part
from runyard.protocol.types import Choice, ExperimentId
from runyard.tracking.artifacts.messages import ArtifactsFound
from runyard.tracking.experiments.messages import check_home, experiment_number
from runyard.tracking.inputs.entities import LoggedModelOutput
from runyard.tracking.logged_models.entities import LoggedModel, LoggedModelStatus
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import check_tag

MODEL_STATUSES = tuple((status.to_wire(), status.to_int()) for status in LoggedModelStatus)
ModelStatus = Annotated[str, Choice(MODEL_STATUSES)]

MAX_MODEL_NAME = 500
MAX_EXPERIMENTS = 1_000
_NOT_IN_NAMES = frozenset("/:.%\"'")


def check_logged_model_name(name: str) -> None:
    """Refuse a name that could not stand in an address."""
    bad = sorted(_NOT_IN_NAMES.intersection(name))
    if bad:
        raise InvalidParameter(
            f"Invalid name of a logged model {shown(name)}: it may not hold {' '.join(bad)}, "
            "nor any other of / : . % and quotes."
        )
    check_text("The name", name, MAX_MODEL_NAME)


def check_params(params: list[Param]) -> None:
    """Refuse params that break a rule, or a key given twice.

    Clients send what a model was made with as it is: keys need not be such as runs have, and may be a little longer.
    """
    for index, param in enumerate(params):
        if not param.key:
            raise InvalidParameter(f"Missing value for required parameter 'params[{index}].key'.")
        check_text(f"params[{index}].key", param.key, MAX_MODEL_PARAM_KEY)
        check_text(f"The value of param {shown(param.key)}", param.value, MAX_TEXT_VALUE)
    keys = [param.key for param in params]
    if len(set(keys)) < len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise BadRequest(f"Param {twice!r} is given twice in 'params'. Send each key once.")


def check_tags(tags: list[Tag]) -> None:
    """Refuse tags that break a rule."""
    for index, tag in enumerate(tags):
        check_tag(f"tags[{index}].", tag)


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


class LoggedModelFound(Answer):
    """One logged model."""

    model: LoggedModel


class LoggedModelsFound(Answer):
    """A page of logged models; the token leads to the next, if there is one."""

    models: list[LoggedModel] = field(default_factory=list)
    next_page_token: str | None = None


class CreateLoggedModel(Message[LoggedModelFound], post="logged-models", needs="experiment.edit"):
    """Create a model in an experiment. Its status is pending until it is finalised."""

    experiment_id: ExperimentId
    name: str = ""
    model_type: str = ""
    source_run_id: str = ""
    params: list[Param] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)

    def check(self) -> None:
        experiment_number(self.experiment_id)
        self.check_description()

    def check_description(self) -> None:
        """Check the fields that describe the model."""
        check_logged_model_name(self.name)
        check_text("model_type", self.model_type, MAX_MODEL_NAME)
        check_text("source_run_id", self.source_run_id, 256)
        check_params(self.params)
        check_tags(self.tags)


class StartLoggedModel(
    Message[LoggedModelFound], post="logged-models/start", family="runyard", needs="experiment.edit"
):
    """Create a model with an id made by the caller, as programs do that began while the server was away.

    Its experiment is given by id, or by name and created if it does not exist; else it is that of the run
    that creates the model. Repeating it changes nothing.
    """

    model_id: str
    experiment_id: ExperimentId = ""
    experiment_name: str = ""
    name: str = ""
    model_type: str = ""
    source_run_id: str = ""
    params: list[Param] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)

    def check(self) -> None:
        if not self.model_id.startswith("m-"):
            raise InvalidParameter(
                f"Invalid value {shown(self.model_id)} for parameter 'model_id': begin it with 'm-'."
            )
        check_made_id("model_id", self.model_id.removeprefix("m-"))
        if not (self.source_run_id and not self.experiment_id and not self.experiment_name):
            check_home(self.experiment_id, self.experiment_name)
        self.described("0").check_description()

    def described(self, experiment_id: str) -> CreateLoggedModel:
        """The model as one of this experiment."""
        return CreateLoggedModel(
            experiment_id=experiment_id,
            name=self.name,
            model_type=self.model_type,
            source_run_id=self.source_run_id,
            params=self.params,
            tags=self.tags,
        )


class GetLoggedModel(Message[LoggedModelFound], get="logged-models/{model_id}", needs="run.read"):
    """One logged model with its params, tags and metrics."""

    model_id: str
    allow_deleted: bool = False


class FinalizeLoggedModel(Message[LoggedModelFound], patch="logged-models/{model_id}", needs="run.edit"):
    """Set the final status of a model."""

    model_id: str
    status: ModelStatus


class DeleteLoggedModel(Message[Nothing], delete="logged-models/{model_id}", needs="run.delete"):
    """Mark a logged model as deleted. Repeating it changes nothing."""

    model_id: str


class SetLoggedModelTags(Message[Nothing], patch="logged-models/{model_id}/tags", needs="run.edit"):
    """Set or replace tags."""

    model_id: str
    tags: list[Tag] = field(default_factory=list)

    def check(self) -> None:
        check_tags(self.tags)


class DeleteLoggedModelTag(Message[Nothing], delete="logged-models/{model_id}/tags/{tag_key}", needs="run.edit"):
    """Remove a tag."""

    model_id: str
    tag_key: str

    def check(self) -> None:
        check_key("tag_key", self.tag_key)


class LogLoggedModelParams(Message[Nothing], post="logged-models/{model_id}/params", needs="run.edit"):
    """Add params; a key that is there already is refused."""

    model_id: str
    params: list[Param] = field(default_factory=list)

    def check(self) -> None:
        check_params(self.params)


class SearchLoggedModels(Message[LoggedModelsFound], post="logged-models/search", kind="read", needs="run.read"):
    """Logged models of some experiments that match a filter, a page at a time; the newest first unless ordered."""

    experiment_ids: list[ExperimentId]
    filter: str | None = None
    datasets: list[DatasetFilter] = field(default_factory=list)
    max_results: int = 50
    order_by: list[ModelOrder] = field(default_factory=list)
    page_token: str | None = None

    def check(self) -> None:
        if not self.experiment_ids:
            raise InvalidParameter("Missing value for required parameter 'experiment_ids'.")
        if len(self.experiment_ids) > MAX_EXPERIMENTS:
            raise InvalidParameter(f"At most {MAX_EXPERIMENTS} experiments are searched at once.")
        for experiment_id in self.experiment_ids:
            experiment_number(experiment_id)
        if self.max_results < 0:
            raise InvalidParameter(f"Invalid value {self.max_results} for parameter 'max_results': use 1 or more.")


class ListLoggedModelArtifacts(
    Message[ArtifactsFound], get="logged-models/{model_id}/artifacts/directories", needs="run.read"
):
    """Files and folders of a logged model, one level."""

    model_id: str
    artifact_directory_path: str | None = None
    page_token: str | None = None


class LogOutputs(Message[Nothing], post="runs/outputs", needs="run.edit"):
    """Note logged models as outputs of a run."""

    run_id: str
    models: list[LoggedModelOutput]

    def check(self) -> None:
        check_run_id(self.run_id)
        for index, model in enumerate(self.models):
            check_text(f"models[{index}].model_id", model.model_id, 256)
