"""The operation that groups runs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runyard.core.wire import wire_double
from runyard.db.dialects import one_of
from runyard.db.paging import decode_token, encode_token, foreign_token, offset_in
from runyard.db.transaction import Transaction
from runyard.gate.performers import performs
from runyard.protocol.answer import Wire
from runyard.tracking.run_groups.keys import group_key, group_order, with_condition
from runyard.tracking.run_groups.messages import GroupRuns
from runyard.tracking.run_groups.statements import BOUND, SCALE, Grouping
from runyard.tracking.runs.conditions import meets
from runyard.tracking.runs.ranges import few_runs
from runyard.tracking.runs.search import Search, next_newest, search_of
from runyard.tracking.runs.tables import runs

_LOOKED_UP = 8
"""Values that are read from end to end in the time in which one is looked up."""
_DIGITS_LOST = 1e6
"""Squares that are larger than what is left of them by this have lost digits: SQLite computes them again."""


@performs(GroupRuns)
def group_runs(tx: Transaction, message: GroupRuns) -> Wire:
    """One statement for the groups, one for a mean that swallowed its deviation, and those that find the runs."""
    order = group_order(message.order_by)
    keys = [group_key(name) for name in message.group_by]
    metrics = list(dict.fromkeys([*message.metrics, *([order.metric] if order.metric else [])]))
    offset = offset_in(decode_token(message.page_token)) if message.page_token else 0
    if message.page_token and not offset:
        raise foreign_token()
    chosen, more, sparse = _chosen(tx, message)
    grouping = Grouping(chosen, keys, metrics, order, tx.dialect, sparse)
    rows = tx.execute(grouping.groups(message.max_results, offset)).all()
    summaries = [_summaries(tx, grouping, rows, place) for place in range(len(message.metrics))]
    groups: list[dict[str, Any]] = []
    for place, row in enumerate(rows):
        condition = " AND ".join(key.condition(value) for key, value in zip(keys, row[: len(keys)], strict=True))
        values = [_value(key.name, value) for key, value in zip(keys, row[: len(keys)], strict=True)]
        group = {"values": values, "runs": row.n, "filter": with_condition(message.filter, condition)}
        groups.append(group | ({"metrics": [of_metric[place] for of_metric in summaries]} if summaries else {}))
    total, counted = (int(rows[0][-2]), int(rows[0][-1])) if rows else (offset, 0)
    answer = {"groups": groups, "total": total, "runs": counted, "more": more}
    reached = offset + len(rows)
    return answer | ({"next_page_token": encode_token({"offset": reached})} if rows and reached < total else {})


def _chosen(tx: Transaction, message: GroupRuns) -> tuple[Sequence[sa.ColumnElement[bool]], bool, bool]:
    """The conditions on the runs to group, whether there are more runs than may be looked at, and whether few are."""
    search = search_of(tx, message.experiment_ids, message.run_view_type, message.filter)
    view, tested = search.view, meets(search.conditions, tx.dialect)
    few = few_runs(tx, search.conditions, view.shown(tx.dialect), view.several, view) if search.conditions else None
    if few is not None:
        return [*view.shown(tx.dialect, tested=True), one_of(tx, runs.c.id, few), *tested], False, True
    bound, more = next_newest(tx, search, None, message.max_runs)
    if more:  # it spoke of the first run that is not looked at
        bound, _ = next_newest(tx, search, None, message.max_runs - 1)
    return [*view.shown(tx.dialect), *bound, *tested], more, _is_sparse(tx, search, message.max_runs, more)


def _is_sparse(tx: Transaction, search: Search, most: int, more: bool) -> bool:
    """Whether PostgreSQL looks up the values of the runs sooner than it reads those of all runs of the store."""
    if tx.dialect != "postgresql":
        return False
    part = (tx.scalar(sa.select(sa.func.max(runs.c.id))) or 0) // _LOOKED_UP
    return most <= part if more else not next_newest(tx, search, None, min(part, most))[1]


def _value(key: str, value: str | None) -> dict[str, str]:
    return {"key": key} if value is None else {"key": key, "value": value}


@dataclass(frozen=True)
class _Figures:
    """What the database says of a metric in a group, each None where it has no such number.

    Attributes
    ----------
    second: The variance with PostgreSQL, the sum of the squares with SQLite.
    """

    has: int
    numbers: int
    mean: float | None
    second: float | None
    least: float | None
    greatest: float | None

    @property
    def bounded(self) -> bool:
        """Whether there are several numbers that differ, none of them infinite or huge."""
        least, greatest = self.least, self.greatest
        return least is not None and greatest is not None and -BOUND <= least < greatest <= BOUND

    @property
    def variance(self) -> float | None:
        """From the sum of the squares; None where that has lost its digits."""
        if self.second is None or self.mean is None:
            return None
        left = self.second - self.numbers * self.mean * self.mean
        return left / (self.numbers - 1) if left * _DIGITS_LOST > self.second else None


def _summaries(tx: Transaction, grouping: Grouping, rows: Sequence[Any], place: int) -> list[dict[str, Any]]:
    """What a metric comes to in each group."""
    metric, keys = grouping.metrics[place], len(grouping.keys)
    at = keys + 1 + 6 * place
    figures = [_Figures(*row[at : at + 6]) for row in rows]
    again: dict[tuple[Any, ...], float] = {}
    if tx.dialect == "sqlite" and any(each.bounded and each.variance is None for each in figures):
        again = {tuple(row[:keys]): row.squares for row in tx.execute(grouping.squares(metric))}
    found = []
    for row, each in zip(rows, figures, strict=True):
        variance = each.second if tx.dialect == "postgresql" else each.variance
        if variance is None and again and each.bounded:
            variance = max(again[tuple(row[:keys])], 0.0) / (each.numbers - 1)
        scale = SCALE if tx.dialect == "postgresql" else 1.0
        found.append({"key": metric, "missing": row.n - each.has, **_described(each, variance, scale)})
    return found


def _described(figures: _Figures, variance: float | None, scale: float) -> dict[str, Any]:
    """The figures as they are answered."""
    described: dict[str, Any] = {"runs": figures.numbers, "nan": figures.has - figures.numbers}
    if figures.least is None or figures.greatest is None:
        return described
    mean = math.nan if figures.mean is None else figures.mean / scale
    named = {"mean": mean, "min": figures.least, "max": figures.greatest}
    if figures.numbers > 1:
        equal = figures.least == figures.greatest and math.isfinite(figures.least)
        unknown = variance is None or not figures.bounded
        named["sd"] = 0.0 if equal else math.nan if unknown else math.sqrt(variance or 0.0)
    return described | {name: wire_double(value) for name, value in named.items()}
