"""Messages about many runs."""

from dataclasses import field

from runyard.core.entity import Tag
from runyard.core.limits import MAX_BATCH_TAGS, check_between, check_run_ids
from runyard.exceptions import InvalidParameter
from runyard.protocol.message import Message
from runyard.protocol.types import ExperimentId, ViewType
from runyard.tracking.many_runs.entities import RunDeletions, RunIdsFound, RunsChanged
from runyard.tracking.runs.messages import RunsFound, check_tag

MAX_RUNS = 10_000
"""Maximum number of runs in one message."""
MAX_READ = 100
"""Maximum number of runs that are read by their ids at a time."""


class GetRuns(Message[RunsFound], post="runs/get-many", kind="read", family="runyard", needs="run.read"):
    """Some runs by their ids, 1 to 100, in their order; deleted ones too."""

    run_ids: list[str]

    def check(self) -> None:
        check_run_ids(self.run_ids, MAX_READ)


class FindRunIds(
    Message[RunIdsFound], post="runs/find-ids", kind="read", family="runyard", needs="run.read", dear=True
):
    """The ids of the runs that a search finds, newest first, at most 10,000: what is done to many runs takes these."""

    experiment_ids: list[ExperimentId] = field(default_factory=list)
    filter: str | None = None
    run_view_type: ViewType = "ACTIVE_ONLY"
    max_results: int = MAX_RUNS

    def check(self) -> None:
        check_between("max_results", self.max_results, MAX_RUNS)


class ListRunDeletions(
    Message[RunDeletions], post="runs/list-deletions", kind="read", family="runyard", needs="run.read"
):
    """When each of some runs was deleted, and whether with its experiment. Active runs are left out."""

    run_ids: list[str]

    def check(self) -> None:
        check_run_ids(self.run_ids, MAX_RUNS)


class DeleteRuns(Message[RunsChanged], post="runs/delete-many", family="runyard", needs="run.delete"):
    """Mark many runs as deleted, a piece at a time. Repeating it changes nothing."""

    run_ids: list[str]

    def check(self) -> None:
        check_run_ids(self.run_ids, MAX_RUNS)


class RestoreRuns(Message[RunsChanged], post="runs/restore-many", family="runyard", needs="run.delete"):
    """Bring back many deleted runs, a piece at a time. Repeating it changes nothing."""

    run_ids: list[str]

    def check(self) -> None:
        check_run_ids(self.run_ids, MAX_RUNS)


class RemoveRuns(Message[RunsChanged], post="runs/remove-many", family="runyard", needs="run.delete"):
    """Remove many deleted runs for good, with their artifacts. This cannot be undone.

    The answer counts the runs that cannot be restored any more; the server then deletes their artifacts, and last
    what it knows of them. What was interrupted goes on when a server is started, or with `runyard gc`. A run is refused
    that is not deleted, that a version of a registered model or a logged model needs, or whose artifacts are not where
    the server keeps them.
    """

    run_ids: list[str]

    def check(self) -> None:
        check_run_ids(self.run_ids, MAX_RUNS)


class TagRuns(Message[RunsChanged], post="runs/tag-many", family="runyard", needs="run.edit"):
    """Set, replace and remove tags of many active runs, a piece at a time. A run without a tag to remove is fine."""

    run_ids: list[str]
    tags: list[Tag] = field(default_factory=list)
    removed_keys: list[str] = field(default_factory=list)

    def check(self) -> None:
        check_run_ids(self.run_ids, MAX_RUNS)
        if not 0 < len(self.tags) + len(self.removed_keys) <= MAX_BATCH_TAGS:
            raise InvalidParameter(
                f"'tags' and 'removed_keys' have {len(self.tags) + len(self.removed_keys)} entries; "
                f"1 to {MAX_BATCH_TAGS} are needed."
            )
        for index, tag in enumerate(self.tags):
            check_tag(f"tags[{index}].", tag)
        both = {tag.key for tag in self.tags} & set(self.removed_keys)
        if both:
            raise InvalidParameter(f"Tag {min(both)!r} is both in 'tags' and in 'removed_keys'. Choose one.")
