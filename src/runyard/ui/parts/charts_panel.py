"""Charts beside the table of runs: whether they are shown, of which runs, and of which metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from runyard.search.writing import value_text
from runyard.tracking.runs.entities import Run
from runyard.tracking.runs.messages import RunsDescribed, SearchRuns
from runyard.ui.parts.chart_runs import ChartRuns, chart_runs
from runyard.ui.parts.chosen_runs import MAX_RUNS, Chosen
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.runs_scope import Scope
from runyard.ui.site import Site

MODES = ("table", "split", "only")
"""What is on the page, as ``charts=`` of its address says."""
_WORDS = ("Table", "Split", "Charts")
PAGE_SIZE = 48
"""Charts of a page of them."""
_SYSTEM = "system"


@dataclass(frozen=True)
class Mode:
    """A link that shows the table, the charts, or both."""

    name: str
    word: str
    href: str


@dataclass(frozen=True)
class KeyGroup:
    """The metrics whose names begin alike.

    Attributes
    ----------
    name: What stands before the first ``/``; empty for those without one.
    """

    name: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class MetricCharts:
    """The charts of metrics.

    Attributes
    ----------
    shown: The runs that charts may show: those of the rows, and the chosen ones.
    rows: The ids of those of the rows.
    selected: Those of the selection that the server keeps, as far as they are shown.
    most: How many runs a chart shows.
    """

    shown: ChartRuns
    rows: tuple[str, ...]
    selected: tuple[str, ...]
    groups: tuple[KeyGroup, ...]
    most: int = MAX_RUNS


@dataclass(frozen=True)
class ChartsPanel:
    """What stands beside the table of runs.

    Attributes
    ----------
    metrics: None where only the table is shown.
    """

    mode: str
    modes: tuple[Mode, ...]
    metrics: MetricCharts | None = None


def charts_panel(
    site: Site,
    state: ListState,
    path: str,
    scope: Scope,
    described: RunsDescribed,
    rows: Sequence[Run],
    chosen: Chosen,
) -> ChartsPanel:
    """The charts that an address asks for. A statement more where runs of other pages are chosen.

    Parameters
    ----------
    described: The metrics of the matching runs.
    rows: The runs of the rows.
    """
    mode = state.choice("charts", MODES)
    modes = tuple(
        Mode(name, word, state.here(path, charts=None if name == MODES[0] else name))
        for name, word in zip(MODES, _WORDS, strict=True)
    )
    if mode == MODES[0]:
        return ChartsPanel(mode, modes)
    runs = {run.info.run_id: run for run in rows}
    wanted = chosen.run_ids[:MAX_RUNS]
    elsewhere = _found(site, scope, [run_id for run_id in wanted if run_id not in runs])
    keys = sorted(entry.key for entry in described.metric_keys)
    return ChartsPanel(
        mode,
        modes,
        MetricCharts(
            shown=chart_runs([*runs.values(), *elsewhere.values()]),
            rows=tuple(runs),
            selected=tuple(run_id for run_id in wanted if run_id not in chosen.added),
            groups=_grouped(keys[:PAGE_SIZE]),
        ),
    )


def _found(site: Site, scope: Scope, run_ids: Sequence[str]) -> Mapping[str, Run]:
    """Runs of the experiments by their ids, deleted ones too."""
    if not run_ids:
        return {}
    listed = f"run_id IN ({', '.join(map(value_text, run_ids))})"
    question = SearchRuns(experiment_ids=list(scope.ids), filter=listed, run_view_type="ALL", max_results=len(run_ids))
    return {run.info.run_id: run for run in site.ask(question).runs}


def _grouped(keys: Sequence[str]) -> tuple[KeyGroup, ...]:
    """Metrics by what their names begin with: those without a ``/`` first, what the machine did last."""
    ordered = sorted(keys, key=_order)
    return tuple(KeyGroup(name, tuple(some)) for name, some in groupby(ordered, key=_group))


def _group(key: str) -> str:
    return key.partition("/")[0] if "/" in key else ""


def _order(key: str) -> tuple[bool, str, str]:
    group = _group(key)
    return group == _SYSTEM, group, key
