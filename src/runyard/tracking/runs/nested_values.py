"""What the runs nested in a run have of a metric that it lacks: runs may be ordered by it, as tables show it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from runyard.db.conditions import number
from runyard.db.transaction import Transaction
from runyard.search.nodes import OrderTerm
from runyard.tracking.metrics.tables import metric_series
from runyard.tracking.runs.conditions import View
from runyard.tracking.runs.tables import runs

MAX_NESTED = 5_000
"""Nested runs in view up to which runs are ordered by those: each is looked at."""

_nested = runs.alias("nested")
_value = metric_series.alias("nested_value")
_own = metric_series.alias("own_value")


def with_nested(terms: Sequence[OrderTerm], below: Mapping[str, str]) -> list[OrderTerm]:
    """An order in which nested runs stand for a metric that a run lacks.

    Parameters
    ----------
    below: ``least`` or ``greatest``, by the key of the metric.
    """
    return [
        replace(term, below=below[term.key]) if term.kind == "metric" and term.key in below else term for term in terms
    ]


def few_nested(tx: Transaction, view: View) -> bool:
    """Whether the nested runs in view are few enough to look at each. One statement, of an index."""
    nested = sa.select(number(1).label("one")).where(*view.anywhere(runs, tx.dialect), runs.c.parent_id.is_not(None))
    counted = sa.select(sa.func.count()).select_from(nested.limit(MAX_NESTED + 1).subquery())
    return int(tx.scalar(counted) or 0) <= MAX_NESTED


def best_below(term: OrderTerm) -> sa.ScalarSelect[Any]:
    """The least or the greatest value of the runs that are directly nested in a row of `runs`; NULL for none."""
    least = term.below == "least"
    chosen = (
        sa.select(sa.func.min(_value.c.value) if least else sa.func.max(_value.c.value))
        .join_from(_nested, _value, _value.c.run_id == _nested.c.id)
        .where(*_below_this(), _value.c.key == term.key)
    )
    return chosen.correlate(runs).scalar_subquery()


def has_below(key: str) -> sa.ColumnElement[bool]:
    """Whether a run that is directly nested in a row of `runs` has a value of a metric."""
    chosen = (
        sa.select(number(1))
        .join_from(_nested, _value, _value.c.run_id == _nested.c.id)
        .where(*_below_this(), _value.c.key == key, _value.c.value.is_not(None))
    )
    return sa.exists(chosen.correlate(runs))


def _below_this() -> list[sa.ColumnElement[bool]]:
    """A nested run is in the experiment and the stage of its parent: an index has those of each parent together."""
    alike = [_nested.c[name] == runs.c[name] for name in ("experiment_id", "lifecycle_stage")]
    return [*alike, _nested.c.parent_id == runs.c.id]


def by_nested(
    tx: Transaction, view: View, term: OrderTerm, key: Sequence[Any] | None, entries: int
) -> Iterator[list[int]]:
    """Numbers of the runs that lack a metric which runs nested in them have, in the order of these. One statement.

    Parameters
    ----------
    key: The sort key of the run behind which it begins, as page tokens hold it.
    entries: How many of them a piece has, apart from those that share the last value.
    """
    if key is not None and int(key[0]):
        return
    lacks = ~sa.exists().where(_own.c.run_id == _nested.c.parent_id, _own.c.key == term.key)
    one = sa.select(_value.c.value).where(_value.c.run_id == _nested.c.id, _value.c.key == term.key)
    found = (
        sa.select(_nested.c.parent_id.label("parent"), one.correlate(_nested).scalar_subquery().label("value"))
        .where(*view.anywhere(_nested, tx.dialect), _nested.c.parent_id.is_not(None), lacks)
        .subquery("found")
    )
    best = sa.func.min(found.c.value) if term.below == "least" else sa.func.max(found.c.value)
    chosen = sa.select(found.c.parent, best).where(found.c.value.is_not(None)).group_by(found.c.parent)
    rows = sorted(tx.execute(chosen).all(), key=lambda row: row[1], reverse=not term.ascending)
    if key is not None:
        rows = [row for row in rows if (row[1] >= key[1] if term.ascending else row[1] <= key[1])]
    begun = 0
    while begun < len(rows):
        end = min(begun + entries, len(rows))
        while end < len(rows) and rows[end][1] == rows[end - 1][1]:
            end += 1
        yield [row[0] for row in rows[begun:end]]
        begun = end
