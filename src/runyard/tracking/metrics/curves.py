"""Curves: a series thinned for a chart, with its spikes."""

from functools import partial
from typing import NamedTuple

from runyard.db.transaction import Transaction
from runyard.tracking.metrics import blocks, sampling
from runyard.tracking.metrics.levels import SPAN, Point

_SPANS = 2  # of each stretch, at least: stretches that are rounded to fewer differ too much in length


class Curve(NamedTuple):
    """The points that are kept, in step order, and their number before the thinning."""

    points: list[Point]
    before: int


def curve(tx: Transaction, series: int, most: int, first: int | None, last: int | None) -> Curve:
    """At most `most` points of a series, keeping the smallest and the largest value of each stretch.

    Up to 16 times as many points are read and thinned one by one. Of more, the levels are read, and the stretches begin
    with the spans that levels stand for: the first and the last point, and the true extremes of every stretch with
    their own steps and timestamps, are kept all the same.

    Parameters
    ----------
    most: At least 4.
    first, last: Only points with steps from `first` to `last`, both included.
    """
    exact = max(most, _SPANS * SPAN * ((most - 2) // 2))
    start, end = blocks.before(first), blocks.highest(tx, last)
    if blocks.sealed_points(tx, series, first, last) <= exact:
        rows = blocks.points_between(tx, series, start, end, exact + 1)
        if len(rows) <= exact:
            return Curve(sampling.extremes(rows, most), len(rows))
    levels, unsealed = blocks.levels_between(tx, series, first, last)
    if unsealed:
        tx.chores["seal", series] = partial(blocks.seal, series=series)
    begin = blocks.points_between(tx, series, start, end, 1)[0]
    return Curve(levels.thinned(most, begin, blocks.last_point(tx, series, last)), levels.points)
