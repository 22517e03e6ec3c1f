"""Methods of the client for changes of many runs that can be taken back."""

from collections.abc import Sequence

from runyard.protocol.client_part import ClientPart
from runyard.tracking.many_runs.entities import RunsChanged
from runyard.tracking.run_changes.messages import (
    MoveRuns,
    NewName,
    PreviewRunNames,
    RenameRuns,
    RunsRearranged,
    UndoRunChange,
)


class RunChangesClient(ClientPart):
    """Changes of many runs: other names, another experiment, and back."""

    def rename_runs(
        self, run_ids: Sequence[str], template: str = "{name}", find: str = "", replace: str = ""
    ) -> RunsRearranged:
        """Give runs names by a pattern, some of them at a time.

        Parameters
        ----------
        run_ids: 1 to 10,000 active runs.
        template: Text with ``{name}``, ``{id}``, ``{status}``, ``{user}``, ``{date}``, ``{params.lr}``,
            ``{tags.team}`` and ``{metrics.loss}``.
        find: A text that is replaced in what the template makes; empty for none.
        replace: What it is replaced with.

        Returns
        -------
        The numbers of runs that were renamed and that had their name already, those refused with the reason, and the
        ``change_id`` that `undo_run_change` takes.
        """
        return self.send(RenameRuns(run_ids=list(run_ids), template=template, find=find, replace=replace))

    def preview_run_names(
        self, run_ids: Sequence[str], template: str = "{name}", find: str = "", replace: str = ""
    ) -> list[NewName]:
        """The names that `rename_runs` would give to runs, 1 to 100 of them, or what keeps it from that."""
        return self.send(PreviewRunNames(run_ids=list(run_ids), template=template, find=find, replace=replace)).names

    def move_runs(self, run_ids: Sequence[str], experiment_id: str) -> RunsRearranged:
        """Move runs to another experiment, with all runs below them, their logged models and datasets.

        Their artifacts stay where they are, and their addresses too.

        Parameters
        ----------
        run_ids: 1 to 10,000 active runs.

        Returns
        -------
        As `rename_runs`, with the number of ``children`` that went along.

        Raises
        ------
        DoesNotExist: There is no such experiment.
        InvalidParameter: It is deleted.
        """
        return self.send(MoveRuns(run_ids=list(run_ids), experiment_id=experiment_id))

    def undo_run_change(self, change_id: str) -> RunsChanged:
        """Take a change of names or experiments back; runs that were changed again since are left as they are.

        Raises
        ------
        DoesNotExist: There is no such change, or it is older than seven days.
        """
        return self.send(UndoRunChange(change_id=change_id))
