"""Messages about changes of many runs, and what they are answered with."""

from dataclasses import field

from runyard.core.limits import check_made_id, check_run_ids, check_text
from runyard.protocol.answer import Answer
from runyard.protocol.message import Message
from runyard.protocol.types import ExperimentId
from runyard.tracking.many_runs.entities import RunsChanged
from runyard.tracking.many_runs.messages import MAX_RUNS
from runyard.tracking.run_changes.names import read_pattern

MAX_PREVIEWED = 100
"""Maximum number of runs whose names are shown before they are changed."""


class RunsRearranged(RunsChanged):
    """What was done to runs, and how it is taken back.

    Attributes
    ----------
    children: Number of runs that were changed because they are below those that were given.
    """

    children: int = 0


class NewName(Answer):
    """The name that a run would have.

    Attributes
    ----------
    before: The name that it has.
    after: The name that it would have; None when it cannot have one.
    problem: Why not.
    """

    run_id: str
    before: str
    after: str | None = None
    problem: str | None = None


class NewNames(Answer):
    """The names that runs would have, in their order; those that are not there are left out."""

    names: list[NewName] = field(default_factory=list)


class RunChange(Answer):
    """A change of many runs that can be undone.

    Attributes
    ----------
    what: ``name``, ``experiment`` or ``tags``.
    runs: Number of runs that it changed.
    """

    change_id: str
    what: str
    runs: int


def _check_pattern(template: str, find: str, replace: str) -> None:
    read_pattern(template, find, replace)
    for name, text in (("'template'", template), ("'find'", find), ("'replace'", replace)):
        check_text(name, text, len(text))


class PreviewRunNames(
    Message[NewNames], post="runs/preview-names", kind="read", family="runyard", needs="run.read", dear=True
):
    """The names that `rename-many` would give to runs, 1 to 100 of them. Nothing is changed."""

    run_ids: list[str]
    template: str = "{name}"
    find: str = ""
    replace: str = ""

    def check(self) -> None:
        check_run_ids(self.run_ids, MAX_PREVIEWED)
        _check_pattern(self.template, self.find, self.replace)


class RenameRuns(Message[RunsRearranged], post="runs/rename-many", family="runyard", needs="run.edit"):
    """Give many active runs names by a pattern, a piece at a time. Runs without what the pattern needs are refused.

    Attributes
    ----------
    template: Text with ``{name}``, ``{id}``, ``{status}``, ``{user}``, ``{date}`` of the start, and ``{params.lr}``,
        ``{tags.team}``, ``{metrics.loss}``; a brace itself is written twice.
    find: A text that is replaced wherever it stands in the name that the template makes; empty for none.
    replace: What it is replaced with.
    """

    run_ids: list[str]
    template: str = "{name}"
    find: str = ""
    replace: str = ""

    def check(self) -> None:
        check_run_ids(self.run_ids, MAX_RUNS)
        _check_pattern(self.template, self.find, self.replace)


class MoveRuns(Message[RunsRearranged], post="runs/move-many", family="runyard", needs="run.edit"):
    """Move many active runs to another experiment, a piece at a time, with all runs below them.

    Their logged models and datasets go with them. Artifacts stay where they are, and their addresses too.
    """

    run_ids: list[str]
    experiment_id: ExperimentId

    def check(self) -> None:
        check_run_ids(self.run_ids, MAX_RUNS)


class UndoRunChange(Message[RunsChanged], post="runs/undo-change", family="runyard", needs="run.edit"):
    """Take a change of many runs back. Runs that were changed again since are left as they are."""

    change_id: str

    def check(self) -> None:
        check_made_id("change_id", self.change_id)


class GetRunChange(Message[RunChange], get="runs/get-change", family="runyard", needs="run.read"):
    """What a change of many runs did. Kept for seven days."""

    change_id: str

    def check(self) -> None:
        check_made_id("change_id", self.change_id)
