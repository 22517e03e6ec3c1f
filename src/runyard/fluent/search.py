"""Searching runs, as a pandas table or as a list."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from runyard.core.libraries import pd, required
from runyard.core.lifecycle import ViewType
from runyard.core.listed import listed, listed_ids
from runyard.core.paged_list import PagedList, all_pages
from runyard.core.switching import quick_switching
from runyard.exceptions import InvalidParameter
from runyard.fluent.clients import client
from runyard.fluent.experiments import current_experiment_id, search_experiments
from runyard.fluent.run_table import RunsPage, RunTable
from runyard.tracking.runs.client import search_for
from runyard.tracking.runs.entities import Run

log = logging.getLogger(__name__)

PAGE = 2_000
"""Maximum number of runs of an answer, so that none takes much memory, here or in the server."""
MAX_RESULTS = 100_000


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
    question = (where, filter_string, run_view_type, max_results, order_by)
    return _listed(*question) if output_format == "list" else _tabled(*question)


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


def _listed(where: list[str], filter_string: str, view: int, max_results: int, order_by: list[str] | None) -> list[Run]:
    def page(size: int, token: str | None) -> PagedList[Run]:
        return client().search_runs(where, filter_string, view, size, order_by, token)

    return list(all_pages(page, PAGE, max_results)) if where else []


def _tabled(
    where: list[str], filter_string: str, view: int, max_results: int, order_by: list[str] | None
) -> "pd.DataFrame":
    required("pandas", "search_runs(output_format='pandas')")
    table, connection = RunTable(), client().connection

    def page(size: int, token: str | None) -> RunsPage:
        return RunsPage(connection.ask_text(search_for(where, filter_string, view, size, order_by, token)))

    left = max_results
    answer = page(min(PAGE, left), None) if where and left > 0 else None
    with ThreadPoolExecutor(1, thread_name_prefix="runyard-search") as ahead, quick_switching():
        while answer is not None:
            left -= answer.size
            more = answer.next_token and left > 0
            coming = ahead.submit(page, min(PAGE, left), answer.next_token) if more else None
            table.add(answer)  # while the server reads the next one
            answer = coming.result() if coming else None
    if where and max_results > 0 and not table.rows:
        client().warn_of_filter(filter_string)
    return table.frame()
