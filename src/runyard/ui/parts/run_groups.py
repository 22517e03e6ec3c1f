"""The table of runs in groups: what the address says of them, their rows, and the runs of those that are open."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from runyard.tracking.run_groups.keys import group_order
from runyard.tracking.run_groups.messages import GroupRuns, MetricOfGroup, RunGroup, RunsGrouped
from runyard.tracking.runs.entities import Run
from runyard.tracking.runs.messages import SearchRuns
from runyard.ui.navigation import QueryValue
from runyard.ui.parts.cells import best_value
from runyard.ui.parts.column_settings import ColumnSettings
from runyard.ui.parts.columns import ColumnChoice, ValueColumn
from runyard.ui.parts.format import MISSING, exact, shortened
from runyard.ui.parts.list_state import GROUPING, ListState
from runyard.ui.parts.metric_names import Goal
from runyard.ui.parts.numbers import Write, writer_of
from runyard.ui.parts.sorting import Column, order_terms
from runyard.ui.site import Site

PAGE_SIZE = 50
"""Groups of a page."""
SHOWN_RUNS = 20
"""Runs of an open group; all of them are a table of their own."""
MAX_OPEN = 10
"""Groups that are open at once: each is a search."""
NEWEST, MOST = 5_000, 100_000
"""Runs that are looked at, the newest that match: at first, and when all are asked for."""
STATISTICS = (("mean", "Mean ± sd"), ("sd", "Sd"), ("min", "Min"), ("max", "Max"), ("best", "Best"))
"""What is shown of metrics, by the name in the address."""
_SHOWN = [name for name, _ in STATISTICS]
NEWEST_FIRST = "start_time DESC"
OFFERED = 8
"""Params to group by that the panel offers; any other is typed."""
ATTRIBUTES = ("dataset", "status", "user")
_LARGEST = "runs DESC"
_PLAIN = dict.fromkeys(GROUPING)
"""What an address says where the runs are in no groups."""


@dataclass(frozen=True)
class Chip:
    """What the runs are grouped by, and the address without it."""

    name: str
    label: str
    href: str


@dataclass(frozen=True)
class MetricCell:
    """What a metric comes to in a group: as it is shown, in full, and whether no group of the page has a better one."""

    text: str
    title: str
    best: bool


@dataclass(frozen=True)
class GoalLink:
    """Which value of a metric is the best, and the address where it is the other one."""

    word: str
    title: str
    href: str


@dataclass(frozen=True)
class GroupHead:
    """A head of the table of groups; with a goal where the best of a metric is shown."""

    column: Column
    goal: GoalLink | None = None


@dataclass(frozen=True)
class GroupRow:
    """A group of the table.

    Attributes
    ----------
    ident: A short name of it, by which an address says that it is open.
    parts: What its runs share: the key and the value, None where they have none.
    href: The address where it is open, or closed when it is open.
    alone: The address of the table of its runs.
    runs: The first runs of an open group; None when it is closed.
    """

    group: RunGroup
    ident: str
    parts: tuple[tuple[str, str | None], ...]
    cells: tuple[MetricCell, ...]
    href: str
    alone: str
    runs: tuple[Run, ...] | None

    @property
    def label(self) -> str:
        """What its runs share, in words."""
        return ", ".join(f"{key} {MISSING if value is None else shortened(value, 40)}" for key, value in self.parts)


@dataclass(frozen=True)
class GroupTable:
    """The groups of a page.

    Attributes
    ----------
    statistics: What can be shown of metrics: its words, the address, and whether it is what is shown.
    whole: The address that looks at more runs; None where it would not find others.
    """

    found: RunsGrouped
    rows: tuple[GroupRow, ...]
    chips: tuple[Chip, ...]
    statistics: tuple[tuple[str, str, bool], ...]
    heads: tuple[GroupHead, ...]
    metrics: tuple[str, ...]
    looked_at: int
    whole: str | None
    ungrouped: str

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """The runs of the open groups."""
        return tuple(run for row in self.rows for run in row.runs or ())


@dataclass(frozen=True)
class GroupPanel:
    """What the panel to group by offers.

    Attributes
    ----------
    offers: Names with their words, and whether the runs are grouped by them.
    kept: The parameters of the view that its form keeps.
    """

    offers: tuple[tuple[str, str, bool], ...]
    kept: tuple[tuple[str, str], ...]


def question_of(state: ListState, question: dict[str, Any], metrics: Sequence[str], size: int) -> GroupRuns:
    """The message that asks for the groups of an address.

    Parameters
    ----------
    question: Experiments, filter and view, as all searches of the page have them.

    Raises
    ------
    InvalidParameter: The address groups or orders by something that there is not.
    """
    return GroupRuns(
        **question,
        group_by=list(dict.fromkeys(state.all("group"))),
        metrics=list(metrics),
        order_by=state.text("group_order") or _LARGEST,
        max_results=size,
        max_runs=MOST if state.text("of") == "all" else NEWEST,
    )


def group_table(
    site: Site, state: ListState, path: str, question: dict[str, Any], choice: ColumnChoice
) -> GroupTable | None:
    """The groups of the page that an address names; None when it names none.

    Raises
    ------
    InvalidParameter: The address groups or orders by something that there is not.
    """
    if not state.all("group"):
        return None
    columns, settings = (
        [column for column in choice.shown if column.kind == "metrics"],
        ColumnSettings.of(state, choice.shown),
    )
    metrics = tuple(column.key for column in columns)
    goals = {column.key: settings.goal(column) for column in columns}
    message = question_of(state, question, metrics, PAGE_SIZE)
    message.page_token = state.token
    found = site.ask(message)
    statistic = state.choice("stat", _SHOWN)
    cells = _cells(found.groups, metrics, statistic, goals)
    every = state.text("of") == "all"
    return GroupTable(
        found=found,
        rows=tuple(
            _row(site, state, path, question, group, row) for group, row in zip(found.groups, cells, strict=True)
        ),
        chips=tuple(_chip(state, path, name) for name in message.group_by),
        statistics=tuple(
            (label, state.here(path, stat=None if name == "mean" else name), name == statistic)
            for name, label in STATISTICS
        ),
        heads=_heads(state, path, statistic, goals),
        metrics=metrics,
        looked_at=message.max_runs,
        whole=state.href(path, of="all") if found.more and not every else None,
        ungrouped=state.href(path, open=None, **_PLAIN),
    )


def _row(
    site: Site,
    state: ListState,
    path: str,
    question: dict[str, Any],
    group: RunGroup,
    cells: tuple[MetricCell, ...],
) -> GroupRow:
    """A group as the table shows it; of one that is open its first runs are read."""
    ident, runs = _ident(group), None
    opened = list(dict.fromkeys(state.all("open")))[-MAX_OPEN:]
    if ident in opened:
        asked = question | {"filter": group.filter, "order_by": order_terms(state.all("order"), NEWEST_FIRST)}
        runs = tuple(site.ask(SearchRuns(**asked, max_results=SHOWN_RUNS)).runs)
    turned = [*opened, ident] if runs is None else [each for each in opened if each != ident]
    return GroupRow(
        group=group,
        ident=ident,
        parts=tuple((_label(one.key), one.value) for one in group.values),
        cells=cells,
        href=state.here(path, open=turned),
        alone=state.href(path, filter=group.filter, open=None, **_PLAIN),
        runs=runs,
    )


def group_panel(state: ListState, choice: ColumnChoice) -> GroupPanel:
    """What the panel offers: the params that vary first, then a dataset and the like."""
    chosen = state.all("group")
    params = [offer.column for offer in sorted(choice.params, key=lambda offer: offer.equal)][:OFFERED]
    names = [*(column.name for column in params), *ATTRIBUTES]
    further = [name for name in chosen if name not in names]
    offers = tuple((name, _label(name), name in chosen) for name in (*further, *names))
    return GroupPanel(offers, state.kept("group", "group_order", "open"))


def _ident(group: RunGroup) -> str:
    """A short name of a group for addresses."""
    values = json.dumps([[one.key, one.value] for one in group.values])
    return hashlib.sha256(values.encode()).hexdigest()[:10]


def _label(name: str) -> str:
    return name.partition(".")[2] if name.startswith(("params.", "tags.")) else name


def _chip(state: ListState, path: str, name: str) -> Chip:
    rest = [each for each in dict.fromkeys(state.all("group")) if each != name]
    return Chip(name, _label(name), state.href(path, group=rest, open=None))


def _heads(state: ListState, path: str, statistic: str, goals: Mapping[str, Goal | None]) -> tuple[GroupHead, ...]:
    current = group_order(state.text("group_order") or _LARGEST)
    named = [("Group", "group", "", False), ("Runs", "runs", "", True)]
    for key, goal in goals.items():
        named.append((key, _best_of(goal) if statistic == "best" else statistic, key, goal != "least"))
    heads = []
    for label, what, metric, falls_first in named:
        found = (current.what, current.metric) == (what, metric)
        falling = current.ascending if found else falls_first
        name = f"{what}(metrics.{metric})" if metric else what
        column = Column(
            key=name,
            label=label,
            href=state.href(path, group_order=f"{name} {'DESC' if falling else 'ASC'}", open=None),
            title=f"Sort groups by {label}, {'descending' if falling else 'ascending'}",
            sorted=("ascending" if current.ascending else "descending") if found else None,
            numeric=what != "group",
        )
        chosen = metric and statistic == "best"
        heads.append(GroupHead(column, _goal_link(state, path, metric, goals[metric]) if chosen else None))
    return tuple(heads)


def _goal_link(state: ListState, path: str, key: str, goal: Goal | None) -> GoalLink:
    name, least = ValueColumn("metrics", key).name, goal == "least"
    others = [said for said in state.all("best") if not said.startswith(f"{name}:")]
    changes: dict[str, QueryValue] = {"best": [*others, f"{name}:{'most' if least else 'least'}"]}
    current = group_order(state.text("group_order") or _LARGEST)
    if (current.what, current.metric) == (_best_of(goal), key):  # the order stays one by the best
        changes["group_order"] = f"max({name}) DESC" if least else f"min({name}) ASC"
    turned = state.here(path, **changes)
    word, other = ("least", "greatest") if least else ("greatest", "least")
    return GoalLink(word, f"The {word} {key} is the best; take the {other}", turned)


def _best_of(goal: Goal | None) -> str:
    """Which of a metric's values is the best: the least where it was chosen or its name says so, else the greatest."""
    return "min" if goal == "least" else "max"


