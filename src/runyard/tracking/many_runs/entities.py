"""What a change of many runs did."""

from dataclasses import dataclass, field

from runyard.core.entity import Entity
from runyard.protocol.answer import Answer


@dataclass(frozen=True)
class RefusedRun(Entity):
    """A run that was not changed, and why.

    Attributes
    ----------
    run_id: The run.
    error_code: The code that the operation on this run alone would have failed with.
    message: What was wrong and what to do.
    """

    run_id: str
    error_code: str
    message: str


class RunIdsFound(Answer):
    """The ids of found runs.

    Attributes
    ----------
    more: More runs were found than ids are given.
    """

    run_ids: list[str] = field(default_factory=list)
    more: bool = False


class RunsChanged(Answer):
    """What was done: every run given is changed, unchanged because it was so already, or refused.

    Attributes
    ----------
    changed: Number of runs that were changed.
    unchanged: Number of runs that were as wanted already.
    refused: The others.
    change_id: What `undo-change` takes, for seven days; None where nothing was changed, and of deleting and restoring.
    """

    changed: int = 0
    unchanged: int = 0
    refused: list[RefusedRun] = field(default_factory=list)
    change_id: str | None = None


@dataclass(frozen=True)
class RunDeletion(Entity):
    """When a run was deleted.

    Attributes
    ----------
    deleted_time: In milliseconds since 1970.
    with_experiment: It was deleted with its experiment, and comes back with it.
    being_removed: Its removal for good has begun: it cannot be restored.
    """

    run_id: str
    deleted_time: int
    with_experiment: bool = False
    being_removed: bool = False


class RunDeletions(Answer):
    """When runs were deleted; those that are active, or not there, are left out."""

    runs: list[RunDeletion] = field(default_factory=list)
