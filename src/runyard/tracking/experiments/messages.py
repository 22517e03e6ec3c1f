"""Messages of experiments."""

from dataclasses import field

from runyard.core.entity import Tag
from runyard.core.limits import (
    MAX_ARTIFACT_LOCATION,
    MAX_EXPERIMENT_NAME,
    MAX_EXPERIMENT_TAG_VALUE,
    MAX_SEARCH_RESULTS,
    check_between,
    check_key,
    check_text,
    shown,
)
from runyard.exceptions import AlreadyExists, InvalidParameter
from runyard.protocol.answer import Answer, Nothing
from runyard.protocol.message import Message
from runyard.protocol.types import ExperimentId, ViewType
from runyard.tracking.experiments.entities import Experiment


def experiment_number(experiment_id: str) -> int:
    """The id as the integer it is in the database.

    Raises
    ------
    InvalidParameter: Not a decimal integer of at most 64 bits.
    """
    if experiment_id.isascii() and experiment_id.isdigit() and len(experiment_id) < 20:
        number = int(experiment_id)
        if number < 2**63:
            return number
    raise InvalidParameter(f"Invalid experiment id {experiment_id[:40]!r}: experiment ids are integers such as '7'.")


PENDING = "pending:"
"""Prefix of the id of an experiment that is known by name only, because its server is away."""


def pending_name(experiment_id: str) -> str | None:
    """The name of an experiment whose id is not known yet; None when it is known."""
    return experiment_id.removeprefix(PENDING) if experiment_id.startswith(PENDING) else None


def check_home(experiment_id: str, experiment_name: str) -> None:
    """Check that an experiment is given either by id or by name."""
    if bool(experiment_id) == bool(experiment_name):
        given = f"got {experiment_id!r} and {shown(experiment_name)}"
        raise InvalidParameter(f"Give the experiment by 'experiment_id' or by 'experiment_name'; {given}.")
    if experiment_id:
        experiment_number(experiment_id)
    check_text("Experiment name", experiment_name, MAX_EXPERIMENT_NAME)


class ExperimentCreated(Answer):
    """The id of a new experiment."""

    experiment_id: str


class ExperimentFound(Answer):
    """One experiment."""

    experiment: Experiment


class ExperimentsFound(Answer):
    """A page of experiments; the token leads to the next, if there is one."""

    experiments: list[Experiment] = field(default_factory=list)
    next_page_token: str | None = None


class ExperimentSummary(Answer):
    """A summary of the active runs of an experiment, or of its deleted ones.

    Attributes
    ----------
    runs: Number of runs: the sum of those by status.
    by_status: Number of runs by status, of each up to 10,000.
    more: Statuses of which there are more runs than were counted.
    last_activity_time: Time of the last start or end of a run, in milliseconds since 1970.
    being_removed: Whether the experiment is being removed for good; only told with its deleted runs.
    """

    experiment_id: str
    runs: int
    by_status: dict[str, int]
    more: list[str] = field(default_factory=list)
    last_activity_time: int | None = None
    being_removed: bool = False


class ExperimentSummaries(Answer):
    """A summary of each experiment that was asked for."""

    experiments: list[ExperimentSummary]


class ExperimentsCounted(Answer):
    """The number of experiments."""

    experiments: int


class CreateExperiment(Message[ExperimentCreated], post="experiments/create", needs="experiment.create"):
    """Create an experiment. The name must be new, also among deleted experiments."""

    name: str
    artifact_location: str | None = None
    tags: list[Tag] = field(default_factory=list)

    def check(self) -> None:
        check_text("Experiment name", self.name, MAX_EXPERIMENT_NAME)
        if self.artifact_location:
            check_text("Artifact location", self.artifact_location, MAX_ARTIFACT_LOCATION)
        keys = [tag.key for tag in self.tags]
        for index, tag in enumerate(self.tags):
            check_key(f"tags[{index}].key", tag.key)
            check_text(f"The value of tag {tag.key!r}", tag.value, MAX_EXPERIMENT_TAG_VALUE)
        if len(set(keys)) < len(keys):
            raise AlreadyExists("A tag key in 'tags' already exists: it is given twice. Send each key once.")


