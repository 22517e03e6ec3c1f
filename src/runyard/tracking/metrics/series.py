"""How metric points are stored. All access goes through the functions here: append, latest, history, find.

A series is one metric of one run. Its latest point is in `metric_series`, in columns that search compares and as the
JSON that answers show, so that an answer is glued together by the database and costs no row per metric; its points are
clustered by (series, step, timestamp, value), so that a point sent twice is one row and a series is read in one sweep.
"""

import functools
import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from runyard.core.wire import wire_double
from runyard.db.dialects import VALUES, among, bound
from runyard.db.transaction import Prepared, Transaction
from runyard.tracking.metrics import blocks, insertion, levels
from runyard.tracking.metrics.entities import Point
from runyard.tracking.metrics.levels import Columns
from runyard.tracking.metrics.tables import metric_points, metric_series
from runyard.tracking.runs.tables import runs

MAX_DOUBLE = 1.7976931348623157e308

Latest = tuple[int, int, float | None]
"""Step, timestamp and value of a series' latest point; None for NaN."""
_series = metric_series.c
_points = metric_points.c


def _point_values() -> dict[str, Any]:
    return {name: sa.bindparam(name) for name in ("series_id", "step", "timestamp", "value", "late")}


_insert_point_sqlite = Prepared(
    sqlite_insert(metric_points).values(_point_values()).on_conflict_do_nothing(),
    "series_id", "step", "timestamp", "value", "late",
)  # fmt: skip
_insert_point_postgresql = Prepared(
    postgresql_insert(metric_points).values(_point_values()).on_conflict_do_nothing(),
    "series_id", "step", "timestamp", "value", "late",
)  # fmt: skip
_NEW_SERIES = ("run_id", "key", "value", "step", "timestamp", "document")
_SERIES_AT_ONCE = 100
"""Maximum number of new series of a statement: databases limit what is bound."""


@functools.cache
def _insert_series(count: int) -> Prepared:
    """The statement that inserts this number of series."""
    names = [[f"{name}_{place}" for name in _NEW_SERIES] for place in range(count)]
    rows = [
        {column: sa.bindparam(name, type_=_series[column].type) for column, name in zip(_NEW_SERIES, row, strict=True)}
        for row in names
    ]
    statement = sa.insert(metric_series).values(rows).returning(_series.key, _series.id)
    return Prepared(statement, *(name for row in names for name in row))


_latest_is_before = sa.tuple_(
    _series.step, _series.timestamp, sa.func.coalesce(_series.value, sa.literal_column("0.0"))
) < sa.tuple_(sa.bindparam("new_step"), sa.bindparam("new_timestamp"), sa.bindparam("rank", type_=sa.Double))
_new_latest = {
    "step": sa.bindparam("new_step"),
    "timestamp": sa.bindparam("new_timestamp"),
    "value": sa.bindparam("new_value", type_=sa.Double),
    "document": sa.bindparam("new_document", type_=sa.Text),
}
_advance = Prepared(
    sa.update(metric_series).where(_series.id == sa.bindparam("series"), _latest_is_before).values(_new_latest),
    "new_step", "new_timestamp", "new_value", "new_document", "series", "rank",
)  # fmt: skip
_advance_found = Prepared(
    sa.update(metric_series)
    .where(
        _series.run_id
        == sa.select(runs.c.id)
        .where(runs.c.run_uuid == sa.bindparam("run_uuid"), runs.c.lifecycle_stage == sa.literal_column("'active'"))
        .scalar_subquery(),
        _series.key == sa.bindparam("metric_key"),
        _latest_is_before,
    )
    .values(_new_latest)
    .returning(_series.id, _series.sealed_step),
    "new_step", "new_timestamp", "new_value", "new_document", "run_uuid", "metric_key", "rank",
)  # fmt: skip
_run_with_series = Prepared(
    sa.select(
        runs.c.id, runs.c.lifecycle_stage, _series.id, _series.sealed_step,
        _series.step, _series.timestamp, _series.value,
    )
    .select_from(
        runs.outerjoin(metric_series, sa.and_(_series.run_id == runs.c.id, _series.key == sa.bindparam("metric_key")))
    )
    .where(runs.c.run_uuid == sa.bindparam("run_uuid")),
    "metric_key", "run_uuid",
)  # fmt: skip
_series_among = Prepared(
    lambda dialect: sa.select(
        _series.key, _series.id, _series.sealed_step, _series.step, _series.timestamp, _series.value
    ).where(
        _series.run_id == sa.bindparam("run"), among(dialect, _series.key)
    ),
    "run", VALUES,
)  # fmt: skip


def find_run_and_series(tx: Transaction, run_uuid: str, key: str) -> tuple[Any, ...] | None:
    """The run's number and stage, then its series' id, last sealed step, and latest step, timestamp and value.

    Without a series, None five times.
    """
    return _run_with_series.row(tx, key, run_uuid)


