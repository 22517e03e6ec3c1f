"""Two or more runs side by side: what differs between them, and their metrics."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from runyard.core.tags import COMMIT_TAG, SOURCE_NAME_TAG
from runyard.tracking.experiments.messages import GetExperiment
from runyard.tracking.runs.entities import Run
from runyard.ui.navigation import Crumb, Shell
from runyard.ui.parts.chart_runs import ChartRuns, chart_runs
from runyard.ui.parts.charts import Chart, charts_of
from runyard.ui.parts.chosen_runs import checked_ids, chosen, chosen_runs
from runyard.ui.parts.format import MISSING, number, shortened, status_label
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.narrowed import MAX_ROWS
from runyard.ui.parts.presentation import datasets, own_run_tags, user
from runyard.ui.site import Site

_CELL = 60
_MANY_ROWS = 20
_FEWEST_ROWS = 20
_MAX_ELEMENTS = 850
"""Elements of a band; where many runs are compared, fewer rows are shown."""
_FULL = 500
"""Characters of a value that a cell shows when it is pointed at."""


@dataclass(frozen=True)
class ComparedRow:
    """A param, metric or tag with its value in each run; `full` has more of the values that cells shorten."""

    key: str
    cells: tuple[str, ...]
    full: tuple[str, ...]
    differs: bool


@dataclass(frozen=True)
class Band:
    """The rows of one kind; the first of them, where there are very many.

    Attributes
    ----------
    equal: How many rows are the same in all runs.
    found: How many rows there are to show.
    """

    title: str
    rows: tuple[ComparedRow, ...]
    equal: int
    found: int
    numeric: bool = False


@dataclass(frozen=True)
class ComparePage:
    """All that compare.html may use."""

    runs: tuple[Run, ...]
    bands: tuple[Band, ...]
    charts: tuple[Chart, ...]
    metric_count: int
    shown: ChartRuns
    only_differences: bool
    find: str
    without_find: str
    kept: Mapping[str, str]
    toggle: str
    without: tuple[str, ...]
    ids: str

    @property
    def wide(self) -> bool:
        """Whether there is more than the page shows, so that one must be able to look for it."""
        return any(len(band.rows) < band.found for band in self.bands)


def show(site: Site, request: Request) -> Response:
    """The comparison of the runs that the address names."""
    state, path = ListState.of(request), site.urls("compare")
    if len(state.all("runs")) != 1 or state.text("chosen") or state.text("selection"):  # sent by the form of a table
        run_ids = checked_ids(chosen(site, state.all).run_ids)
        return RedirectResponse(site.urls("compare", runs=",".join(run_ids)), 303)
    runs = chosen_runs(site, state)
    ids = ",".join(run.info.run_id for run in runs)
    find, choice = state.text("find"), state.text("differences")
    compared = _compared(runs, find)
    only = choice == "only" if choice else sum(len(rows.keys) for rows in compared) > _MANY_ROWS
    keys = sorted({key for run in runs for key in run.data.metrics if not key.startswith("system/")})
    keys = [key for key in keys if find.lower() in key.lower()]
    page = ComparePage(
        runs=tuple(runs),
        bands=tuple(_band(rows, only=only) for rows in compared),
        charts=charts_of(site.urls, runs, keys),
        metric_count=len(keys),
        only_differences=only,
        find=find,
        without_find=state.href(path, find=None),
        kept={"runs": ids, **({"differences": choice} if choice else {})},
        toggle=state.href(path, differences="all" if only else "only"),
        without=tuple(
            state.href(path, runs=",".join(other.info.run_id for other in runs if other is not run)) for run in runs
        ),
        shown=chart_runs(runs),
        ids=ids,
    )
    crumbs = (Crumb("Experiments", site.urls()), *_experiment_crumb(site, runs), Crumb("Compare"))
    return site.page(request, "compare", page, Shell(f"Compare {len(runs)} runs", "experiments", crumbs))


def _experiment_crumb(site: Site, runs: Sequence[Run]) -> tuple[Crumb, ...]:
    ids = {run.info.experiment_id for run in runs}
    if len(ids) != 1:
        return ()
    [experiment_id] = ids
    name = site.ask(GetExperiment(experiment_id=experiment_id)).experiment.name
    return (Crumb(name, site.urls("experiments", experiment_id)),)


@dataclass(frozen=True)
class Compared:
    """What is compared of one kind: a value of each key in each run, and which keys differ."""

    title: str
    columns: tuple[Mapping[str, str], ...]
    keys: tuple[str, ...]
    differing: frozenset[str]
    numeric: bool = False


def _compared(runs: Sequence[Run], find: str) -> tuple[Compared, ...]:
    return (
        _of_kind("Params", runs, find, lambda run: run.data.params),
        _of_kind(
            "Metrics, latest",
            runs,
            find,
            lambda run: {key: number(value, 6) for key, value in run.data.metrics.items()},
            numeric=True,
        ),
        _of_kind("Tags", runs, find, lambda run: own_run_tags(run.data.tags)),
        _of_kind("Details", runs, "", _details),
    )


def _details(run: Run) -> dict[str, str]:
    details = {"status": status_label(run.info.status), "user": user(run), "experiment": run.info.experiment_id}
    if datasets(run):
        details["datasets"] = ", ".join(f"{used.dataset.name} ({used.dataset.digest})" for used in datasets(run))
    for key in (SOURCE_NAME_TAG, COMMIT_TAG):
        if run.data.tags.get(key):
            details[key.removeprefix("mlflow.")] = run.data.tags[key]
    return details


def _of_kind(
    title: str, runs: Sequence[Run], find: str, values: Callable[[Run], Mapping[str, str]], *, numeric: bool = False
) -> Compared:
    """The values of one kind, of the keys that hold a text."""
    columns, wanted = tuple(values(run) for run in runs), find.lower()
    keys = sorted(key for key in {key for column in columns for key in column} if wanted in key.lower())
    differing = (key for key in keys if len({column.get(key, MISSING) for column in columns}) > 1)
    return Compared(title, columns, tuple(keys), frozenset(differing), numeric)


def _band(compared: Compared, *, only: bool) -> Band:
    """The rows to show; `only` leaves out those that are the same in all runs."""
    most = max(_FEWEST_ROWS, min(MAX_ROWS, _MAX_ELEMENTS // (len(compared.columns) + 2)))
    keys = [key for key in compared.keys if key in compared.differing] if only else list(compared.keys)
    rows = []
    for key in keys[:most]:
        full = tuple(column.get(key, MISSING) for column in compared.columns)
        cells = tuple(shortened(text, _CELL) for text in full)
        rows.append(ComparedRow(key, cells, tuple(shortened(text, _FULL) for text in full), key in compared.differing))
    equal = len(compared.keys) - len(compared.differing)
    return Band(compared.title, tuple(rows), equal, len(keys), compared.numeric)
