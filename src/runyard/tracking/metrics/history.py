"""History: every point of a series by timestamp, step and value, in pages that cost what they hold.

Points are clustered by step, and time nearly always follows the step. The blocks know the range of timestamps of their
points: from these it follows which blocks a page is in, and only their points are read, and those of the tail.
"""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from runyard.db.gathering import PreparedColumns
from runyard.db.transaction import Prepared, Transaction
from runyard.tracking.metrics import blocks
from runyard.tracking.metrics.blocks import BLOCK, LARGEST
from runyard.tracking.metrics.levels import Columns, Point, columns_of
from runyard.tracking.metrics.tables import metric_blocks, metric_points

Place = tuple[int, int, Any]
"""Timestamp, step and value of a point."""

MOST = 2**62
"""Maximum number of points of a page: more than any series has."""

PIECE = 4 * BLOCK
"""Points of a whole history that are read at one time."""
PIECE_SORTED = 100_000
"""The same, where the database looks at every point for each piece, as time does not follow the step."""

MAX_CANDIDATES = 16 * BLOCK
"""How many points more than a page holds are sorted in memory."""

_points = metric_points.c
_blocks = metric_blocks.c
_ORDER = (_points.timestamp, _points.step, _points.value)
_PLACE = (_points.step, _points.timestamp, _points.value)


def _bound_place(name: str) -> Any:
    return sa.tuple_(*(sa.bindparam(name + part) for part in ("step", "timestamp", "value")))


def _later() -> sa.ColumnElement[bool]:
    """Whether a point comes later than another in the order of timestamps."""
    return sa.tuple_(*_ORDER) > sa.tuple_(*(sa.bindparam(name) for name in ("time", "at_step", "at_value")))


_begun_later = Prepared(
    sa.select(_blocks.points, _blocks.greatest_time)
    .where(
        _blocks.series_id == sa.bindparam("series"),
        _blocks.greatest_time > sa.bindparam("time"),
        _blocks.least_time > sa.bindparam("time"),
    )
    .order_by(_blocks.greatest_time)
    .limit(sa.bindparam("most")),
    "series", "time", "most",
)  # fmt: skip
_ends_within_times = Prepared(
    sa.select(_blocks.step, _blocks.timestamp, _blocks.value)
    .where(
        _blocks.series_id == sa.bindparam("series"),
        _blocks.greatest_time >= sa.bindparam("time"),
        _blocks.least_time <= sa.bindparam("until"),
    )
    # not the key itself: SQLite would read every block of the series in its order instead of using the index
    .order_by(_blocks.step + sa.literal_column("0"), _blocks.timestamp, _blocks.value),
    "series", "time", "until",
)  # fmt: skip
_BETWEEN = (
    _points.series_id == sa.bindparam("series"),
    sa.tuple_(*_PLACE) > _bound_place("after_"),
    sa.tuple_(*_PLACE) <= _bound_place("last_"),
    _points.timestamp <= sa.bindparam("until"),
    _later(),
)
_NAMES_BETWEEN = (
    "series",
    "after_step", "after_timestamp", "after_value", "last_step", "last_timestamp", "last_value",
    "until", "time", "at_step", "at_value",
)  # fmt: skip
_later_points_between = PreparedColumns(
    sa.select(*_PLACE).where(*_BETWEEN).order_by(*_PLACE).limit(sa.bindparam("most")), *_NAMES_BETWEEN, "most"
)
_earlier_between = Prepared(
    sa.select(sa.literal_column("1"))
    .where(_points.timestamp < sa.bindparam("latest"), *_BETWEEN)
    .limit(sa.literal_column("1")),
    "latest", *_NAMES_BETWEEN,
)  # fmt: skip
_overtaken = Prepared(
    sa.select(sa.literal_column("1"))
    .where(
        _points.series_id == sa.bindparam("series"),
        sa.tuple_(*_PLACE) > _bound_place("after_"),
        _points.step <= sa.bindparam("at_step"),
        _points.timestamp > sa.bindparam("time"),
    )
    .limit(sa.literal_column("1")),
    "series", "after_step", "after_timestamp", "after_value", "at_step", "time",
)  # fmt: skip
_all_later_points = PreparedColumns(
    sa.select(*_PLACE)
    .where(_points.series_id == sa.bindparam("series"), _later())
    .order_by(*_ORDER)
    .limit(sa.bindparam("most")),
    "series", "time", "at_step", "at_value", "most",
)  # fmt: skip


