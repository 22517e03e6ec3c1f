"""Two or more runs side by side: what differs between them, and their metrics."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from runyard.core.tags import COMMIT_TAG, SOURCE_NAME_TAG
from runyard.tracking.runs.entities import Run
from runyard.ui.navigation import Crumb, Shell
from runyard.ui.parts.charts import Chart, charts_of
from runyard.ui.parts.chosen_runs import chosen_runs
from runyard.ui.parts.format import MISSING, number, shortened, status_label
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.presentation import datasets, own_run_tags, user
from runyard.ui.site import Site

_CELL = 60
_MANY_ROWS = 20


@dataclass(frozen=True)
class ComparedRow:
    """A param, metric or tag with its value in each run; full values where the cells are shortened."""

    key: str
    cells: tuple[str, ...]
    full: tuple[str, ...]
    differs: bool


@dataclass(frozen=True)
class Band:
    """The rows of one kind.

    Attributes
    ----------
    equal: How many rows are the same in all runs.
    """

    title: str
    rows: tuple[ComparedRow, ...]
    equal: int
    numeric: bool = False


@dataclass(frozen=True)
class ComparePage:
    """All that compare.html may use."""

    runs: tuple[Run, ...]
    bands: tuple[Band, ...]
    charts: tuple[Chart, ...]
    metric_count: int
    only_differences: bool
    toggle: str
    without: tuple[str, ...]
    ids: str


def show(site: Site, request: Request) -> Response:
    """The comparison of the runs that the address names."""
    state = ListState.of(request)
    runs = chosen_runs(site, state)
    path, ids = site.urls("compare"), ",".join(run.info.run_id for run in runs)
    if len(state.all("runs")) > 1:  # sent by the form without scripts
        return RedirectResponse(state.href(path, runs=ids), 303)
    bands = _bands(runs)
    choice = state.text("differences")
    only = choice == "only" if choice else sum(len(band.rows) for band in bands) > _MANY_ROWS
    keys = sorted({key for run in runs for key in run.data.metrics if not key.startswith("system/")})
    page = ComparePage(
        runs=tuple(runs),
        bands=tuple(_differing(band) for band in bands) if only else bands,
        charts=charts_of(site.urls, runs, keys),
        metric_count=len(keys),
        only_differences=only,
        toggle=state.href(path, differences="all" if only else "only"),
        without=tuple(
            state.href(path, runs=",".join(other.info.run_id for other in runs if other is not run)) for run in runs
        ),
        ids=ids,
    )
    crumbs = (Crumb("Experiments", site.urls()), *_experiment_crumb(site, runs), Crumb("Compare"))
    return site.page(request, "compare", page, Shell(f"Compare {len(runs)} runs", "experiments", crumbs))


def _experiment_crumb(site: Site, runs: Sequence[Run]) -> tuple[Crumb, ...]:
    ids = {run.info.experiment_id for run in runs}
    if len(ids) != 1:
        return ()
    [experiment_id] = ids
    return (Crumb(f"Experiment {experiment_id}", site.urls("experiments", experiment_id)),)


def _bands(runs: Sequence[Run]) -> tuple[Band, ...]:
    return (
        _band("Params", runs, lambda run: run.data.params),
        _band(
            "Metrics, latest",
            runs,
            lambda run: {key: number(value, 6) for key, value in run.data.metrics.items()},
            numeric=True,
        ),
        _band("Tags", runs, lambda run: own_run_tags(run.data.tags)),
        _band("Details", runs, _details),
    )


def _details(run: Run) -> dict[str, str]:
    details = {"status": status_label(run.info.status), "user": user(run), "experiment": run.info.experiment_id}
    if datasets(run):
        details["datasets"] = ", ".join(f"{used.dataset.name} ({used.dataset.digest})" for used in datasets(run))
    for key in (SOURCE_NAME_TAG, COMMIT_TAG):
        if run.data.tags.get(key):
            details[key.removeprefix("mlflow.")] = run.data.tags[key]
    return details


def _band(title: str, runs: Sequence[Run], values: Callable[[Run], dict[str, str]], *, numeric: bool = False) -> Band:
    columns = [values(run) for run in runs]
    rows = []
    for key in sorted({key for column in columns for key in column}):
        full = tuple(column.get(key, MISSING) for column in columns)
        rows.append(ComparedRow(key, tuple(shortened(text, _CELL) for text in full), full, len(set(full)) > 1))
    return Band(title, tuple(rows), sum(not row.differs for row in rows), numeric)


def _differing(band: Band) -> Band:
    return Band(band.title, tuple(row for row in band.rows if row.differs), band.equal, band.numeric)
