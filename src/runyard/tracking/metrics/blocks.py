"""Blocks: long series are sealed, a thousand points at a time, so that reading need not touch every point.

A block is a row about consecutive points in clustered order: it ends with the point in its key, and begins behind the
end of the block before, so that blocks leave no gap. It has the number of its points, the range of their timestamps,
and their levels. A point that falls into a block later changes the first two at once and voids the levels (a trigger
does that, whichever server writes the point); then the points are read instead until the block is sealed again. The
points behind the last block, the tail of the series, are always read.

Servers of before know no wide levels: a trigger voids these when others are written beside them, and they are made from
the others.

Blocks are made while points are logged, and where they are missing, by a read that finds it out.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from runyard.db.transaction import Prepared, Transaction
from runyard.tracking.metrics.levels import NAN_TEXT, SPAN, WIDE, Columns, Levels, Point, columns_of, widened
from runyard.tracking.metrics.tables import metric_blocks, metric_points, metric_series

BLOCK = 1024
"""Points of a new block; one that late points fell into may have twice as many, less one."""
SHORTEST = BLOCK // 2
"""Points that make a block when they are appended at once, with those that wait behind the last one, or when a chart
finds them there."""
PIECE = 16
"""Blocks that are sealed in one transaction."""
LARGEST = 2**63 - 1
LOWEST: Point = (-LARGEST - 1, -1, 0.0)
"""Sorts before all points: their timestamps are not negative."""
_MAX_COUNTED = 100_000

_points = metric_points.c
_blocks = metric_blocks.c
_PLACE = (_points.step, _points.timestamp, _points.value)
_END = (_blocks.step, _blocks.timestamp, _blocks.value)
_BLOCK = (_blocks.series_id == sa.bindparam("series"), *(column == sa.bindparam(column.name) for column in _END))


def _bound_place(name: str = "") -> Any:
    return sa.tuple_(*(sa.bindparam(name + part) for part in ("step", "timestamp", "value")))


_points_between = Prepared(
    sa.select(*_PLACE)
    .where(
        _points.series_id == sa.bindparam("series"),
        sa.tuple_(*_PLACE) > _bound_place("after_"),
        sa.tuple_(*_PLACE) <= _bound_place("last_"),
    )
    .order_by(*_PLACE)
    .limit(sa.bindparam("most")),
    "series", "after_step", "after_timestamp", "after_value", "last_step", "last_timestamp", "last_value", "most",
)  # fmt: skip
_last_point = Prepared(
    sa.select(*_PLACE)
    .where(_points.series_id == sa.bindparam("series"), _points.step <= sa.bindparam("last_step"))
    .order_by(*(column.desc() for column in _PLACE))
    .limit(sa.literal_column("1")),
    "series", "last_step",
)  # fmt: skip
_points_behind = Prepared(
    sa.select(sa.func.count()).select_from(
        sa.select(_points.step)
        .where(_points.series_id == sa.bindparam("series"), sa.tuple_(*_PLACE) > _bound_place("after_"))
        .limit(sa.bindparam("most"))
        .subquery()
    ),
    "series", "after_step", "after_timestamp", "after_value", "most",
)  # fmt: skip
_last_end = Prepared(
    sa.select(*_END)
    .where(_blocks.series_id == sa.bindparam("series"))
    .order_by(*(column.desc() for column in _END))
    .limit(sa.literal_column("1")),
    "series",
)
_end_before = Prepared(
    sa.select(*_END)
    .where(_blocks.series_id == sa.bindparam("series"), sa.tuple_(*_END) < _bound_place())
    .order_by(*(column.desc() for column in _END))
    .limit(sa.literal_column("1")),
    "series", "step", "timestamp", "value",
)  # fmt: skip
_make_void = Prepared(
    sa.update(metric_blocks).where(*_BLOCK).values(levels=sa.null()), "series", "step", "timestamp", "value"
)
_remove = Prepared(sa.delete(metric_blocks).where(*_BLOCK), "series", "step", "timestamp", "value")
_void = Prepared(
    sa.select(*_END, _blocks.levels)
    .where(
        _blocks.series_id == sa.bindparam("series"),
        sa.or_(_blocks.levels.is_(None), _blocks.wide_levels.is_(None)),
    )
    .order_by(*_END)
    .limit(sa.bindparam("most")),
    "series", "most",
)  # fmt: skip
_set_wide = Prepared(
    sa.update(metric_blocks).where(*_BLOCK).values(wide_levels=sa.bindparam("new_levels", type_=sa.LargeBinary)),
    "new_levels", "series", "step", "timestamp", "value",
)  # fmt: skip
_levels_of = Prepared(sa.select(_blocks.levels).where(*_BLOCK), "series", "step", "timestamp", "value")


def _within_steps(levels: sa.ColumnElement[Any]) -> Prepared:
    statement = (
        sa.select(*_END, _blocks.points, levels)
        .where(
            _blocks.series_id == sa.bindparam("series"),
            _blocks.step >= sa.bindparam("first_step"),
            _blocks.step <= sa.bindparam("last_step"),
        )
        .order_by(*_END)
    )
    return Prepared(statement, "series", "first_step", "last_step")


_levels_within = _within_steps(_blocks.levels)
_wide_within = _within_steps(_blocks.wide_levels)
_sealed_points = Prepared(
    sa.select(sa.func.sum(_blocks.points)).where(
        _blocks.series_id == sa.bindparam("series"),
        _blocks.step >= sa.bindparam("first_step"),
        _blocks.step <= sa.bindparam("last_step"),
    ),
    "series", "first_step", "last_step",
)  # fmt: skip
_lock = Prepared(
    sa.select(metric_series.c.id).where(metric_series.c.id == sa.bindparam("series")).with_for_update(skip_locked=True),
    "series",
)
_note_sealed = Prepared(
    sa.update(metric_series)
    .where(metric_series.c.id == sa.bindparam("series"))
    .values(sealed_step=sa.bindparam("last_step", type_=sa.BigInteger)),
    "last_step", "series",
)  # fmt: skip


def _saving(dialect: str) -> Any:
    insert: Any = sqlite_insert if dialect == "sqlite" else postgresql_insert
    statement = insert(metric_blocks).values({column.name: sa.bindparam(column.name) for column in _blocks})
    changed = ("points", "least_time", "greatest_time", "levels", "wide_levels")
    return statement.on_conflict_do_update(
        index_elements=["series_id", "step", "timestamp", "value"],
        set_={name: statement.excluded[name] for name in changed},
    )


_save = Prepared(_saving, *(column.name for column in _blocks))


def highest(tx: Transaction, step: int | None = None) -> Point:
    """What sorts behind all points with steps up to `step`."""
    return (LARGEST if step is None else step, LARGEST, stored(tx, NAN_TEXT))


def stored(tx: Transaction, value: Any) -> Any:
    """A value with NaN as the database keeps it."""
    if value == value and value != NAN_TEXT:
        return float(value)
    return NAN_TEXT if tx.dialect == "sqlite" else float("nan")


def points_between(tx: Transaction, series: int, after: Point, last: Point, most: int) -> list[Any]:
    """The first `most` points behind `after` and up to `last`, in clustered order, as step, timestamp and value."""
    return _points_between.rows(tx, series, *after, *last, most)


def last_point(tx: Transaction, series: int, last_step: int | None) -> Point:
    """The last point with a step of at most `last_step`; there must be one."""
    [row] = _last_point.rows(tx, series, LARGEST if last_step is None else last_step)
    return row[0], row[1], row[2]


def before(step: int | None) -> Point:
    """What sorts before all points with steps from `step`."""
    return LOWEST if step is None else (step, -1, 0.0)


def last_end(tx: Transaction, series: int) -> Point | None:
    """The last point of the last block."""
    return _last_end.row(tx, series)


def end_before(tx: Transaction, series: int, end: Point) -> Point:
    """Behind which point the block that ends with `end` begins."""
    return _end_before.row(tx, series, *end) or LOWEST


def sealed_points(tx: Transaction, series: int, first_step: int | None, last_step: int | None) -> int:
    """How many points are between two steps, both included, at least."""
    last = LARGEST if last_step is None else last_step
    found = _sealed_points.row(tx, series, before(first_step)[0], last)
    sure = (found[0] or 0) if found else 0
    return int(sure) if first_step is None else max(0, int(sure) - 2 * BLOCK)


def levels_between(
    tx: Transaction, series: int, first_step: int | None, last_step: int | None, span: int = SPAN
) -> tuple[Levels, bool]:
    """The levels of the points between two steps, both included; whether there are blocks that should be sealed.

    Parameters
    ----------
    span: Points that a level stands for, `SPAN` or `WIDE`.
    """
    found, unsealed = Levels(span), False
    statement = _levels_within if span == SPAN else _wide_within  # which has an index of its own, without the levels
    place = before(first_step)
    lowest, largest = place[0], LARGEST if last_step is None else last_step
    whole = first_step is None  # whether the next block is within the range as a whole
    for step, timestamp, value, points, levels in statement.rows(tx, series, lowest, largest):
        end = (step, timestamp, value)
        unsealed = unsealed or levels is None
        if whole and levels is None and span != SPAN:
            levels = _widened_of(tx, series, end)
        if whole and levels is not None:
            found.add_encoded(levels, points)
        else:
            _add_points(tx, series, found, place, end)
        place, whole = end, True
    unsealed = _add_points(tx, series, found, place, highest(tx, last_step)) >= SHORTEST or unsealed
    return found, unsealed


def _widened_of(tx: Transaction, series: int, end: Point) -> bytes | None:
    """The wide levels of a block that has none yet; None if it has no levels."""
    row = _levels_of.row(tx, series, *end)
    return widened(row[0]) if row and row[0] is not None else None


def _add_points(tx: Transaction, series: int, found: Levels, after: Point, last: Point) -> int:
    count = 0
    while True:
        points = points_between(tx, series, after, last, 8 * BLOCK)
        found.add_points(points)
        count += len(points)
        if len(points) < 8 * BLOCK:
            return count
        after = points[-1]


def seal_appended(tx: Transaction, series: int, points: Columns, before: int | None) -> bool:
    """Make a block of points that were appended just now, without reading them again, and of the tail before them.

    Returns whether that could be: they are as many as a block has, and the last ones of the series.

    Parameters
    ----------
    points: By step, as they are stored. The transaction must be the only one that writes.
    before: The greatest step of the series before them; None without one.
    """
    steps, timestamps, values = points
    if not SHORTEST <= len(steps) < 2 * BLOCK or len(set(steps)) < len(steps):
        return False
    first = (steps[0], timestamps[0], values[0])
    end = last_end(tx, series) or LOWEST
    tail = points_between(tx, series, end, first, 2 * BLOCK - len(steps))
    if not tail or tail[-1] != first:
        return False  # a point is within a block, or the tail is too long
    overtaken = before is not None and before >= steps[0]
    if len(tail) > 1:
        waited = columns_of(tail[:-1])
        points = Columns(waited.steps + steps, waited.timestamps + timestamps, waited.values + values)
    if overtaken and _points_behind.row(tx, series, *end, 2 * BLOCK) != (len(points.steps),):
        return False
    _save_block(tx, series, (steps[-1], timestamps[-1], values[-1]), points)
    _note_sealed.run(tx, steps[-1], series)
    _waiting(tx).pop(series, None)
    return True


def _waiting(tx: Transaction) -> dict[int, int]:
    """The number of points appended since a series was sealed, by series."""
    waiting: dict[int, int] = tx.connection.info.setdefault("unsealed_points", {})
    return waiting


def note_appended(tx: Transaction, counts: Mapping[int, int]) -> None:
    """Seal the series to which a block's worth of points has been appended since.

    Parameters
    ----------
    counts: Number of points that were appended now, by series.
    """
    waiting = _waiting(tx)
    for series, count in counts.items():
        total = waiting.pop(series, 0) + count
        if total < BLOCK:
            waiting[series] = total
        else:
            seal(tx, series, 1 + total // BLOCK)
    while len(waiting) > _MAX_COUNTED:
        del waiting[next(iter(waiting))]


def seal(tx: Transaction, series: int, most: int = PIECE, shortest: int = BLOCK) -> bool:
    """Seal up to `most` blocks: those that are void, then the beginning of the tail.

    Returns whether there is more to seal.

    Parameters
    ----------
    shortest: Points of which the last block is made, at least.
    """
    if tx.dialect != "sqlite" and _lock.row(tx, series) is None:
        return False  # points are being added, which could not be seen yet
    done = _seal_void(tx, series, most)
    last_sealed = None
    for last, points in _tail_parts(tx, series, shortest) if done < most else ():
        _save_block(tx, series, last, columns_of(points))
        last_sealed = last
        done += 1
        if done >= most:
            break
    if last_sealed is not None:
        _note_sealed.run(tx, last_sealed[0], series)
    return done >= most


def void(tx: Transaction, series: int, end: Point) -> None:
    """Let the block that ends with this point be sealed again; until then its points are read."""
    _make_void.run(tx, series, *end)


def seal_void(tx: Transaction, series: int, most: int = PIECE) -> bool:
    """Seal up to `most` blocks that are void, waiting for those who add points; note where the last block ends.

    Returns whether there are more.
    """
    tx.execute(sa.select(metric_series.c.id).where(metric_series.c.id == series).with_for_update())
    done = _seal_void(tx, series, most)
    end = last_end(tx, series)
    _note_sealed.run(tx, end and end[0], series)
    return done >= most


def _seal_void(tx: Transaction, series: int, most: int) -> int:
    done = 0
    for *place, levels in _void.rows(tx, series, most):
        end = (place[0], place[1], place[2])
        if levels is not None:
            _set_wide.run(tx, widened(levels), series, *end)
            done += 1
            continue
        for last, points in _parts(tx, series, end_before(tx, series, end), end):
            if points:
                _save_block(tx, series, last, columns_of(points))
            else:  # another program removed them
                _remove.run(tx, series, *last)
            done += 1
    return done


def _tail_parts(tx: Transaction, series: int, shortest: int) -> Iterator[tuple[Point, list[Any]]]:
    """The points of the tail in lists for blocks, each with its last point; a last one of `shortest` or more.

    That one ends with a wide level, so that the points behind it begin another.
    """
    after = last_end(tx, series) or LOWEST
    while points := points_between(tx, series, after, highest(tx), BLOCK):
        if len(points) < BLOCK:
            if len(points) < shortest:
                return
            points = points[: len(points) // WIDE * WIDE]
        after = points[-1]
        yield after, points


def _parts(tx: Transaction, series: int, after: Point, end: Point) -> Iterator[tuple[Point, list[Any]]]:
    """The points behind `after` and up to `end` in lists for blocks, each with its last point."""
    while len(points := points_between(tx, series, after, end, 2 * BLOCK)) == 2 * BLOCK:
        after = points[BLOCK - 1]
        yield after, points[:BLOCK]
    yield end, points


def _save_block(tx: Transaction, series: int, end: Point, points: Columns) -> None:
    levels, times = Levels(), points.timestamps
    levels.add_columns(points)
    encoded = levels.encoded()
    rising = times == sorted(times)  # as they mostly are, which takes a quarter of the time to find out
    first, last = (times[0], times[-1]) if rising else (min(times), max(times))
    _save.run(tx, series, *end, len(times), first, last, encoded, widened(encoded))
