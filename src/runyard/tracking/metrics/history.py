"""History: every point of a series by timestamp, step and value, in pages that cost what they hold.

Points are clustered by step, and time nearly always follows the step. The blocks know the range of timestamps of their
points: from these it follows which blocks a page is in, and only their points are read, and those of the tail.
"""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from runyard.db.transaction import Prepared, Transaction
from runyard.tracking.metrics import blocks
from runyard.tracking.metrics.blocks import BLOCK, LARGEST
from runyard.tracking.metrics.tables import metric_blocks, metric_points

Row = tuple[int, int, Any]
"""Timestamp, step and stored value."""

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
_later_points_between = Prepared(
    sa.select(*_ORDER).where(*_BETWEEN).order_by(*_PLACE).limit(sa.bindparam("most")), *_NAMES_BETWEEN, "most"
)
_earlier_between = Prepared(
    sa.select(sa.literal_column("1"))
    .where(_points.timestamp < sa.bindparam("latest"), *_BETWEEN)
    .limit(sa.literal_column("1")),
    "latest", *_NAMES_BETWEEN,
)  # fmt: skip
_all_later_points = Prepared(
    sa.select(*_ORDER)
    .where(_points.series_id == sa.bindparam("series"), _later())
    .order_by(*_ORDER)
    .limit(sa.bindparam("most")),
    "series", "time", "at_step", "at_value", "most",
)  # fmt: skip


def page(tx: Transaction, series: int, most: int, after: Row | None = None) -> list[Row]:
    """At most `most` points of a series by timestamp, step and value.

    Parameters
    ----------
    after: Only points behind this one in that order; from the first one when left out.
    """
    time, step, value = after or (-1, 0, 0.0)
    place = (time, step, blocks.stored(tx, value))
    found = _in_blocks(tx, series, most, place)
    if found is None:  # few points, or time does not follow the step
        return _all_later_points.rows(tx, series, *place, most)
    return found


def piece(tx: Transaction, series: int, after: Row | None = None) -> tuple[list[Row], bool]:
    """The next points of a series in the same order, as many as one reads at one time; whether more may follow."""
    time, step, value = after or (-1, 0, 0.0)
    place = (time, step, blocks.stored(tx, value))
    wanted, rows = PIECE, _in_blocks(tx, series, PIECE, place)
    if rows is None:
        wanted, rows = PIECE_SORTED, _all_later_points.rows(tx, series, *place, PIECE_SORTED)
    return rows, len(rows) == wanted


def skipping(tx: Transaction, series: int, most: int | None, offset: int) -> list[Row]:
    """At most `most` points of a series in the same order, behind the first `offset`."""
    statement = sa.select(*_ORDER).where(_points.series_id == series).order_by(*_ORDER).limit(most).offset(offset)
    return [(row[0], row[1], row[2]) for row in tx.execute(statement)]


def _in_blocks(tx: Transaction, series: int, most: int, after: Row) -> list[Row] | None:
    """A page, from the blocks that it is in and the tail; None when there are none or too many."""
    sealed = blocks.last_end(tx, series)
    if sealed is None:
        return None
    until = _time_of(tx, series, most, after[0])
    ends = _ends_within_times.rows(tx, series, after[0], until)
    spans = [(*blocks.end_before(tx, series, ends[0]), *ends[-1])] if ends else []
    spans.append((*sealed, *blocks.highest(tx)))
    found = _first_between(tx, series, spans, (until, *after), most)
    if len(found) == most and not _are_first(tx, series, spans, (until, *after), found):
        most_read = most + MAX_CANDIDATES
        found = _first_between(tx, series, spans, (until, *after), most_read)
        if len(found) == most_read:
            return None
    times = [row[0] for row in found]
    if times != sorted(times):  # points of one time are in the order of their steps and values already
        found.sort(key=itemgetter(0))
    return found[:most]


def _first_between(
    tx: Transaction, series: int, spans: Sequence[tuple[Any, ...]], bounds: tuple[Any, ...], most: int
) -> list[Any]:
    """The first points in spans of a series, in clustered order.

    Parameters
    ----------
    spans: Of each, the place behind which it begins, and the last one.
    bounds: The latest time, and the point that all come after in the order of timestamps.
    """
    found: list[Any] = []
    for span in spans:
        if len(found) < most:
            found += _later_points_between.rows(tx, series, *span, *bounds, most - len(found))
    return found


def _are_first(
    tx: Transaction, series: int, spans: Sequence[tuple[Any, ...]], bounds: tuple[Any, ...], found: Sequence[Any]
) -> bool:
    """Whether no point of the spans behind the first ones has an earlier time: mostly time follows the step."""
    latest = max(map(itemgetter(0), found))
    timestamp, step, value = found[-1]
    place = (step, timestamp, value)
    for begin, last in ((span[:3], span[3:]) for span in spans):
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
