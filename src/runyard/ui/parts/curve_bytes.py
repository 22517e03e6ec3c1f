"""Curves as bytes for the charts: at most 12 a point for all but odd series, where JSON takes 37.

An answer is its head's length (4 bytes, little-endian), its head (JSON), and the columns of each series, one after
another: steps, times, values, and the values of another metric where one was joined. A column is in planes: the lowest
byte of each number, then the next byte of each, as many as the largest number needs; so equal bytes stand together.

- Steps are distances from one to the next, less the least of them, in units of their common divisor.
- Times are what they differ from a straight line by step, less the least difference.
- Values are doubles, or floats where those are the same numbers.

``web/static/js/curves.js`` reads it.
"""

import math
import struct
import sys
from array import array
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import orjson

from runyard.tracking.metrics.messages import MetricCurve

MEDIA_TYPE = "application/vnd.runyard.curves"

_SWAPPED = sys.byteorder == "big"


def encoded(key: str, run_ids: Sequence[str], looks: Mapping[str, int], curves: Mapping[str, MetricCurve]) -> bytes:
    """The curves of one metric, in the order of `run_ids`; runs without it have no points.

    Parameters
    ----------
    looks: The number of each run's look.
    curves: Those there are, by run.
    """
    heads, columns = [], list[bytes]()
    for run_id in run_ids:
        head: dict[str, Any] = {"run": run_id, "look": looks[run_id], "points": 0, "count": 0}
        curve = curves.get(run_id)
        if curve is not None and curve.steps:
            head |= {"points": curve.points, "count": len(curve.steps)}
            for name, (about, column) in {
                "step": _steps(curve.steps),
                "time": _times(curve.steps, curve.timestamps),
                "value": _values(curve.values),
                **({"x": _values(curve.x_values)} if curve.x_values else {}),
            }.items():
                head[name] = about
                columns.append(column)
        heads.append(head)
    text = orjson.dumps({"key": key, "series": heads})
    return b"".join((struct.pack("<I", len(text)), text, *columns))


def _steps(steps: Sequence[int]) -> tuple[list[int], bytes]:
    """The first step, the least distance, the unit and the width; distances in planes."""
    distances = [later - earlier for earlier, later in pairwise(steps)]
    least = min(distances, default=0)
    codes = [distance - least for distance in distances]
    unit = math.gcd(*codes) or 1
    if unit > 1:
        codes = [code // unit for code in codes]
    width, planes = _planes(codes)
    return [steps[0], least, unit, width], planes


def _times(steps: Sequence[int], times: Sequence[int]) -> tuple[list[Any], bytes]:
    """The first time, milliseconds a step, the least difference and the width; differences in planes."""
    first, span = steps[0], steps[-1] - steps[0]
    slope = (times[-1] - times[0]) / span if span else 0.0
    start = times[0]
    codes = [time - start - math.floor(slope * float(step - first)) for step, time in zip(steps, times, strict=True)]
    least = min(codes)
    width, planes = _planes([code - least for code in codes])
    return [start, slope, least, width], planes


def _values(values: Sequence[float]) -> tuple[int, bytes]:
    """The bytes of a number, and the numbers in planes."""
    numbers = array("d", values)
    small = _small(numbers)
    column = numbers if small is None else small
    if _SWAPPED:
        column.byteswap()
    raw, width = column.tobytes(), column.itemsize
    return width, b"".join(raw[place::width] for place in range(width))


def _small(numbers: "array[float]") -> "array[float] | None":
    """The numbers as floats, where no digit is lost."""
    try:
        small = array("f", numbers)
    except OverflowError:
        return None
    return small if small == numbers else None


def _planes(codes: Sequence[int]) -> tuple[int, bytes]:
    """How many bytes the largest number takes, and the numbers in planes."""
    width = (max(codes, default=0).bit_length() + 7) // 8
    if width > 8:  # steps or times from one end of what can be stored to the other
        codes, width = [min(code, 2**64 - 1) for code in codes], 8
    column = array("Q", codes)
    if _SWAPPED:
        column.byteswap()
    raw = column.tobytes()
    return width, b"".join(raw[place::8] for place in range(width))
