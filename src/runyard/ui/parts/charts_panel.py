"""Charts beside the table of runs: whether they are shown, of which runs or groups, and of which metrics."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from runyard.exceptions import InvalidParameter
from runyard.search.writing import value_text
from runyard.tracking.filters.messages import FindKeys, checked_pattern
from runyard.tracking.many_runs.messages import FindRunIds
from runyard.tracking.runs.entities import Run
from runyard.tracking.runs.messages import RunsDescribed, SearchRuns
from runyard.ui.parts.chart_runs import MAX_METRICS, ChartRuns, chart_runs
from runyard.ui.parts.chosen_runs import MAX_RUNS, Chosen
from runyard.ui.parts.format import shortened
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.looks import classes, look_of, looks_of_groups
from runyard.ui.parts.metric_names import goal_of, weight_of
from runyard.ui.parts.run_groups import GroupTable
from runyard.ui.site import Site

MODES = ("table", "below", "split", "only")
"""What is on the page, as ``charts=`` of its address says."""
_WORDS = ("Table", "Below", "Split", "Charts")
_TITLES = ("The table alone", "Charts below the table", "Charts beside the table", "Charts alone")
FEW = 12
"""Rows up to which charts stand below the table where the address does not say: it leaves the page empty there."""
PAGE_SIZE = 48
"""Charts of a page of them."""
MAX_PINS = 24
MAX_LINES, RUNS_OF_LINES = 12, 240
"""Groups that have a line, and runs that are read for all of them."""
_SYSTEM, _NONE = "system", "."
_TELLING = 0.9
"""The weight of metrics from which on they stand by their names alone."""
_MAX_DIGITS = 9


@dataclass(frozen=True)
class Mode:
    """A link that shows the table, the charts, or both."""

    name: str
    word: str
    title: str
    href: str


@dataclass(frozen=True)
class KeyGroup:
    """The metrics of a page whose names begin alike.

    Attributes
    ----------
    name: What stands before the first ``/``; ``.`` for those without one.
    total: How many there are on all pages.
    opened: They are not folded.
    """

    name: str
    keys: tuple[str, ...]
    total: int
    opened: bool

    @property
    def label(self) -> str:
        """What its head says."""
        return "Metrics" if self.name == _NONE else self.name


@dataclass(frozen=True)
class KeyPage:
    """The metrics that have charts.

    Attributes
    ----------
    pinned: Those that stand on top, whatever is looked for.
    groups: The others, those of this page of them.
    first: How many of them stand on pages before.
    total: How many there are, pinned ones left out.
    problem: What is wrong with the expression that was given.
    """

    pinned: tuple[str, ...]
    groups: tuple[KeyGroup, ...]
    first: int
    total: int
    find: str
    pattern: bool
    problem: str

    @property
    def last(self) -> int:
        """How many stand on pages before and on this one."""
        return self.first + sum(len(group.keys) for group in self.groups)

    @property
    def previous(self) -> int:
        """Where the page before begins."""
        return max(0, self.first - PAGE_SIZE)


@dataclass(frozen=True)
class MetricCharts:
    """The charts of metrics.

    Attributes
    ----------
    shown: The runs that charts may show: those of the rows, and the chosen ones.
    rows: The ids of the runs of the rows; none where the table is of groups.
    selected: The ids of the selection that the server keeps, as far as they are shown.
    lines: The groups whose means are drawn where no run is chosen: id, name, look, address, runs, and of how many.
    groups: How many groups the rows of the table are.
    most: How many runs a chart shows.
    """

    shown: ChartRuns
    rows: tuple[str, ...]
    selected: tuple[str, ...]
    lines: tuple[dict[str, Any], ...]
    groups: int
    keys: KeyPage
    most: int = MAX_RUNS


@dataclass(frozen=True)
class ChartsPanel:
    """What stands beside the table of runs.

    Attributes
    ----------
    metrics: None where only the table is shown, or nothing.
    looks: The looks of runs and groups in the charts, by id.
    """

    mode: str
    modes: tuple[Mode, ...]
    looks: Mapping[str, int]
    metrics: MetricCharts | None = None

    def mark(self, ident: str) -> str:
        """The classes of the mark of a run or group, as charts draw it."""
        return classes(self.looks[ident] if ident in self.looks else look_of(ident))


@dataclass(frozen=True)
class Asked:
    """What the charts are asked for with.

    Attributes
    ----------
    question: Experiments, filter and view, as all searches of the page have them.
    described: The metrics of the matching runs.
    rows: The runs of the rows.
    all_rows: There are no others on further pages.
    groups: The groups of the rows, where they are some.
    """

    question: Mapping[str, Any]
    described: RunsDescribed
    rows: Sequence[Run]
    all_rows: bool
    groups: GroupTable | None
    chosen: Chosen

    @property
    def usual_mode(self) -> str:
        """What is on the page where the address does not say: few runs leave room for their charts."""
        few = self.all_rows and self.groups is None and 0 < len(self.rows) <= FEW
        return "below" if few and any(run.data.metrics for run in self.rows) else MODES[0]


def charts_panel(site: Site, state: ListState, path: str, asked: Asked) -> ChartsPanel:
    """The charts that an address asks for. A search more for chosen runs of other pages, and one a group."""
    usual = asked.usual_mode
    mode = state.choice("charts", (usual, *MODES))
    modes = tuple(
        Mode(name, word, title, state.here(path, charts=None if name == usual else name))
        for name, word, title in zip(MODES, _WORDS, _TITLES, strict=True)
    )
    if mode == MODES[0] or not (asked.rows or asked.groups or asked.chosen.run_ids):
        return ChartsPanel(mode, modes, {})
    runs = {run.info.run_id: run for run in asked.rows}
    wanted = asked.chosen.run_ids[:MAX_RUNS]
    elsewhere = _found(site, asked.question, [run_id for run_id in wanted if run_id not in runs])
    shown = chart_runs([*runs.values(), *elsewhere.values()])
    if asked.groups:
        keys = sorted({*shown.metrics, *(entry.key for entry in asked.described.metric_keys)})
        shown = replace(shown, metrics=tuple(keys[:MAX_METRICS]))
    lines = _lines(site, asked)
    metrics = MetricCharts(
        shown=shown,
        rows=() if asked.groups else tuple(runs),
        selected=tuple(run_id for run_id in wanted if run_id not in asked.chosen.added),
        lines=lines,
        groups=len(asked.groups.rows) if asked.groups else 0,
        keys=_keys(site, state, asked, [*runs.values(), *elsewhere.values()]),
    )
    looks = {run["id"]: run["look"] for run in (*shown.runs, *lines)}
    return ChartsPanel(mode, modes, looks, metrics)


def _found(site: Site, question: Mapping[str, Any], run_ids: Sequence[str]) -> Mapping[str, Run]:
    """Runs of the experiments by their ids, deleted ones too."""
    if not run_ids:
        return {}
    listed = f"run_id IN ({', '.join(map(value_text, run_ids))})"
    asked = {**question, "filter": listed, "run_view_type": "ALL"}
    return {run.info.run_id: run for run in site.ask(SearchRuns(**asked, max_results=len(run_ids))).runs}


def _lines(site: Site, asked: Asked) -> tuple[dict[str, Any], ...]:
    """The first groups of the page with their newest runs. A search for each."""
    rows = asked.groups.rows[:MAX_LINES] if asked.groups else ()
    looks = looks_of_groups([row.ident for row in rows])
    most = RUNS_OF_LINES // max(1, len(rows))
    found = []
    for row in rows:
        question = FindRunIds(**{**asked.question, "filter": row.group.filter}, max_results=most)
        ids = site.ask(question).run_ids
        name = shortened(row.label, 80)
        about = {"id": row.ident, "name": name, "look": looks[row.ident], "href": row.alone, "values": {}, "events": []}
        found.append({**about, "runs": ids, "of": row.group.runs})
    return tuple(found)


def _keys(site: Site, state: ListState, asked: Asked, runs: Sequence[Run]) -> KeyPage:
    """The page of metrics that an address names: those of the runs, or of what matches where these are in groups."""
    find, pattern, problem = state.text("charts_find"), bool(state.text("charts_pattern")), ""
    keys = {key for run in runs for key in run.data.metrics}
    if asked.groups:
        keys |= {entry.key for entry in asked.described.metric_keys}
    try:
        if asked.groups and find and asked.described.described < asked.described.runs:
            others = site.ask(FindKeys(text=find, pattern=pattern, of="metrics")).keys
            keys |= {name.removeprefix("metrics.") for name in others}
        keys = _meant(keys, find, pattern=pattern)
    except InvalidParameter as wrong:
        problem = wrong.message
    pinned = tuple(dict.fromkeys(state.all("charts_pin")))[:MAX_PINS]
    telling = {_group(key) for key in keys if goal_of(key)}
    ordered = sorted(keys.difference(pinned), key=lambda key: _order(key, telling))
    first = _offset(state.text("charts_from"), len(ordered))
    totals, folds = Counter(map(_group, ordered)), state.all("charts_fold")
    groups = tuple(
        KeyGroup(name, tuple(some), totals[name], (name == _SYSTEM) == (name in folds))
        for name, some in groupby(ordered[first : first + PAGE_SIZE], key=_group)
    )
    return KeyPage(pinned, groups, first, len(ordered), find, pattern, problem)


def _meant(keys: set[str], find: str, *, pattern: bool) -> set[str]:
    """The keys that hold a text, in any case of letters, or in which a regular expression is found.

    Raises
    ------
    InvalidParameter: The expression is not valid.
    """
    if not find:
        return keys
    if pattern:
        expression = checked_pattern(find)
        return {key for key in keys if expression.found_in(key)}
    wanted = find.lower()
    return {key for key in keys if wanted in key.lower()}


def _offset(text: str, total: int) -> int:
    """How many metrics stand on pages before: the beginning of a page that there is."""
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else 0
    return min(wanted, max(0, total - 1)) // PAGE_SIZE * PAGE_SIZE


def _group(key: str) -> str:
    return key.partition("/")[0] if "/" in key else _NONE


def _order(key: str, telling: Collection[str]) -> tuple[bool, bool, bool, str, float, str]:
    """What metrics are ordered by: what tells how good runs are before what keeps books.

    Groups without such a metric come behind the others, and those without a ``/`` first among them; what the machine
    did comes last.

    Parameters
    ----------
    telling: The groups that have metrics whose best value is known by their name.
    """
    group, weight = _group(key), weight_of(key)
    return group == _SYSTEM, group not in telling, group != _NONE, group, -min(weight, _TELLING), key
