"""Runs side by side: what differs between them, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from runyard.tracking.experiments.messages import GetExperiment
from runyard.tracking.runs.entities import Run
from runyard.ui.navigation import Crumb, Shell
from runyard.ui.parts.chart_runs import ChartRuns, chart_runs
from runyard.ui.parts.charts import Chart, charts_of
from runyard.ui.parts.chosen_runs import checked_ids, chosen, chosen_runs
from runyard.ui.parts.compare_facts import details_of, metrics_of, params_of, system_metrics_of, tags_of
from runyard.ui.parts.compare_state import Comparison
from runyard.ui.parts.compare_table import Table, table_of
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.presentation import is_running
from runyard.ui.site import Site

_BESIDE_CHARTS = 1400
"""Elements of the table that stands above charts."""


@dataclass(frozen=True)
class Curves:
    """The charts of metrics.

    Attributes
    ----------
    total: How many metrics there are to draw.
    """

    charts: tuple[Chart, ...]
    total: int
    shown: ChartRuns


@dataclass(frozen=True)
class ComparePage:
    """All that compare.html may use: what the open tab shows, and nothing of the others.

    Attributes
    ----------
    lacking: What to say where no run has anything to compare.
    paired: Whether two of the runs are compared with each other, beside the table.
    """

    comparison: Comparison
    table: Table | None = None
    curves: Curves | None = None
    lacking: str = "Nothing was logged."
    paired: bool = False

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs, in their order."""
        return self.comparison.runs

    @property
    def running(self) -> bool:
        """Whether one of them is still being written."""
        return any(map(is_running, self.runs))


def show(site: Site, request: Request) -> Response:
    """The comparison of the runs that the address names."""
    state = ListState.of(request)
    if len(state.all("runs")) != 1 or state.text("chosen") or state.text("selection"):  # sent by the form of a table
        run_ids = checked_ids(chosen(site, state.all).run_ids)
        return RedirectResponse(site.urls("compare", runs=",".join(run_ids)), 303)
    runs = chosen_runs(site, state)
    comparison = Comparison.of(site.urls, state, runs)
    page = _SHOWN[comparison.tab](site, comparison)
    crumbs = (Crumb("Experiments", site.urls()), *_experiment_crumb(site, runs), Crumb("Compare"))
    return site.page(request, "compare", page, Shell(f"Compare {len(runs)} runs", "experiments", crumbs))


def _experiment_crumb(site: Site, runs: Sequence[Run]) -> tuple[Crumb, ...]:
    ids = {run.info.experiment_id for run in runs}
    if len(ids) != 1:
        return ()
    [experiment_id] = ids
    name = site.ask(GetExperiment(experiment_id=experiment_id)).experiment.name
    return (Crumb(name, site.urls("experiments", experiment_id)),)


def _overview(_site: Site, comparison: Comparison) -> ComparePage:
    runs = comparison.runs
    compared = (params_of(runs), metrics_of(runs), tags_of(runs), details_of(runs))
    return ComparePage(comparison, table_of(comparison, compared))


def _params(_site: Site, comparison: Comparison) -> ComparePage:
    table = table_of(comparison, [params_of(comparison.runs)])
    return ComparePage(comparison, table, lacking="No params were logged.")


def _metrics(site: Site, comparison: Comparison) -> ComparePage:
    runs = comparison.runs
    own = metrics_of(runs)
    keys = own.keys(comparison.find)
    curves = Curves(charts_of(site.urls, runs, keys), len(keys), chart_runs(runs))
    table = table_of(comparison, [own, system_metrics_of(runs)], elements=_BESIDE_CHARTS)
    return ComparePage(comparison, table, curves, lacking="No metrics were logged.")


_SHOWN = {"overview": _overview, "params": _params, "metrics": _metrics}
