"""The blocks of long series, from which charts and pages of history are read, against their points."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runyard.db.jobs import Unfinished
from runyard.db.transaction import Transaction
from runyard.tracking.checks.check import Check, Difference
from runyard.tracking.metrics import blocks
from runyard.tracking.metrics.levels import Levels, Point, widened
from runyard.tracking.metrics.tables import metric_blocks, metric_series
from runyard.tracking.runs.tables import runs

_series = metric_series.c
_columns = metric_blocks.c
_END = (_columns.step, _columns.timestamp, _columns.value)
_HAS_BLOCKS = sa.or_(
    _series.sealed_step.is_not(None), sa.exists().where(_columns.series_id == _series.id).correlate(metric_series)
)


@dataclass(frozen=True)
class _Wrong(Difference):
    """A block that differs, by the point that it ends with; without one, the note of where the last block ends."""

    end: Point | None = None


def _compare(tx: Transaction, numbers: Sequence[int], _lock: bool) -> list[Difference]:
    found: list[Difference] = []
    for number in numbers:
        chosen = sa.select(runs.c.run_uuid, _series.key, _series.sealed_step).join(runs, runs.c.id == _series.run_id)
        row = tx.execute(chosen.where(_series.id == number)).one()
        found += _differences(tx, number, f"run {row.run_uuid}: metric {row.key!r}", row.sealed_step)
    return found


def _differences(tx: Transaction, number: int, name: str, noted: int | None) -> list[_Wrong]:
    """What differs in one series, block by block: it may have a million points."""
    found, begin, last = [], blocks.LOWEST, None
    for row in tx.execute(sa.select(metric_blocks).where(_columns.series_id == number).order_by(*_END)).all():
        end = (row.step, row.timestamp, row.value)
        held = (row.points, row.least_time, row.greatest_time)
        expected, levels = _expected(tx, number, begin, end)
        true = row.levels in (None, levels) and row.wide_levels in (None, widened(levels))
        if held != expected or not true:
            text = f"{name}: the block of points that ends at step {row.step} is not what they say"
            found.append(_Wrong(number, text, end))
        begin, last = end, row.step
    if noted != last:
        found.append(_Wrong(number, f"{name}: its blocks end at step {last}, and {noted} is noted"))
    return found


def _expected(tx: Transaction, number: int, begin: Point, end: Point) -> tuple[tuple[int, Any, Any], bytes]:
    """The number of points between two ends of blocks, the range of their timestamps, and their levels."""
    levels, times = Levels(), list[int]()
    while True:
        points = blocks.points_between(tx, number, begin, end, blocks.BLOCK)
        levels.add_points(points)
        if points:
            some = [timestamp for _, timestamp, _ in points]
            times += [min(some), max(some)]
        if len(points) < blocks.BLOCK:
            return (levels.points, min(times, default=None), max(times, default=None)), levels.encoded()
        begin = points[-1]


def _mend(tx: Transaction, differences: Sequence[Difference]) -> Unfinished:
    """Void what differs; then seal it from its points, some blocks a transaction, and note where the last one ends."""
    for each in differences:
        if isinstance(each, _Wrong) and each.end is not None:
            blocks.void(tx, each.number, each.end)
    return Unfinished(lambda later: _seal(later, sorted({each.number for each in differences}), list(differences)))


def _seal(tx: Transaction, numbers: list[int], done: list[Difference]) -> list[Difference] | Unfinished:
    first, *others = numbers
    left = numbers if blocks.seal_void(tx, first) else others
    return Unfinished(lambda later: _seal(later, left, done)) if left else done


blocks_of_metrics = Check("metrics with blocks", _series.id, 20, _compare, _mend, _HAS_BLOCKS)
