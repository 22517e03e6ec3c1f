"""One metric of one or more runs: a large chart with its settings, and its points as a table."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from runyard.exceptions import InvalidParameter
from runyard.tracking.metrics.messages import GetMetricCurves, MetricCurve
from runyard.tracking.runs.entities import Run
from runyard.ui.navigation import Crumb, Shell
from runyard.ui.parts.chart_runs import ChartRuns, chart_runs
from runyard.ui.parts.charts import Chart, asked_ahead, charts_of
from runyard.ui.parts.chosen_runs import chosen_runs
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.narrowed import Narrowed, narrowed
from runyard.ui.parts.presentation import names_of, run_name
from runyard.ui.site import Site

MAX_POINTS = 360
"""Rows of the table of points, of all runs together; the chart asks for its own points."""
MAX_KEYS = 100
_WIDTH = 1_200
"""Pixels of the chart in most windows."""


@dataclass(frozen=True)
class Extent:
    """A summary of a run's points of a metric; None where there is no number."""

    run: Run
    name: str
    first: float | None
    last: float | None
    least: float | None
    greatest: float | None
    last_step: int | None


@dataclass(frozen=True)
class Point:
    """A point as the table shows it."""

    name: str
    step: int
    timestamp: int
    value: float


@dataclass(frozen=True)
class MetricPage:
    """All that metric.html may use.

    Attributes
    ----------
    ahead: Addresses of points that the page asks for at once.
    logged: How many points there are; the table holds those that the chart needs.
    keys: The metrics of these runs; where there are very many, those whose name holds the one that was asked for.
    """

    key: str
    chart: Chart
    ahead: tuple[str, ...]
    extents: tuple[Extent, ...]
    points: tuple[Point, ...]
    logged: int
    keys: Narrowed[str]
    ids: str
    shown: ChartRuns

    @property
    def chart_runs(self) -> tuple[Run, ...]:
        """The runs of the chart, in the order of their colours."""
        return tuple(extent.run for extent in self.extents)


def show(site: Site, request: Request) -> Response:
    """The page of one metric."""
    state = ListState.of(request)
    key = state.text("key")
    if not key:
        raise InvalidParameter("No metric is named. Name it as ?key=KEY&runs=ID,ID.")
    runs = chosen_runs(site, state)
    names = names_of(runs)
    per_run = max(4, MAX_POINTS // len(runs))
    run_ids = [run.info.run_id for run in runs]
    answer = site.ask(GetMetricCurves(run_ids=run_ids, metric_key=key, max_points=per_run))
    curves = {curve.run_id: curve for curve in answer.curves}
    ids = ",".join(run_ids)
    keys = sorted({name for run in runs for name in run.data.metrics})
    page = MetricPage(
        key=key,
        chart=charts_of(site.urls, runs, [key])[0],
        ahead=asked_ahead(site.urls, run_ids, [key], _WIDTH, state.text("x")),
        extents=tuple(_extent(run, names[run.info.run_id], curves.get(run.info.run_id)) for run in runs),
        points=tuple(point for run_id, curve in curves.items() for point in _points(names[run_id], curve)),
        logged=sum(curve.points for curve in curves.values()),
        keys=narrowed(keys, key if len(keys) > MAX_KEYS else "", lambda name: (name,)),
        shown=chart_runs(runs),
        ids=ids,
    )
    crumbs = [Crumb("Experiments", site.urls())]
    if len(runs) == 1:
        crumbs.append(Crumb(run_name(runs[0]), site.urls("runs", run_ids[0])))
    else:
        crumbs.append(Crumb(f"Compare {len(runs)} runs", site.urls("compare", runs=ids)))
    return site.page(request, "metric", page, Shell(key, "experiments", (*crumbs, Crumb(key))))


def _points(name: str, curve: MetricCurve) -> Iterator[Point]:
    for step, timestamp, value in zip(curve.steps, curve.timestamps, curve.values, strict=True):
        yield Point(name, step, timestamp, value)


def _extent(run: Run, name: str, curve: MetricCurve | None) -> Extent:
    values = curve.values if curve else []
    numbers = [value for value in values if not math.isnan(value)]
    return Extent(
        run=run,
        name=name,
        first=values[0] if values else None,
        last=values[-1] if values else None,
        least=min(numbers, default=None),
        greatest=max(numbers, default=None),
        last_step=curve.steps[-1] if curve and values else None,
    )
