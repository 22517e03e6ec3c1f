"""Methods of the client that change many runs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runyard.core.entity import Tag
from runyard.exceptions import DoesNotExist, RunyardException
from runyard.protocol.client_part import ClientPart, pages_of
from runyard.protocol.message import AnyMessage, Message
from runyard.tracking.many_runs.entities import RefusedRun, RunsChanged
from runyard.tracking.many_runs.messages import MAX_RUNS, DeleteRuns, RemoveRuns, RestoreRuns, TagRuns
from runyard.tracking.runs.messages import DeleteRun, RestoreRun


class ManyRunsClient(ClientPart):
    """Many runs at once: delete, restore, remove for good, tag."""

    def delete_runs(self, run_ids: Iterable[str]) -> RunsChanged:
        """Mark runs as deleted.

        They are changed some hundred at a time, each piece whole or not at all, while others go on writing. Of a
        server that takes one run a request, as MLflow's does, each is asked by itself.

        Returns
        -------
        The numbers of runs that were changed and that were deleted already, and those refused, with the reason.
        """
        return self._each_page(run_ids, lambda page: DeleteRuns(run_ids=page), lambda run: DeleteRun(run_id=run))

    def restore_runs(self, run_ids: Iterable[str]) -> RunsChanged:
        """Bring back deleted runs, as `delete_runs` deletes them."""
        return self._each_page(run_ids, lambda page: RestoreRuns(run_ids=page), lambda run: RestoreRun(run_id=run))

    def remove_runs(self, run_ids: Iterable[str]) -> RunsChanged:
        """Remove deleted runs for good, with their artifacts. This cannot be undone.

        Runs are gone some moments later: the server deletes their artifacts in the background, and goes on with that
        after a restart. In a store without a server, `runyard gc` removes runs.

        Returns
        -------
        The numbers of runs that go and that were going already, and those refused, with the reason: a run that is not
        deleted, that a version of a registered model needs, or whose artifacts are not kept by the server.

        Raises
        ------
        RunyardException: The server cannot remove runs, as MLflow's.
        """
        return self._each_page(run_ids, lambda page: RemoveRuns(run_ids=page), None)

    def tag_runs(
        self, run_ids: Iterable[str], tags: Mapping[str, Any] | None = None, removed_keys: Sequence[str] = ()
    ) -> RunsChanged:
        """Set, replace and remove tags of active runs, some of them at a time.

        Parameters
        ----------
        tags: Tags to set or replace.
        removed_keys: Keys of tags to remove; a run without one is fine.

        Returns
        -------
        What was done, with the ``change_id`` that `undo_run_change` takes where there are at most 10,000 runs.
        """
        given = [Tag(key=str(key), value=str(value)) for key, value in (tags or {}).items()]
        return self._each_page(
            run_ids, lambda page: TagRuns(run_ids=page, tags=given, removed_keys=list(removed_keys)), None
        )

    def _each_page(self, run_ids: Iterable[str], many: Any, one: Any) -> RunsChanged:
        total, pages = RunsChanged(), list(pages_of(list(run_ids), MAX_RUNS))
        for page in pages:
            message: Message[RunsChanged] = many(list(page))
            try:
                done = self.send(message)
            except RunyardException as error:
                if one is None or error.http_status != 404:
                    raise
                done = self._one_by_one(page, one)
            total = RunsChanged(
                total.changed + done.changed,
                total.unchanged + done.unchanged,
                [*total.refused, *done.refused],
                done.change_id if len(pages) == 1 else None,
            )
        return total

    def _one_by_one(self, run_ids: Sequence[str], one: Any) -> RunsChanged:
        done = RunsChanged()
        for run_id in run_ids:
            message: AnyMessage = one(run_id)
            try:
                self.send(message)
                done.changed += 1
            except DoesNotExist as error:
                done.refused.append(RefusedRun(run_id, error.error_code, error.message))
        return done
