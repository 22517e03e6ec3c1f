"""A table that several runs logged, their rows below each other."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from runyard.tracking.runs.entities import Run
from runyard.ui.navigation import Crumb, Shell
from runyard.ui.parts.chosen_runs import chosen_runs
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.run_tables import RunTables, tables_of_runs
from runyard.ui.site import Site


@dataclass(frozen=True)
class TablesPage:
    """All that tables.html may use."""

    runs: tuple[Run, ...]
    ids: str
    tables: RunTables


def show(site: Site, request: Request) -> Response:
    """The page of the tables of the runs that the address names."""
    state = ListState.of(request)
    runs = chosen_runs(site, state)
    ids = ",".join(run.info.run_id for run in runs)
    page = TablesPage(tuple(runs), ids, tables_of_runs(site, runs, state))
    crumbs = (Crumb("Experiments", site.urls()), Crumb("Compare", site.urls("compare", runs=ids)), Crumb("Tables"))
    return site.page(request, "tables", page, Shell("Tables of runs", "experiments", crumbs))
