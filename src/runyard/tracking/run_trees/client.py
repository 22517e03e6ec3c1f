"""The method of the client that searches for runs as a tree."""

from collections.abc import Sequence

from runyard.core.lifecycle import ViewType
from runyard.protocol.client_part import ClientPart
from runyard.tracking.run_trees.messages import RunTree, SearchRunTree


class RunTreesClient(ClientPart):
    """Nested runs as a tree."""

    def search_run_tree(
        self,
        experiment_ids: Sequence[str],
        filter_string: str = "",
        run_view_type: int = ViewType.ACTIVE_ONLY,
        order_by: Sequence[str] = (),
        parent_run_id: str = "",
        max_results: int = 100,
        page_token: str | None = None,
        describe: bool = False,
        nested_least: Sequence[str] = (),
        nested_greatest: Sequence[str] = (),
    ) -> RunTree:
        """One level of runs as a tree: those at the top, or those that are nested in one run.

        Parameters
        ----------
        filter_string: Which runs; all without it. A run that matches stands below its parent when that matches too,
            and else at the top.
        order_by: As of `search_runs`; each level is ordered so.
        parent_run_id: The run whose children are wanted; those at the top without one.
        max_results: Up to 1,000.
        page_token: The ``next_page_token`` of the page before.
        describe: Say too how many runs match in all, and which keys the newest of them have.
        nested_least, nested_greatest: Keys of metrics. Where `order_by` has one, a run that lacks it is ordered by the
            least, or the greatest, value of the runs that are directly nested in it. Where more than 5,000 runs are
            nested, `own_only` of the answer says that it is not.

        Raises
        ------
        InvalidParameter: The filter or the order is not valid.
        DoesNotExist: No run has the id of the parent.
        """
        return self.send(
            SearchRunTree(
                experiment_ids=list(experiment_ids),
                filter=filter_string or None,
                run_view_type=ViewType.to_string(run_view_type).upper(),
                order_by=list(order_by),
                parent_run_id=parent_run_id,
                max_results=max_results,
                page_token=page_token,
                describe=describe,
                nested_least=list(nested_least),
                nested_greatest=list(nested_greatest),
            )
        )
