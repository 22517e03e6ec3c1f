"""Reads the curves that charts get, in the words of ``curve_bytes``: a second reader, for tests."""

import json
import math
import struct
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Curve:
    """One run's points.

    Attributes
    ----------
    points: Their number before the thinning.
    bytes: Those of its columns.
    """

    run: str
    look: int
    points: int
    steps: list[int]
    times: list[int]
    values: list[float]
    x: list[float]
    bytes: int


class _Columns:
    def __init__(self, body: bytes, offset: int) -> None:
        self._body, self.offset = body, offset

    def planes(self, count: int, width: int) -> list[bytes]:
        part = self._body[self.offset : self.offset + count * width]
        self.offset += count * width
        return [part[place::count] for place in range(count)]

    def integers(self, count: int, width: int) -> list[int]:
        return [int.from_bytes(one, "little") for one in self.planes(count, width)]

    def numbers(self, count: int, width: int) -> list[float]:
        return [struct.unpack("<f" if width == 4 else "<d", one)[0] for one in self.planes(count, width)]


def decoded(body: bytes) -> list[Curve]:
    """The curves of an answer."""
    [length] = struct.unpack_from("<I", body)
    columns = _Columns(body, 4 + length)
    found = [_curve(head, columns) for head in json.loads(body[4 : 4 + length])["series"]]
    assert len(body) == columns.offset
    return found


def _curve(head: dict[str, Any], columns: _Columns) -> Curve:
    count, begin = head["count"], columns.offset
    if not count:
        return Curve(head["run"], head["look"], head["points"], [], [], [], [], 0)
    first, least, unit, width = head["step"]
    steps = [first]
    for code in columns.integers(count - 1, width):
        steps.append(steps[-1] + least + unit * code)
    start, slope, least, width = head["time"]
    codes = columns.integers(count, width)
    times = [
        start + math.floor(slope * float(step - first)) + least + code for step, code in zip(steps, codes, strict=True)
    ]
    values = columns.numbers(count, head["value"])
    x = columns.numbers(count, head["x"]) if "x" in head else []
    return Curve(head["run"], head["look"], head["points"], steps, times, values, x, columns.offset - begin)
