"""Thins long series for charts."""

import itertools
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.dialects import VALUES, bound
from runyard.db.gathering import PreparedColumns
from runyard.db.transaction import Prepared, Transaction
from runyard.tracking.metrics.blocks import LARGEST
from runyard.tracking.metrics.levels import Columns, Point, are_numbers, columns_of
from runyard.tracking.metrics.tables import metric_points

EXACT_UP_TO = 10_000
"""Maximum number of points of a series that is thinned by counting rows; longer ones are thinned by steps."""

_points = metric_points.c
_ORDER = (_points.step, _points.timestamp, _points.value)
_WITHIN = (
    _points.series_id == sa.bindparam("series"),
    _points.step >= sa.bindparam("first"),
    _points.step <= sa.bindparam("last"),
)
_within = sa.select(*_ORDER).where(*_WITHIN).order_by(*_ORDER).limit(sa.bindparam("most"))
_points_within = PreparedColumns(_within, "series", "first", "last", "most")
_count_within = Prepared(sa.select(sa.func.count()).select_from(_within.subquery()), "series", "first", "last", "most")
_first_within, _last_within = (
    Prepared(
        sa.select(*_ORDER).where(*_WITHIN).order_by(*order).limit(sa.literal_column("1")), "series", "first", "last"
    )
    for order in (_ORDER, tuple(column.desc() for column in _ORDER))
)


def _first_from_each(dialect: str, by_time: bool) -> sa.Select[Any]:
    """Selects the first point from each of some steps on, or of a step from each of some times on."""
    points = metric_points.alias()
    place = points.c.timestamp if by_time else points.c.step
    series, step = points.c.series_id == sa.bindparam("series"), points.c.step == sa.bindparam("step")
    each = (points.c.step, points.c.timestamp, points.c.value)
    first = sa.select(*each).where(series, *([step] if by_time else ())).order_by(*each).limit(sa.literal_column("1"))
    if dialect == "postgresql":
        given = sa.func.unnest(sa.bindparam(VALUES, type_=sa.ARRAY(sa.BigInteger)))
        listed = given.table_valued("target", with_ordinality="number").render_derived()
        found = first.where(place >= listed.c.target).lateral()
        return sa.select(*found.c).select_from(listed.join(found, sa.true())).order_by(listed.c.number)
    numbered = sa.func.json_each(sa.bindparam(VALUES, type_=sa.Text)).table_valued("key", "value")
    sought = first.where(place >= numbered.c.value).correlate(numbered).scalar_subquery()
    same = sa.tuple_(*_ORDER).bool_op("=")(sought)
    joined = numbered.join(metric_points, sa.and_(_points.series_id == sa.bindparam("series"), same))
    return sa.select(*_ORDER).select_from(joined).order_by(numbered.c.key)


_first_from_steps = Prepared(lambda dialect: _first_from_each(dialect, by_time=False), "series", VALUES)
_first_from_times = Prepared(lambda dialect: _first_from_each(dialect, by_time=True), "series", "step", VALUES)


def evenly(tx: Transaction, series: int, most: int, first: int | None, last: int | None) -> Columns:
    """At most `most` points of a series in step order, evenly spread, the first and the last kept.

    Short series are spread by row, as MLflow does. In long ones, counting rows would mean reading all of them; there
    the points nearest to evenly spaced steps are sought in the index (evenly spaced times where all have one step).

    Parameters
    ----------
    most: Maximum number of points; 1 gives only the last one.
    first, last: Only points with steps from `first` to `last`, both included.
    """
    asked = (series, -LARGEST - 1 if first is None else first, LARGEST if last is None else last)
    exact = max(most, EXACT_UP_TO)
    [[count]] = _count_within.rows(tx, *asked, exact + 1)
    if count <= exact:
        columns = _points_within.columns(tx, *asked, exact)
        places = even_places(count, most)
        return Columns(*([column[place] for place in places] for column in columns))
    [low], [high] = _first_within.rows(tx, *asked), _last_within.rows(tx, *asked)
    return columns_of(_sought(tx, series, most, low, high))


def even_places(count: int, most: int) -> list[int]:
    """Positions of at most `most` of `count` rows: evenly spread, the first and the last among them.

    >>> even_places(10, 4)
    [0, 3, 6, 9]
    """
    if count <= most:
        return list(range(count))
    if most == 1:
        return [count - 1]
    return [(2 * place * (count - 1) + most - 1) // (2 * (most - 1)) for place in range(most)]


def _sought(tx: Transaction, series: int, most: int, first: Point, last: Point) -> list[Point]:
    if most == 1:
        return [last]
    by_time = first[0] == last[0]
    low, high = (first[1], last[1]) if by_time else (first[0], last[0])
    targets = bound(tx, [low + place * (high - low) // (most - 1) for place in range(1, most - 1)])
    if by_time:
        rows = _first_from_times.rows(tx, series, first[0], targets)
    else:
        rows = _first_from_steps.rows(tx, series, targets)
    apart = itertools.groupby([first, *rows, last], key=repr)  # NaN does not equal itself
    return [next(same) for _, same in apart]


def extremes(rows: Sequence[Point], most: int) -> list[Point]:
    """At most `most` of the rows, keeping the smallest and the largest value of each stretch, so that spikes show.

    Parameters
    ----------
    rows: In step order; values may be numbers, None or ``"NaN"``.
    most: At least 4.
    """
    if len(rows) <= most:
        return list(rows)
    stretches = max(1, (most - 2) // 2)
    borders = [1 + stretch * (len(rows) - 2) // stretches for stretch in range(stretches + 1)]
    values = [row[2] for row in rows]
    if not are_numbers(values):
        kept = [row for begin, end in itertools.pairwise(borders) for row in _kept_of(rows[begin:end])]
        return [rows[0], *kept, rows[-1]]
    places = set[int]()
    for begin, end in itertools.pairwise(borders):
        part = values[begin:end]
        places.add(begin + part.index(min(part)))
        places.add(begin + part.index(max(part)))
    return [rows[0], *map(rows.__getitem__, sorted(places)), rows[-1]]


def _kept_of(stretch: Sequence[Point]) -> Sequence[Point]:
    """The least and the greatest of a stretch; its first where no value is a number."""
    numbers = [row for row in stretch if isinstance(row[2], float) and row[2] == row[2]]
    if not numbers:
        return stretch[:1]
    low, high = min(numbers, key=_value), max(numbers, key=_value)
    return [low] if low is high else sorted((low, high), key=_place)


def _value(row: Point) -> Any:
    return row[2]


def _place(row: Point) -> tuple[int, int]:
    return row[0], row[1]