def append_newest(tx: Transaction, run_uuid: str, point: Point) -> bool:
    """Append a point that becomes the latest of a known series of an active run; two statements.

    Returns whether it does; if not, nothing was done.
    """
    newest = latest_of(point)
    text = document(point.key, newest)
    found = _advance_found.row(tx, *newest, text, run_uuid, point.key, newest[2] or 0.0)
    if found is None:
        return False
    _insert_one(tx, found[0], found[1], point)
    return True


def append_one(tx: Transaction, run: int, series: tuple[Any, ...], point: Point) -> None:
    """Append one point; `series` is its result of `find_run_and_series`."""
    number, sealed, latest = series[0], series[1], series[2:]
    newest = latest_of(point)
    if number is None:
        number = _added(tx, run, [(point.key, newest)])[point.key]
    elif rank(newest) > rank(latest):
        _advance.run(tx, *newest, document(point.key, newest), number, newest[2] or 0.0)
    _insert_one(tx, number, sealed, point)


def _insert_one(tx: Transaction, number: int, sealed: int | None, point: Point) -> None:
    insert = _insert_point_sqlite if tx.dialect == "sqlite" else _insert_point_postgresql
    late = (sealed is not None and point.step <= sealed) or None
    insert.run(tx, number, point.step, point.timestamp, _stored(tx, point.value), late)
    blocks.note_appended(tx, {number: 1})


def append(tx: Transaction, run: int, points: Sequence[Point], first: bool = False) -> None:
    """Append points of any metrics to a run; a point that is there already stays one.

    Parameters
    ----------
    first: Whether the run has no series yet.
    """
    each = {point.key: point for point in points}
    if len(each) == len(points):
        _append_one_each(tx, run, each, first)
        return
    by_key = {key: _in_order(some) for key, some in _by_key(points).items()}
    newest = {key: _newest(some) for key, some in by_key.items()}
    known: dict[str, Latest] = {}
    numbers: dict[str, int] = {}
    sealed: dict[str, int | None] = dict.fromkeys(newest)
    found = [] if first else _series_among.rows(tx, run, bound(tx, list(newest)))
    for key, number, end, step, timestamp, value in found:
        known[key], numbers[key], sealed[key] = (step, timestamp, value), number, end
    ordered = sorted(newest)  # locked in one order, to avoid deadlocks
    numbers |= _added(tx, run, [(key, newest[key]) for key in ordered if key not in known])
    for key in ordered:
        if key in known and rank(newest[key]) > rank(known[key]):
            _advance.run(tx, *newest[key], document(key, newest[key]), numbers[key], newest[key][2] or 0.0)
    if tx.dialect == "sqlite":
        given = [(numbers[key], sealed[key], by_key[key]) for key in ordered]
        insertion.insert_columns(tx, given)
        if len(given) == 1:
            [(number, _, some_points)], before = given, known.get(ordered[0])
            if blocks.seal_appended(tx, number, some_points, before and before[0]):
                return
    else:
        insertion.insert_arrays(
            tx,
            [
                (numbers[key], step, timestamp, float(value), None)
                for key in ordered
                for step, timestamp, value in zip(*by_key[key], strict=True)
            ],
        )
    blocks.note_appended(tx, {numbers[key]: len(some.steps) for key, some in by_key.items()})


def _append_one_each(tx: Transaction, run: int, points: dict[str, Point], first: bool) -> None:
    """Append a point to each of some metrics, as most calls log several."""
    ordered = sorted(points)  # locked in one order, to avoid deadlocks
    known = {} if first else {row[0]: row[1:] for row in _series_among.rows(tx, run, bound(tx, ordered))}
    new = [(key, latest_of(points[key])) for key in ordered if key not in known]
    numbers = _added(tx, run, new) if new else {}
    rows = list[insertion.Row]()
    for key in ordered:
        point, late = points[key], None
        if key in known:
            number, sealed, *latest = known[key]
            newest, late = latest_of(point), (sealed is not None and point.step <= sealed) or None
            if rank(newest) > rank(latest):
                _advance.run(tx, *newest, document(key, newest), number, newest[2] or 0.0)
        else:
            number = numbers[key]
        rows.append((number, point.step, point.timestamp, _stored(tx, point.value), late))
    if tx.dialect == "sqlite":
        insertion.insert_rows(tx, rows)
    else:
        insertion.insert_arrays(tx, rows)
    blocks.note_appended(tx, {row[0]: 1 for row in rows})


def _by_key(points: Sequence[Point]) -> dict[str, Sequence[Point]]:
    """The points of each metric."""
    if len({point.key for point in points}) == 1:
        return {points[0].key: points}
    found: dict[str, list[Point]] = {}
    for point in points:
        found.setdefault(point.key, []).append(point)
    return dict(found)


