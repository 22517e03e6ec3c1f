"""Levels: the least and the greatest point of every few points of a series, from which charts are drawn.

They are kept at two widths: those of every few points, and wide ones, from which a million points are drawn as soon as
a hundred thousand.
"""

import itertools
import sys
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from math import inf, isnan
from typing import Any

SPAN = 16
"""Points that a level stands for."""
WIDE = 256
"""Points that a wide level stands for."""

Point = tuple[int, int, Any]
"""Step, timestamp and stored value."""

NAN_TEXT = "NaN"
"""NaN as SQLite keeps it, which knows it as no number, and as answers spell it."""
_COLUMNS = "dqqdqq"  # value, step and timestamp of the least point of each span, then of the greatest


class Levels:
    """The levels of consecutive points in the order of steps, timestamps and values.

    A span in which no value is a number has +inf as its least and -inf as its greatest value, and its first point's
    step and timestamp.

    Parameters
    ----------
    span: Points that a level stands for; the last of a piece may stand for fewer.

    Attributes
    ----------
    points: Number of points they stand for.
    """

    def __init__(self, span: int = SPAN) -> None:
        self.points = 0
        self._span = span
        self._spans = 0
        self._pieces: list[bytes] = []
        self._starts: list[int] = []  # of each piece: points before it
        self._firsts: list[int] = []  # and spans before it

    def add_points(self, points: Sequence[Point]) -> None:
        """Add the points that follow."""
        if points:
            self.add_encoded(_encoded_levels(points, self._span), len(points))

    def add_encoded(self, levels: bytes, points: int) -> None:
        """Add the levels of the points that follow, as `encoded` or `widened` returned them."""
        self._pieces.append(levels)
        self._starts.append(self.points)
        self._firsts.append(self._spans)
        self._spans += -(-points // self._span)
        self.points += points

    def encoded(self) -> bytes:
        """The levels as bytes: little-endian columns of 8 bytes a level, one after another."""
        return _encoded(self._columns())

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
        borders = [self._span_from(place * self.points // stretches) for place in range(stretches + 1)]
        lows, low_steps, low_times, highs, high_steps, high_times = self._columns()
        kept = [first]
        for begin, end in itertools.pairwise(borders):
            if begin == end:
                continue
            low, high = min(lows[begin:end]), max(highs[begin:end])
            if low > high:
                found = [(low_steps[begin], low_times[begin], NAN_TEXT)]
            else:
                # a span without numbers has +inf as its least and -inf as its greatest value, too
                found = []
                if low < inf:
                    at = lows.index(low, begin)
                    found.append((low_steps[at], low_times[at], low))
                if high > low or not found:
                    at = highs.index(high, begin)
                    found.append((high_steps[at], high_times[at], high))
                    if len(found) == 2 and found[0][:2] > found[1][:2]:
                        found.reverse()
            kept += [point for point in found if point != first and point != last]
        return [*kept, last]

    def _span_from(self, point: int) -> int:
        """The first span that begins with this point or a later one, by their numbers."""
        if point >= self.points:
            return self._spans
        piece = bisect_right(self._starts, point) - 1
        return self._firsts[piece] - (self._starts[piece] - point) // self._span

    def _columns(self) -> list[Any]:
        columns = _empty_columns()
        for width, pieces in itertools.groupby(self._pieces, len):
            for column, part in zip(columns, _decoded(list(pieces), width // len(_COLUMNS)), strict=True):
                column += part
        return columns


def widened(levels: bytes) -> bytes:
    """The wide levels of some points, from their levels as `Levels.encoded` returned them."""
    lows, low_steps, low_times, highs, high_steps, high_times = _decoded([levels], len(levels) // len(_COLUMNS))
    factor = WIDE // SPAN
    columns = _empty_columns()
    for begin in range(0, len(lows), factor):
        low, high = min(lows[begin : begin + factor]), max(highs[begin : begin + factor])
        least, greatest = lows.index(low, begin), highs.index(high, begin)
        level = (low, low_steps[least], low_times[least], high, high_steps[greatest], high_times[greatest])
        for column, number in zip(columns, level, strict=True):
            column.append(number)
    return _encoded(columns)


def _decoded(pieces: list[bytes], width: int) -> list[Any]:
    """The columns of pieces in which each has `width` bytes."""
    parts = range(0, width * len(_COLUMNS), width)
    texts = [b"".join([piece[first : first + width] for piece in pieces]) for first in parts]
    return _swapped([array(kind, text) for kind, text in zip(_COLUMNS, texts, strict=True)])


def _encoded(columns: list[Any]) -> bytes:
    return b"".join(column.tobytes() for column in _swapped(columns))


def _encoded_levels(points: Sequence[Point], span: int) -> bytes:
    """The levels of some points, from the first one on."""
    steps, times, values = ([point[place] for point in points] for place in range(3))
    plain = set(map(type, values)) == {float} and not isnan(sum(values))
    columns = _empty_columns()
    low_values, low_steps, low_times, high_values, high_steps, high_times = columns
    for start in range(0, len(values), span):
        part = values[start : start + span]
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
    return _encoded(columns)


def _empty_columns() -> list[Any]:
    return [array(kind) for kind in _COLUMNS]


def _swapped(columns: list[Any]) -> list[Any]:
    """Columns as they are stored, or from what is stored, little-endian."""
    if sys.byteorder == "big":
        for column in columns:
            column.byteswap()
    return columns


def _spelled(point: Point) -> Point:
    step, timestamp, value = point
    return step, timestamp, value if value == value else NAN_TEXT