def page(tx: Transaction, series: int, most: int, after: Place | None = None) -> Columns:
    """At most `most` points of a series by timestamp, step and value.

    Parameters
    ----------
    after: Only points behind this one in that order; from the first one when left out.
    """
    begin = _stored(tx, after)
    found = _in_blocks(tx, series, most, begin)
    if found is None:  # few points, or time does not follow the step
        return Columns(*_all_later_points.columns(tx, series, *begin, most))
    return found


def piece(tx: Transaction, series: int, after: Place | None = None) -> tuple[Columns, bool]:
    """The next points of a series in the same order, as many as one reads at one time; whether more may follow."""
    begin = _stored(tx, after)
    wanted, found = PIECE, _in_blocks(tx, series, PIECE, begin)
    if found is None:
        wanted, found = PIECE_SORTED, Columns(*_all_later_points.columns(tx, series, *begin, PIECE_SORTED))
    return found, len(found.steps) == wanted


def skipping(tx: Transaction, series: int, most: int | None, offset: int) -> Columns:
    """At most `most` points of a series in the same order, behind the first `offset`."""
    statement = sa.select(*_PLACE).where(_points.series_id == series).order_by(*_ORDER).limit(most).offset(offset)
    return columns_of(tx.tuples(statement))


def _stored(tx: Transaction, after: Place | None) -> Place:
    time, step, value = after or (-1, 0, 0.0)
    return time, step, blocks.stored(tx, value)


def _in_blocks(tx: Transaction, series: int, most: int, after: Place) -> Columns | None:
    """A page, from the blocks that it is in and the tail; None when there are none or too many."""
    sealed = blocks.last_end(tx, series)
    if sealed is None:
        return None
    until = _time_of(tx, series, most, after[0])
    ends = _ends_within_times.rows(tx, series, after[0], until)
    spans = [(_begin(tx, series, ends[0], after), ends[-1])] if ends else []
    spans.append((sealed, blocks.highest(tx)))
    found = _first_between(tx, series, spans, (until, *after), most)
    if len(found.steps) == most and not _are_first(tx, series, spans, (until, *after), found):
        most_read = most + MAX_CANDIDATES
        found = _first_between(tx, series, spans, (until, *after), most_read)
        if len(found.steps) == most_read:
            return None
    times = found.timestamps
    if times != sorted(times):  # points of one time are in the order of their steps and values already
        order = sorted(range(len(times)), key=times.__getitem__)
        found = Columns(*([column[place] for place in order] for column in found))
    return found.part(0, most)


def _begin(tx: Transaction, series: int, end: Point, after: Place) -> Point:
    """Behind which point to look for those of a page: the one before, unless points of other blocks or times are.

    Parameters
    ----------
    end: The end of the first block that the page is in.
    """
    begin = blocks.end_before(tx, series, end)
    time, step, value = after
    if not begin[:2] < (step, time) <= end[:2] or _overtaken.row(tx, series, *begin, step, time) is not None:
        return begin
    return step, time, value


def _first_between(
    tx: Transaction, series: int, spans: Sequence[tuple[Point, Point]], bounds: tuple[Any, ...], most: int
) -> Columns:
    """The first points in spans of a series, in clustered order.

    Parameters
    ----------
    spans: Of each, the place behind which it begins, and the last one.
    bounds: The latest time, and the point that all come after in the order of timestamps.
    """
    found = Columns([], [], [])
    for begin, last in spans:
        left = most - len(found.steps)
        if left > 0:
            for column, more in zip(
                found, _later_points_between.columns(tx, series, *begin, *last, *bounds, left), strict=True
            ):
                column += more
    return found


def _are_first(
    tx: Transaction, series: int, spans: Sequence[tuple[Point, Point]], bounds: tuple[Any, ...], found: Columns
) -> bool:
    """Whether no point of the spans behind the first ones has an earlier time: mostly time follows the step."""
    latest = max(found.timestamps)
    place = (found.steps[-1], found.timestamps[-1], found.values[-1])
    for begin, last in spans:
        if place[:2] > last[:2]:  # the span is before them
            continue
        begun = max(begin, place, key=itemgetter(0, 1))
        if _earlier_between.row(tx, latest, series, *begun, *last, *bounds) is not None:
            return False
    return True


def _time_of(tx: Transaction, series: int, most: int, time: int) -> int:
    """A time by which there are `most` points later than `time`, or none are left; the first one that blocks tell."""
    for points, greatest in _begun_later.rows(tx, series, time, most // BLOCK + 2):
        most -= points
        if most <= 0:
            return int(greatest)
    return LARGEST