def _in_order(points: Sequence[Point]) -> Columns:
    """Points as SQLite stores them, by step."""
    steps, timestamps, values = (
        [point.step for point in points],
        [point.timestamp for point in points],
        [point.value for point in points],
    )
    stored: list[Any] = values
    if not levels.are_numbers(values):
        stored = [float(value) if value == value else levels.NAN_TEXT for value in values]
    if steps != sorted(steps):
        order = sorted(range(len(steps)), key=steps.__getitem__)
        columns = ([column[place] for place in order] for column in (steps, timestamps, stored))
        return Columns(*columns)
    return Columns(steps, timestamps, stored)


def _newest(points: Columns) -> Latest:
    """The latest of some points of a metric, which are by step."""
    steps, timestamps, values = points
    if len(steps) == 1 or steps[-2] < steps[-1]:
        return steps[-1], timestamps[-1], _shown(values[-1])
    first = bisect_left(steps, steps[-1])  # of those with the greatest step
    last = zip(steps[first:], timestamps[first:], map(_shown, values[first:]), strict=True)
    return max(last, key=rank)


def _shown(value: Any) -> float | None:
    """A value as SQLite stores it, as the latest of its series."""
    return None if value == levels.NAN_TEXT else value


def latest_of(point: Point) -> Latest:
    """A point as the latest of its series."""
    return point.step, point.timestamp, _nullable(point.value)


def _added(tx: Transaction, run: int, series: Sequence[tuple[str, Latest]]) -> dict[str, int]:
    """The ids of new series, by key."""
    numbers: dict[str, int] = {}
    for first in range(0, len(series), _SERIES_AT_ONCE):
        some = series[first : first + _SERIES_AT_ONCE]
        rows = [
            (run, key, value, step, timestamp, document(key, (step, timestamp, value)))
            for key, (step, timestamp, value) in some
        ]
        numbers |= dict(_insert_series(len(rows)).rows(tx, *chain.from_iterable(rows)))
    return numbers


def rank(latest: Sequence[Any]) -> tuple[int, int, float]:
    """What decides which point is latest: step, then timestamp, then value with NaN as 0 (MLflow's rule)."""
    return latest[0], latest[1], latest[2] or 0.0


def _nullable(value: float) -> float | None:
    return float(value) if value == value else None


def document(key: str, latest: Latest) -> str:
    """A latest point as the protocol shows it, in JSON."""
    step, timestamp, value = latest
    return orjson.dumps({"key": key, "value": on_wire(value), "timestamp": timestamp, "step": step}).decode()


def _stored(tx: Transaction, value: float) -> Any:
    return levels.NAN_TEXT if value != value and tx.dialect == "sqlite" else float(value)


def on_wire(value: Any) -> float | str:
    """A stored value as the wire spells it."""
    if type(value) is float and -MAX_DOUBLE <= value <= MAX_DOUBLE:
        return value
    return levels.NAN_TEXT if value is None or value == levels.NAN_TEXT else wire_double(value)


def all_on_wire(values: Sequence[Any]) -> list[float | str]:
    """Stored values as the wire spells them."""
    return list(values) if are_finite(values) else [on_wire(value) for value in values]


def are_finite(values: Iterable[Any]) -> bool:
    """Whether stored values are surely finite, for all that one sum tells: it may overflow where they are."""
    try:
        return math.isfinite(sum(values))
    except TypeError:  # NaN is a text on SQLite
        return False


def _glued(dialect: str, column: sa.ColumnElement[str]) -> sa.Function[str]:
    """The texts of a group with commas between them."""
    glue = sa.func.group_concat if dialect == "sqlite" else sa.func.string_agg
    return glue(column, sa.literal_column("','"))


def latest_of_run(dialect: str, run: sa.ColumnElement[int]) -> sa.ScalarSelect[str]:
    """The latest point of every metric of a run as the protocol's JSON objects, with commas between; null without any.

    Parameters
    ----------
    run: Its internal number.
    """
    return sa.select(_glued(dialect, _series.document)).where(_series.run_id == run).scalar_subquery()


def find_one(tx: Transaction, run_uuid: str, key: str) -> int | None:
    """Id of the series of one metric of a run; None if it has none."""
    found = _run_with_series.row(tx, key, run_uuid)
    return None if found is None else found[2]


def find_series(tx: Transaction, run_uuids: Sequence[str], key: str) -> dict[str, int]:
    """Ids of the series of one metric in several runs, by run id; runs without it are left out."""
    found = tx.execute(
        sa.select(runs.c.run_uuid, _series.id)
        .join(metric_series, _series.run_id == runs.c.id)
        .where(runs.c.run_uuid.in_(run_uuids), _series.key == key)
    )
    return {run_uuid: number for run_uuid, number in found}  # noqa: C416  (rows are tuples to Python, not to the type checker)