def _cells(
    groups: Sequence[RunGroup], metrics: Sequence[str], statistic: str, goals: Mapping[str, Goal | None]
) -> list[tuple[MetricCell, ...]]:
    """The cells of each group; those of one metric are written alike, and the best of them is marked."""
    columns = []
    for place, key in enumerate(metrics):
        goal, of_groups = goals[key], [group.metrics[place] for group in groups]
        what = _best_of(goal) if statistic == "best" else statistic
        shown = [getattr(metric, what) for metric in of_groups]
        known = [value for value in shown if value is not None and math.isfinite(value)]
        best = best_value(known, None if what == "sd" else goal)
        write = writer_of(key, known)
        columns.append([_cell(*pair, statistic, write, best) for pair in zip(of_groups, shown, strict=True)])
    return list(zip(*columns, strict=True)) if columns else [() for _ in groups]


def _cell(metric: MetricOfGroup, shown: float | None, statistic: str, write: Write, best: float | None) -> MetricCell:
    text = write(shown)
    if statistic == "mean" and metric.sd is not None and shown is not None:
        text = f"{text} ± {write(metric.sd)}"
    counted = [f"{metric.runs:,} with a number"]
    counted += [f"{metric.nan:,} NaN"] if metric.nan else []
    counted += [f"{metric.missing:,} without it"] if metric.missing else []
    figures = (f"{name} {exact(getattr(metric, name))}" for name in ("mean", "sd", "min", "max"))
    return MetricCell(text, "\n".join((*figures, ", ".join(counted))), best is not None and shown == best)
