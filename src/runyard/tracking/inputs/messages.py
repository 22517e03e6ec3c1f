"""Messages of the datasets and models that runs use."""

from dataclasses import field

from runyard.core.limits import (
    MAX_DATASET_DIGEST,
    MAX_DATASET_NAME,
    MAX_DATASET_PROFILE,
    MAX_DATASET_SCHEMA,
    MAX_DATASET_SOURCE,
    MAX_INPUT_TAG_KEY,
    MAX_INPUT_TAG_VALUE,
    MAX_KEY,
    check_count,
    check_run_id,
    check_text,
)
from runyard.protocol.answer import Answer, Nothing
from runyard.protocol.message import Message
from runyard.protocol.types import ExperimentId
from runyard.tracking.experiments.messages import experiment_number
from runyard.tracking.inputs.entities import DatasetInput, LoggedModelInput

MAX_DATASET_EXPERIMENTS = 20
MAX_DATASETS = 1000


class LogInputs(Message[Nothing], post="runs/log-inputs", needs="run.edit"):
    """Note the datasets and models a run uses. Repeating it changes nothing."""

    run_id: str
    datasets: list[DatasetInput] = field(default_factory=list)
    models: list[LoggedModelInput] = field(default_factory=list)

    def check(self) -> None:
        check_run_id(self.run_id)
        for index, entry in enumerate(self.datasets):
            path, dataset = f"datasets[{index}]", entry.dataset
            check_text(f"{path}.dataset.name", dataset.name, MAX_DATASET_NAME)
            check_text(f"{path}.dataset.digest", dataset.digest, MAX_DATASET_DIGEST)
            check_text(f"{path}.dataset.source_type", dataset.source_type, MAX_DATASET_DIGEST)
            check_text(f"{path}.dataset.source", dataset.source, MAX_DATASET_SOURCE)
            check_text(f"{path}.dataset.schema", dataset.schema or "", MAX_DATASET_SCHEMA)
            check_text(f"{path}.dataset.profile", dataset.profile or "", MAX_DATASET_PROFILE)
            for tag in entry.tags:
                check_text(f"{path}.tags key", tag.key, MAX_INPUT_TAG_KEY)
                check_text(f"{path}.tags value", tag.value, MAX_INPUT_TAG_VALUE)
        for index, model in enumerate(self.models):
            check_text(f"models[{index}].model_id", model.model_id, MAX_KEY)


class DatasetSummary(Answer):
    """A dataset that runs of an experiment used, and its context in one of them."""

    experiment_id: str
    name: str
    digest: str
    context: str | None = None


class DatasetsFound(Answer):
    """The distinct datasets of some experiments."""

    dataset_summaries: list[DatasetSummary] = field(default_factory=list)


class SearchDatasets(
    Message[DatasetsFound], post="experiments/search-datasets", family="ajax", kind="read", needs="experiment.read"
):
    """The distinct datasets used in some experiments, with the context of their use."""

    experiment_ids: list[ExperimentId]

    def check(self) -> None:
        check_count("experiment_ids", self.experiment_ids, MAX_DATASET_EXPERIMENTS)
        for experiment_id in self.experiment_ids:
            experiment_number(experiment_id)
