"""Levels: the least and the greatest point of every few points of a series, from which charts are drawn.

They are kept at two widths: those of every few points, and wide ones, from which a million points are drawn as soon as
a hundred thousand.
"""

import itertools
import sys
from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from math import inf, isnan
from typing import Any, NamedTuple

SPAN = 16
"""Points that a level stands for."""
WIDE = 256
"""Points that a wide level stands for."""

Point = tuple[int, int, Any]
"""Step, timestamp and stored value."""


class Columns(NamedTuple):
    """Points that follow each other, column by column: of a thousand, that takes half the time of rows."""

    steps: list[int]
    timestamps: list[int]
    values: list[Any]

    def part(self, first: int, end: int) -> "Columns":
        """The points from number `first` to before number `end`, counted from 0."""
        return Columns(*(column[first:end] for column in self))


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
            self.add_columns(columns_of(points))

    def add_columns(self, points: Columns) -> None:
        """Add the points that follow, at least one."""
        self.add_encoded(_encoded_levels(points, self._span), len(points.steps))

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
        stretches = [(begin, end) for begin, end in itertools.pairwise(self._borders((most - 2) // 2)) if begin < end]
        lows, low_steps, low_times, highs, high_steps, high_times = self._columns()
        least = _extremes(lows.tolist(), low_steps, low_times, min, stretches)
        greatest = _extremes(highs.tolist(), high_steps, high_times, max, stretches)
        kept: list[Point] = []
        for low, high in zip(least, greatest, strict=True):
            if low[2] < high[2]:
                kept += (low, high) if low < high else (high, low)
            elif low[2] > high[2]:
                kept.append((low[0], low[1], NAN_TEXT))
            else:  # a span without numbers has +inf as its least and -inf as its greatest value, too
                kept.append(high if low[2] == inf else low)
        if kept[0] != first:
            kept.insert(0, first)
        if kept[-1] != last:
            kept.append(last)
        return kept

    def _borders(self, stretches: int) -> list[int]:
        """The spans with which stretches of equal length begin, and the end of the last one."""
        points = [place * self.points // stretches for place in range(stretches + 1)]
        if self._firsts[-1] * self._span == self._starts[-1]:  # only the last span may stand for fewer points
            return [-(-point // self._span) for point in points]
        return [self._span_from(point) for point in points]

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


def _extremes(
    values: list[float],
    steps: Sequence[int],
    times: Sequence[int],
    of: Callable[[Sequence[float]], float],
    stretches: Sequence[tuple[int, int]],
) -> list[Point]:
    """The first least or greatest point of each stretch of spans."""
    found = [of(values[begin:end]) for begin, end in stretches]
    places = [values.index(value, begin) for value, (begin, _) in zip(found, stretches, strict=True)]
    return list(zip(map(steps.__getitem__, places), map(times.__getitem__, places), found, strict=True))


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


def columns_of(points: Sequence[Point]) -> Columns:
    """Points column by column."""
    steps, timestamps, values = ([point[place] for point in points] for place in range(3))
    return Columns(steps, timestamps, values)


def are_numbers(values: Sequence[Any]) -> bool:
    """Whether these are floats and surely none is NaN; their sum may be NaN where they are infinite."""
    return set(map(type, values)) == {float} and not isnan(sum(values))


def _encoded_levels(points: Columns, span: int) -> bytes:
    """The levels of some points, from the first one on."""
    steps, times, values = points
    starts = range(0, len(values), span)
    parts = [values[start : start + span] for start in starts]
    if are_numbers(values):
        lows, highs = list(map(min, parts)), list(map(max, parts))
    else:
        numbers = [[value for value in part if type(value) is float and value == value] for part in parts]
        lows, highs = [min(some, default=inf) for some in numbers], [max(some, default=-inf) for some in numbers]
    # Where no value is a number, the least is above the greatest.
    extremes = list(zip(starts, parts, lows, highs, strict=True))
    least = [start + part.index(low) if low <= high else start for start, part, low, high in extremes]
    greatest = [start + part.index(high) if low <= high else start for start, part, low, high in extremes]
    columns = (
        *(lows, [steps[place] for place in least], [times[place] for place in least]),
        *(highs, [steps[place] for place in greatest], [times[place] for place in greatest]),
    )
    return _encoded([array(kind, column) for kind, column in zip(_COLUMNS, columns, strict=True)])


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
