"""The method of the client that groups runs."""

from collections.abc import Sequence

from runyard.core.lifecycle import ViewType
from runyard.protocol.client_part import ClientPart
from runyard.tracking.run_groups.messages import DEFAULT_LOOKED_AT, GroupRuns, RunsGrouped


class RunGroupsClient(ClientPart):
    """Groups of runs."""

    def group_runs(
        self,
        experiment_ids: Sequence[str],
        group_by: Sequence[str],
        metrics: Sequence[str] = (),
        filter_string: str = "",
        run_view_type: int = ViewType.ACTIVE_ONLY,
        order_by: str = "runs DESC",
        max_results: int = 100,
        max_runs: int = DEFAULT_LOOKED_AT,
        page_token: str | None = None,
    ) -> RunsGrouped:
        """Group runs by what they share: how many each group has, and mean, deviation, minimum and maximum of metrics.

        Parameters
        ----------
        group_by: One to five of ``params.KEY``, ``tags.KEY``, ``dataset``, ``dataset.name``, ``dataset.digest``,
            ``status`` and ``user``.
        metrics: Keys of metrics, up to 60. Their latest values count; those that are NaN are counted apart.
        filter_string: Which runs; all without it.
        order_by: ``group``, ``runs``, or ``mean(metrics.KEY)``, ``sd(…)``, ``min(…)``, ``max(…)``, with ASC or DESC.
        max_results: Groups in the answer, up to 1,000.
        max_runs: Runs that are looked at, the newest; the answer's ``more`` says whether there are others.
        page_token: The ``next_page_token`` of the page before.

        Raises
        ------
        InvalidParameter: The filter, a key or the order is not valid.
        """
        return self.send(
            GroupRuns(
                experiment_ids=list(experiment_ids),
                group_by=list(group_by),
                metrics=list(metrics),
                filter=filter_string or None,
                run_view_type=ViewType.to_string(run_view_type).upper(),
                order_by=order_by,
                max_results=max_results,
                max_runs=max_runs,
                page_token=page_token,
            )
        )
