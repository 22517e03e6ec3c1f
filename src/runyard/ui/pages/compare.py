"""Runs side by side: what differs between them, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from runyard.tracking.experiments.messages import GetExperiment
from runyard.tracking.runs.entities import Run
from runyard.ui.navigation import Crumb, Shell
from runyard.ui.parts.chart_runs import ChartRuns, chart_runs
from runyard.ui.parts.charts import Chart, asked_ahead, charts_of
from runyard.ui.parts.chosen_runs import MAX_RUNS, checked_ids, chosen, chosen_runs
from runyard.ui.parts.compare_artifacts import Listing, SideBySide, chosen_path, listing_around, side_by_side
from runyard.ui.parts.compare_code import CodeDifference, code_difference, code_of, origins_of
from runyard.ui.parts.compare_data import data_of
from runyard.ui.parts.compare_facts import details_of, metrics_of, params_of, system_metrics_of, tags_of
from runyard.ui.parts.compare_groups import Groups, groups_of
from runyard.ui.parts.compare_models import model_files, models_of
from runyard.ui.parts.compare_origins import hardware_of, packages_of
from runyard.ui.parts.compare_state import Comparison
from runyard.ui.parts.compare_table import Table, table_of
from runyard.ui.parts.compare_why import PairWhy, Ranking, why_many_differ, why_two_differ
from runyard.ui.parts.image_series import FOLDER, may_have_series
from runyard.ui.parts.list_state import ListState, view_of
from runyard.ui.parts.presentation import is_running
from runyard.ui.site import Site

_BESIDE_OTHERS = 1_000
"""Elements of a table with charts or differences below it."""
_CHARTS_IN_SIGHT = 12
"""Metrics above whose charts the table is no longer than a window."""
_CHART_WIDTH = 440
"""Pixels of a chart in most windows."""


@dataclass(frozen=True)
class Curves:
    """The charts of metrics.

    Attributes
    ----------
    total: How many metrics there are to draw.
    ahead: Addresses of points that the page asks for at once.
    """

    charts: tuple[Chart, ...]
    total: int
    shown: ChartRuns
    ahead: tuple[str, ...]


@dataclass(frozen=True)
class Artifacts:
    """The artifacts of the runs.

    Attributes
    ----------
    file: The chosen file.
    with_images: Show the series of images that they logged.
    """

    listing: Listing
    file: SideBySide | None
    with_images: bool


@dataclass(frozen=True)
class ComparePage:
    """All that compare.html may use: what the open tab shows, and nothing of the others.

    Attributes
    ----------
    lacking: What to say where no run has anything to compare.
    paired: Whether two of the runs are compared with each other, beside the table.
    switched: Whether the switch is at only differences, where it is not about the table.
    """

    comparison: Comparison
    table: Table | None = None
    curves: Curves | None = None
    pair_why: PairWhy | None = None
    ranking: Ranking | None = None
    groups: Groups | None = None
    artifacts: Artifacts | None = None
    code: CodeDifference | None = None
    lacking: str = "Nothing was logged."
    paired: bool = False
    switched: bool | None = None

    @property
    def only(self) -> bool:
        """Whether what is equal is hidden."""
        return self.switched if self.switched is not None else self.table is not None and self.table.only

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
    named = chosen(site, state.all).run_ids
    if len(named) > MAX_RUNS:
        return RedirectResponse(f"{site.urls('compare', 'many')}?{request.url.query}", 303)
    if len(state.all("runs")) != 1 or state.text("chosen") or state.text("selection"):  # sent by the form of a table
        run_ids = checked_ids(named)
        best = state.all("best") or view_of(state.text("back")).get("best", ())
        return RedirectResponse(
            site.urls("compare", runs=",".join(run_ids), tab=state.text("tab"), best=list(best)), 303
        )
    runs = chosen_runs(site, state)
    comparison = Comparison.of(site.urls, state, runs)
    if left_out := state.all("without"):
        return RedirectResponse(comparison.leaving_out(left_out), 303)
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
    table = table_of(comparison, [own, system_metrics_of(runs)], elements=_BESIDE_OTHERS)
    run_ids = [run.info.run_id for run in runs]
    seen = keys if len(keys) <= _CHARTS_IN_SIGHT else ()
    ahead = asked_ahead(site.urls, run_ids, seen, _CHART_WIDTH, comparison.state.text("x"))
    curves = Curves(charts_of(site.urls, runs, keys), len(keys), chart_runs(runs), ahead)
    return ComparePage(comparison, table, curves, lacking="No metrics were logged.")


def _why(site: Site, comparison: Comparison) -> ComparePage:
    if len(comparison.runs) == 2:
        return ComparePage(comparison, pair_why=why_two_differ(site, comparison))
    return ComparePage(comparison, ranking=why_many_differ(site, comparison))


def _groups(_site: Site, comparison: Comparison) -> ComparePage:
    lacking = "These runs are alike in all params and tags, so there are no groups to compare."
    return ComparePage(comparison, groups=groups_of(comparison), lacking=lacking)


def _artifacts(site: Site, comparison: Comparison) -> ComparePage:
    path = chosen_path(comparison)
    folder, listing = listing_around(site, comparison, path)
    only = comparison.differences != "all"
    file = None if folder == path else side_by_side(site, comparison, listing, path, only=only)
    whole = False if file else None  # the switch is about the file that is open
    table = table_of(comparison, [listing.compared], elements=_BESIDE_OTHERS, only=whole)
    with_images = folder in ("", FOLDER) and file is None and any(map(may_have_series, comparison.runs))
    artifacts = Artifacts(listing, file, with_images)
    lacking = "These runs have no artifacts here."
    switched = only if file else table.only
    return ComparePage(comparison, table, artifacts=artifacts, lacking=lacking, paired=True, switched=switched)


def _code(site: Site, comparison: Comparison) -> ComparePage:
    facts, only = code_of(comparison.runs, origins_of(site, comparison.runs)), comparison.differences != "all"
    table = table_of(comparison, [facts], elements=_BESIDE_OTHERS, only=only)
    code = code_difference(site, comparison, whole=not only) if comparison.is_several else None
    return ComparePage(comparison, table, code=code, lacking="Nothing is recorded of their code.", paired=True)


def _packages(site: Site, comparison: Comparison) -> ComparePage:
    origins = origins_of(site, comparison.runs, packages=True)
    models = model_files(site, comparison.runs, requirements=any(not origin.packages for origin in origins))
    table = table_of(comparison, [packages_of(origins, models)])
    return ComparePage(comparison, table, lacking="No packages are recorded of these runs.")


def _hardware(site: Site, comparison: Comparison) -> ComparePage:
    table = table_of(comparison, hardware_of(origins_of(site, comparison.runs)))
    return ComparePage(comparison, table, lacking="Nothing is recorded of their machines.")


def _data(_site: Site, comparison: Comparison) -> ComparePage:
    return ComparePage(comparison, table_of(comparison, data_of(comparison.runs)), lacking="No datasets were logged.")


def _models(site: Site, comparison: Comparison) -> ComparePage:
    models = model_files(site, comparison.runs)
    return ComparePage(comparison, table_of(comparison, models_of(models)), lacking="No models were logged.")


_SHOWN = {
    "overview": _overview,
    "why": _why,
    "groups": _groups,
    "metrics": _metrics,
    "params": _params,
    "artifacts": _artifacts,
    "code": _code,
    "packages": _packages,
    "hardware": _hardware,
    "data": _data,
    "models": _models,
}
