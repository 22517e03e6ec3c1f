"""Curves: a series thinned for a chart, with its spikes, and another one joined to it by step."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa

from runyard.db.dialects import VALUES, bound
from runyard.db.transaction import Prepared, Transaction
from runyard.tracking.metrics import blocks, sampling
from runyard.tracking.metrics.levels import SPAN, WIDE, Point
from runyard.tracking.metrics.tables import metric_points

_SPANS = 2  # of each stretch, at least: stretches that are rounded to fewer differ too much in length


class Curve(NamedTuple):
    """The points that are kept, in step order, and their number before the thinning."""

    points: list[Point]
    before: int


def curve(tx: Transaction, series: int, most: int, first: int | None, last: int | None) -> Curve:
    """At most `most` points of a series, keeping the smallest and the largest value of each stretch.

    Up to 16 times as many points are read and thinned one by one. Of more, the levels are read, of many more the wide
    ones, and the stretches begin with the spans that levels stand for: the first and the last point, and the true
    extremes of every stretch with their own steps and timestamps, are kept all the same.

    Parameters
    ----------
    most: At least 4.
    first, last: Only points with steps from `first` to `last`, both included.
    """
    stretches = (most - 2) // 2
    exact = max(most, _SPANS * SPAN * stretches)
    start, end = blocks.before(first), blocks.highest(tx, last)
    sealed = blocks.sealed_points(tx, series, first, last)
    if sealed <= exact:
        rows = blocks.points_between(tx, series, start, end, exact + 1)
        if len(rows) <= exact:
            return Curve(sampling.extremes(rows, most), len(rows))
    span = WIDE if sealed >= _SPANS * WIDE * stretches else SPAN
    levels, unsealed = blocks.levels_between(tx, series, first, last, span)
    if unsealed:
        tx.chores["seal", series] = partial(blocks.seal, series=series, shortest=blocks.SHORTEST)
    begin = blocks.points_between(tx, series, start, end, 1)[0]
    return Curve(levels.thinned(most, begin, blocks.last_point(tx, series, last)), levels.points)


def whole_or_thinned(tx: Transaction, series: int, whole: int, most: int, first: int | None, last: int | None) -> Curve:
    """All points of a series, where these are no more than `whole`; else a `curve` of at most `most`."""
    if blocks.sealed_points(tx, series, first, last) <= whole:
        rows = blocks.points_between(tx, series, blocks.before(first), blocks.highest(tx, last), whole + 1)
        if len(rows) <= whole:
            return Curve(rows, len(rows))
    return curve(tx, series, most, first, last)


def values_at(tx: Transaction, series: int | None, steps: Sequence[int]) -> list[Any]:
    """The stored value of a series at each step: its last point there, or else the last one before; None before all.

    Parameters
    ----------
    series: None for a run without that metric.
    """
    if series is None:
        return [None] * len(steps)
    return [row[0] for row in _values_at.rows(tx, series, bound(tx, steps))]


def _value_at_each(dialect: str) -> sa.Executable:
    points = metric_points.c
    if dialect == "sqlite":
        listed: Any = sa.func.json_each(sa.bindparam(VALUES, type_=sa.Text)).table_valued("key", "value")
        place, step = listed.c.key, listed.c.value
    else:
        given = sa.func.unnest(sa.bindparam(VALUES, type_=sa.ARRAY(sa.BigInteger)))
        listed = given.table_valued("step", with_ordinality="place").render_derived()
        place, step = listed.c.place, listed.c.step
    value = (
        sa.select(points.value)
        .where(points.series_id == sa.bindparam("series"), points.step <= step)
        .order_by(points.step.desc(), points.timestamp.desc(), points.value.desc())
        .limit(sa.literal_column("1"))
        .correlate(listed)
    )
    return sa.select(value.scalar_subquery()).select_from(listed).order_by(place)


_values_at = Prepared(_value_at_each, "series", VALUES)