class GetExperiment(Message[ExperimentFound], get="experiments/get", needs="experiment.read"):
    """One experiment by id, deleted ones too."""

    experiment_id: ExperimentId


class GetExperimentByName(Message[ExperimentFound], get="experiments/get-by-name", needs="experiment.read"):
    """One experiment by its exact name, deleted ones too."""

    experiment_name: str


class SearchExperiments(
    Message[ExperimentsFound], post="experiments/search", get="experiments/search", kind="read", needs="experiment.read"
):
    """Experiments that match a filter, a page at a time; newest first unless ordered otherwise."""

    max_results: int = 1000
    view_type: ViewType = "ACTIVE_ONLY"
    filter: str | None = None
    order_by: list[str] = field(default_factory=list)
    page_token: str | None = None

    def check(self) -> None:
        check_between("max_results", self.max_results, MAX_SEARCH_RESULTS)


class CountExperiments(Message[ExperimentsCounted], get="experiments/count", family="runyard", needs="experiment.read"):
    """The number of experiments that match a filter."""

    view_type: ViewType = "ACTIVE_ONLY"
    filter: str | None = None


class ExperimentFolder(Answer):
    """A folder of experiments.

    Attributes
    ----------
    name: Without the folder that it is in.
    experiments: Number of experiments below it, in all depths.
    last_activity_time: Time of the last start or end of a run of theirs, in milliseconds since 1970.
    """

    name: str
    experiments: int
    last_activity_time: int | None = None


class ExperimentFolders(Answer):
    """Folders of experiments.

    Attributes
    ----------
    more: There are more than are answered.
    """

    folders: list[ExperimentFolder] = field(default_factory=list)
    more: bool = False


class ListExperimentFolders(
    Message[ExperimentFolders], get="experiments/folders", family="runyard", needs="experiment.read"
):
    """The folders in a folder of experiments, at most 200: `vision` is in `team` where a name is `team/vision/cars`.

    Without a folder, those that are in none. The order is by name unless given: `name`, `experiments` or
    `last_activity_time`. The experiments in a folder itself are found by the filter `folder = 'team'`.
    """

    folder: str = ""
    view_type: ViewType = "ACTIVE_ONLY"
    order_by: list[str] = field(default_factory=list)

    def check(self) -> None:
        check_text("Folder", self.folder, MAX_EXPERIMENT_NAME)


class UpdateExperiment(Message[Nothing], post="experiments/update", needs="experiment.edit"):
    """Rename an experiment."""

    experiment_id: ExperimentId
    new_name: str

    def check(self) -> None:
        check_text("Experiment name", self.new_name, MAX_EXPERIMENT_NAME)


class DeleteExperiment(Message[Nothing], post="experiments/delete", needs="experiment.delete"):
    """Mark an experiment and its active runs as deleted."""

    experiment_id: ExperimentId


class RestoreExperiment(Message[Nothing], post="experiments/restore", needs="experiment.delete"):
    """Bring back a deleted experiment, with the runs its deletion took along."""

    experiment_id: ExperimentId


class SetExperimentTag(Message[Nothing], post="experiments/set-experiment-tag", needs="experiment.edit"):
    """Set or replace a tag of an active experiment."""

    experiment_id: ExperimentId
    key: str
    value: str = ""

    def check(self) -> None:
        check_key("key", self.key)
        check_text(f"The value of tag {self.key!r}", self.value, MAX_EXPERIMENT_TAG_VALUE)


class DeleteExperimentTag(Message[Nothing], post="experiments/delete-experiment-tag", needs="experiment.edit"):
    """Remove a tag from an experiment."""

    experiment_id: ExperimentId
    key: str


class SummarizeExperiments(
    Message[ExperimentSummaries], get="experiments/summarize", family="runyard", needs="experiment.read"
):
    """Of each experiment: its active runs by status, and when one last started or ended; or so of its deleted runs."""

    experiment_ids: list[ExperimentId] = field(default_factory=list)
    deleted_runs: bool = False
