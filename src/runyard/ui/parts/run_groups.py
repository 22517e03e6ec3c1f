"""The table of runs in groups: what the address says of them, their rows, and the runs of those that are open."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from runyard.tracking.run_groups.keys import group_order
from runyard.tracking.run_groups.messages import GroupRuns, MetricOfGroup, RunGroup, RunsGrouped
from runyard.tracking.runs.entities import Run
from runyard.tracking.runs.messages import SearchRuns
from runyard.ui.navigation import QueryValue
from runyard.ui.parts.columns import ColumnChoice
from runyard.ui.parts.format import MISSING, exact, number, shortened
from runyard.ui.parts.list_state import GROUPING, ListState
from runyard.ui.parts.metric_names import goal_of
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
    """What a metric comes to in a group: as it is shown, and in full."""

    text: str
    title: str


@dataclass(frozen=True)
class GroupRow:
    """A group of the table.

    Attributes
    ----------
    parts: What its runs share: the key and the value, None where they have none.
    href: The address where it is open, or closed when it is open.
    alone: The address of the table of its runs.
    runs: The first runs of an open group; None when it is closed.
    """

    group: RunGroup
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
    heads: tuple[Column, ...]
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
    metrics = tuple(column.key for column in choice.shown if column.kind == "metrics")
    message = question_of(state, question, metrics, PAGE_SIZE)
    message.page_token = state.token
    found = site.ask(message)
    statistic = state.choice("stat", _SHOWN)
    every = state.text("of") == "all"
    return GroupTable(
        found=found,
        rows=tuple(_row(site, state, path, question, group, metrics) for group in found.groups),
        chips=tuple(_chip(state, path, name) for name in message.group_by),
        statistics=tuple(
            (label, _here(state, path, stat=None if name == "mean" else name), name == statistic)
            for name, label in STATISTICS
        ),
        heads=_heads(state, path, metrics, statistic),
        metrics=metrics,
        looked_at=message.max_runs,
        whole=state.href(path, of="all") if found.more and not every else None,
        ungrouped=state.href(path, open=None, **_PLAIN),
    )


def _row(
    site: Site, state: ListState, path: str, question: dict[str, Any], group: RunGroup, metrics: Sequence[str]
) -> GroupRow:
    """A group as the table shows it; of one that is open its first runs are read."""
    statistic = state.choice("stat", _SHOWN)
    ident, runs = _ident(group), None
    opened = list(dict.fromkeys(state.all("open")))[-MAX_OPEN:]
    if ident in opened:
        asked = question | {"filter": group.filter, "order_by": order_terms(state.all("order"), NEWEST_FIRST)}
        runs = tuple(site.ask(SearchRuns(**asked, max_results=SHOWN_RUNS)).runs)
    turned = [*opened, ident] if runs is None else [each for each in opened if each != ident]
    return GroupRow(
        group=group,
        parts=tuple((_label(one.key), one.value) for one in group.values),
        cells=tuple(_cell(metric, statistic) for metric in group.metrics[: len(metrics)]),
        href=_here(state, path, open=turned),
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


def _here(state: ListState, path: str, **changes: QueryValue) -> str:
    """The address of the same page with a change: `ListState.href` leads to the first page."""
    place = {name: state.text(name) for name in ("page", "from")} if state.token else {}
    return state.href(path, **place, **changes)


def _ident(group: RunGroup) -> str:
    """A short name of a group for addresses."""
    values = json.dumps([[one.key, one.value] for one in group.values])
    return hashlib.sha256(values.encode()).hexdigest()[:10]


def _label(name: str) -> str:
    return name.partition(".")[2] if name.startswith(("params.", "tags.")) else name


def _chip(state: ListState, path: str, name: str) -> Chip:
    rest = [each for each in dict.fromkeys(state.all("group")) if each != name]
    return Chip(name, _label(name), state.href(path, group=rest, open=None))


def _heads(state: ListState, path: str, metrics: Sequence[str], statistic: str) -> tuple[Column, ...]:
    current = group_order(state.text("group_order") or _LARGEST)
    named = [("Group", "group", "", False), ("Runs", "runs", "", True)]
    for key in metrics:
        what = best_of(key) if statistic == "best" else statistic
        named.append((key, what, key, goal_of(key) != "least"))
    heads = []
    for label, what, metric, falls_first in named:
        found = (current.what, current.metric) == (what, metric)
        falling = current.ascending if found else falls_first
        name = f"{what}(metrics.{metric})" if metric else what
        heads.append(
            Column(
                key=name,
                label=label,
                href=state.href(path, group_order=f"{name} {'DESC' if falling else 'ASC'}", open=None),
                title=f"Sort groups by {label}, {'descending' if falling else 'ascending'}",
                sorted=("ascending" if current.ascending else "descending") if found else None,
                numeric=what != "group",
            )
        )
    return tuple(heads)


def best_of(key: str) -> str:
    """Which of a metric's values is the best: the least where its name says so, else the greatest."""
    return "min" if goal_of(key) == "least" else "max"


def _cell(metric: MetricOfGroup, statistic: str) -> MetricCell:
    shown = getattr(metric, best_of(metric.key) if statistic == "best" else statistic)
    text = number(shown)
    if statistic == "mean" and metric.sd is not None and shown is not None:
        text = f"{text} ± {number(metric.sd, 2)}"
    counted = [f"{metric.runs:,} with a number"]
    counted += [f"{metric.nan:,} NaN"] if metric.nan else []
    counted += [f"{metric.missing:,} without it"] if metric.missing else []
    figures = (f"{name} {exact(getattr(metric, name))}" for name in ("mean", "sd", "min", "max"))
    return MetricCell(text, "\n".join((*figures, ", ".join(counted))))
