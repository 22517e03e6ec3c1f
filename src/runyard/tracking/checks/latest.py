"""The latest point of a metric, as searches compare and answers show it, against its points."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.dialects import one_of
from runyard.db.transaction import Transaction
from runyard.tracking.checks.check import Check, Difference, compared_again
from runyard.tracking.metrics.levels import NAN_TEXT
from runyard.tracking.metrics.series import Latest, document, rank
from runyard.tracking.metrics.tables import metric_points, metric_series
from runyard.tracking.runs.tables import runs

_series, _points = metric_series.c, metric_points.c


def _compare(tx: Transaction, numbers: Sequence[int], lock: bool) -> list[Difference]:
    columns = (
        _series.id,
        runs.c.run_uuid,
        _series.key,
        _series.step,
        _series.timestamp,
        _series.value,
        _series.document,
    )
    chosen = sa.select(*columns).join(runs, runs.c.id == _series.run_id).where(one_of(tx, _series.id, numbers))
    rows = tx.execute((chosen.with_for_update(of=metric_series) if lock else chosen).order_by(_series.id)).all()
    expected = _latest(tx, numbers)
    differences = []
    for number, run_id, key, step, timestamp, value, text in rows:
        if number not in expected:
            differences.append(Difference(number, f"run {run_id}: metric {key!r} has no points, only a latest one"))
        elif expected[number] != (step, timestamp, value) or text != document(key, expected[number]):
            found = f"{value!r} at step {step} instead of {expected[number][2]!r} at step {expected[number][0]}"
            differences.append(Difference(number, f"run {run_id}: metric {key!r} shows {found} as its latest point"))
    return differences


def _latest(tx: Transaction, numbers: Sequence[int]) -> dict[int, Latest]:
    """The greatest point of each series, by step, timestamp and value; two steps down the points' own order."""
    inner, innermost = metric_points.alias("at_step"), metric_points.alias("of_series")
    last_step = (
        sa.select(sa.func.max(innermost.c.step))
        .where(innermost.c.series_id == _series.id)
        .correlate(metric_series)
        .scalar_subquery()
    )
    last_time = (
        sa.select(sa.func.max(inner.c.timestamp))
        .where(inner.c.series_id == _series.id, inner.c.step == last_step)
        .correlate(metric_series)
        .scalar_subquery()
    )
    of_series = (_points.series_id == _series.id, _points.step == last_step, _points.timestamp == last_time)
    chosen = sa.select(_series.id, _points.step, _points.timestamp, _points.value)
    latest: dict[int, Latest] = {}
    for number, step, timestamp, value in tx.execute(
        chosen.select_from(metric_series.join(metric_points, sa.and_(*of_series))).where(
            one_of(tx, _series.id, numbers)
        )
    ):
        candidate = (step, timestamp, None if value == NAN_TEXT or value != value else value)
        if number not in latest or rank(candidate) > rank(latest[number]):
            latest[number] = candidate
    return latest


def _mend(tx: Transaction, numbers: Sequence[int]) -> None:
    """Write the latest points; of a series without points, its latest one is all that is known: it becomes one."""
    expected = _latest(tx, numbers)
    for row in tx.execute(sa.select(metric_series).where(one_of(tx, _series.id, numbers))).all():
        latest = expected.get(row.id)
        if latest is None:
            tx.execute(sa.insert(metric_points).values(_point_of(tx, row)))
            latest = (row.step, row.timestamp, row.value)
        values = dict(zip(("step", "timestamp", "value"), latest, strict=True))
        text = document(row.key, latest)
        tx.execute(sa.update(metric_series).where(_series.id == row.id).values(document=text, **values))


def _point_of(tx: Transaction, row: Any) -> dict[str, Any]:
    value = row.value
    if value is None:
        value = sa.literal(NAN_TEXT, sa.Text) if tx.dialect == "sqlite" else float("nan")
    return {"series_id": row.id, "step": row.step, "timestamp": row.timestamp, "value": value}


latest_points = Check("latest points of metrics", _series.id, 5_000, _compare, compared_again(_compare, _mend))
