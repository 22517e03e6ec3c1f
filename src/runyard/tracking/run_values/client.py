"""The method of the client that reads values of many runs."""

from collections.abc import Sequence

from runyard.core.lifecycle import ViewType
from runyard.protocol.client_part import ClientPart
from runyard.tracking.run_values.messages import MAX_SAMPLED, GetRunValues, RunValues


class RunValuesClient(ClientPart):
    """Values of many runs, as columns."""

    def get_run_values(
        self,
        experiment_ids: Sequence[str],
        columns: Sequence[str],
        filter_string: str = "",
        run_view_type: int = ViewType.ACTIVE_ONLY,
        max_runs: int = MAX_SAMPLED,
    ) -> RunValues:
        """Chosen values of the runs that match a filter, as columns; of a sample of the runs where there are many.

        Parameters
        ----------
        columns: One to 32 of ``metrics.KEY``, ``params.KEY``, ``tags.KEY``, ``status``, ``user_id``,
            ``experiment_id``, ``start_time`` and ``duration``, these two in milliseconds.
        filter_string: Which runs; all without it.
        max_runs: Runs in the answer, up to 4,000. The answer's ``runs`` says how many these were chosen from.

        Raises
        ------
        InvalidParameter: The filter or a column is not valid.
        """
        return self.send(
            GetRunValues(
                experiment_ids=list(experiment_ids),
                columns=list(columns),
                filter=filter_string or None,
                run_view_type=ViewType.to_string(run_view_type).upper(),
                max_runs=max_runs,
            )
        )
