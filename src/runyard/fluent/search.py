"""Searching runs, as a pandas table or as a list."""

import logging
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from runyard.core.libraries import pd, required
from runyard.core.lifecycle import ViewType
from runyard.core.listed import listed, listed_ids
from runyard.core.paged_list import PagedList, all_pages
from runyard.exceptions import InvalidParameter
from runyard.fluent.clients import client
from runyard.fluent.experiments import current_experiment_id, search_experiments
from runyard.tracking.runs.entities import Run

log = logging.getLogger(__name__)

MAX_PAGE = 50_000
MAX_RESULTS = 100_000
ATTRIBUTES = ("run_id", "experiment_id", "status", "artifact_uri")
TIMES = ("start_time", "end_time")


def search_runs(
    experiment_ids: Sequence[str] | None = None,
    filter_string: str = "",
    run_view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int = MAX_RESULTS,
    order_by: list[str] | None = None,
    output_format: Literal["pandas", "list"] = "pandas",
    search_all_experiments: bool = False,
    experiment_names: Sequence[str] | None = None,
) -> "pd.DataFrame | list[Run]":
    """Runs that match a filter, newest first unless ordered otherwise.

    Parameters
    ----------
    experiment_ids: One or more ids; the current experiment when neither these nor names are given.
    filter_string: Such as ``metrics.loss < 0.1 and params.optimizer = 'adam'``.
    run_view_type: One of ViewType.
    max_results: Maximum number of runs.
    order_by: Such as ``["metrics.loss ASC"]``.
    output_format: ``"pandas"`` for a table with a column for every metric, param and tag, ``"list"`` for Run objects.
    search_all_experiments: Search all experiments when none are given.
    experiment_names: One or more names. A name that does not exist finds nothing, with a warning.

    Raises
    ------
    InvalidParameter: Ids and names were both given, there is no such format, or the filter does not parse.
    """
    if output_format not in ("pandas", "list"):
        raise InvalidParameter(f"Invalid value {output_format!r} for 'output_format': use 'pandas' or 'list'.")
    where = _experiments(experiment_ids, experiment_names, search_all_experiments)
    runs = _found(where, filter_string, run_view_type, max_results, order_by)
    return runs if output_format == "list" else to_frame(runs)


def _experiments(given_ids: Sequence[str] | None, given_names: Sequence[str] | None, everywhere: bool) -> list[str]:
    ids, names = listed_ids(given_ids), listed(given_names)
    if ids and names:
        raise InvalidParameter("Give either experiment_ids or experiment_names, not both.")
    if ids:
        return ids
    if names:
        return [experiment_id for experiment_id in map(_id_of, names) if experiment_id is not None]
    if everywhere:
        return [experiment.experiment_id for experiment in search_experiments(ViewType.ACTIVE_ONLY)]
    return [current_experiment_id()]


def _id_of(name: str | None) -> str | None:
    experiment = client().get_experiment_by_name(name) if name is not None else None
    if experiment is None:
        log.warning("There is no experiment named %r: no runs of it are found.", name)
    return experiment.experiment_id if experiment is not None else None


def _found(where: list[str], filter_string: str, view: int, max_results: int, order_by: list[str] | None) -> list[Run]:
    if not where:
        return []

    def page(size: int, token: str | None) -> PagedList[Run]:
        return client().search_runs(where, filter_string, view, size, order_by, token)

    return list(all_pages(page, MAX_PAGE, max_results))


def to_frame(runs: Sequence[Run]) -> "pd.DataFrame":
    """One row a run; columns ``metrics.x``, ``params.x`` and ``tags.x`` for every key that occurs.

    Raises
    ------
    MissingPackage: pandas is not installed.
    """
    required("pandas", "search_runs(output_format='pandas')")
    columns: dict[str, Any] = {name: [getattr(run.info, name) for run in runs] for name in ATTRIBUTES}
    for name in TIMES:
        columns[name] = pd.to_datetime([getattr(run.info, name) for run in runs], unit="ms", utc=True)
    columns |= _spread("metrics", [run.data.metrics for run in runs], float("nan"))
    columns |= _spread("params", [run.data.params for run in runs], None)
    columns |= _spread("tags", [run.data.tags for run in runs], None)
    return pd.DataFrame(columns)


def _spread(kind: str, rows: Sequence[dict[str, Any]], missing: Any) -> dict[str, list[Any]]:
    """A column for every key, in the order in which keys first occur."""
    keys: Iterable[str] = dict.fromkeys(key for row in rows for key in row)
    return {f"{kind}.{key}": [row.get(key, missing) for row in rows] for key in keys}
