"""Levels: the least and the greatest point of every few points of a series, from which charts are drawn."""

import itertools
import sys
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from math import inf, isnan
from typing import Any

SPAN = 16
"""Points that a level stands for."""

Point = tuple[int, int, Any]
"""Step, timestamp and stored value."""

NAN_TEXT = "NaN"
"""NaN as SQLite keeps it, which knows it as no number, and as answers spell it."""
_COLUMNS = "dqqdqq"  # value, step and timestamp of the least point of each span, then of the greatest
_SWAPPED = sys.byteorder == "big"


class Levels:
    """The levels of consecutive points in the order of steps, timestamps and values.

    A span in which no value is a number has +inf as its least and -inf as its greatest value, and its first point's
    step and timestamp.

    Attributes
    ----------
    points: Number of points they stand for.
    """

    def __init__(self) -> None:
        self.points = 0
        self._starts = array("q")
        self._columns: list[Any] = [array(kind) for kind in _COLUMNS]

    def add_points(self, points: Sequence[Point]) -> None:
        """Add the points that follow."""
        if not points:
            return
        steps, times, values = ([point[place] for point in points] for place in range(3))
        plain = set(map(type, values)) == {float} and not isnan(sum(values))
        low_values, low_steps, low_times, high_values, high_steps, high_times = self._columns
        for start in range(0, len(values), SPAN):
            part = values[start : start + SPAN]
            numbers = part if plain else [value for value in part if type(value) is float and value == value]
            low, high = (min(numbers), max(numbers)) if numbers else (inf, -inf)
            least = start + part.index(low) if numbers else start
            greatest = start + part.index(high) if numbers else start
            low_values.append(low)
            low_steps.append(steps[least])
            low_times.append(times[least])
            high_values.append(high)
            high_steps.append(steps[greatest])
            high_times.append(times[greatest])
        self._count(len(points))

    def add_encoded(self, levels: bytes, points: int) -> None:
        """Add the levels of the points that follow, as `encoded` returned them."""
        spans = -(-points // SPAN)
        for place, column in enumerate(self._columns):
            added = array(column.typecode, levels[place * 8 * spans : (place + 1) * 8 * spans])
            if _SWAPPED:
                added.byteswap()
            column.extend(added)
        self._count(points)

    def encoded(self) -> bytes:
        """The levels as bytes: little-endian columns of 8 bytes a level, one after another."""
        columns = [column[:] for column in self._columns]
        if _SWAPPED:
            for column in columns:
                column.byteswap()
        return b"".join(column.tobytes() for column in columns)

    def _count(self, points: int) -> None:
        self._starts.extend(range(self.points, self.points + points, SPAN))
        self.points += points

    def thinned(self, most: int, first: Point, last: Point) -> list[Point]:
        """At most `most` points: the first, the last, and the least and the greatest of each stretch of spans.

        Stretches are of equal length, rounded to spans. Where no value of a stretch is a number, its first point stays.

        Parameters
        ----------
        most: At least 4.
        first, last: The first and the last of the points.
        """
        first, last = _spelled(first), _spelled(last)
        stretches = (most - 2) // 2
        borders = [bisect_left(self._starts, place * self.points // stretches) for place in range(stretches + 1)]
        kept = [first]
        for begin, end in itertools.pairwise(borders):
            kept += [point for point in self._extremes(begin, end) if point not in (first, last)]
        return [*kept, last]

    def _extremes(self, begin: int, end: int) -> list[Point]:
        """The least and the greatest point of some spans, in their order."""
        if begin == end:
            return []
        low_values, low_steps, low_times, high_values, high_steps, high_times = self._columns
        lows, highs = low_values[begin:end], high_values[begin:end]
        low, high = min(lows), max(highs)
        if low > high:
            return [(low_steps[begin], low_times[begin], NAN_TEXT)]
        found = []
        if low < inf:  # a span without numbers has this one, too
            place = begin + lows.index(low)
            found.append((low_steps[place], low_times[place], low))
        if high > low or low == inf:
            place = begin + highs.index(high)
            found.append((high_steps[place], high_times[place], high))
        return sorted(found, key=_place)


def _place(point: Point) -> tuple[int, int]:
    return point[0], point[1]


def _spelled(point: Point) -> Point:
    step, timestamp, value = point
    return step, timestamp, value if value == value else NAN_TEXT
