"""Curves of groups of runs: mean, deviation, least and greatest along x."""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from runyard.db.transaction import Transaction
from runyard.tracking.metrics import series
from runyard.tracking.metrics.curves import values_at, whole_or_thinned
from runyard.tracking.metrics.messages import GetMeanCurves

MAX_READ = 240_000
"""Points that are read of all runs of a request, each run its share; a run with more of them is thinned."""
_THINNED, _LEAST, _MOST = 24_000, 40, 600
"""Points that are kept of thinned runs: of all of them, and of one at least and at most. 16 times as many are read."""
_AROUND = 3
_OUTER = ("n", "mean", "sd", "sem", "min", "max")

Line = tuple[list[float], list[float]]
"""The places of a run's points along x, rising, and their values."""


def mean_curves(tx: Transaction, message: GetMeanCurves) -> list[dict[str, Any]]:
    """What the metric comes to in each group."""
    run_ids = list(dict.fromkeys(run_id for group in message.groups for run_id in group))
    found = series.find_series(tx, run_ids, message.metric_key)
    other = message.x.removeprefix("metrics.") if message.x.startswith("metrics.") else None
    beside = series.find_series(tx, run_ids, other) if other is not None else {}
    number = max(1, len(found))
    bounds = MAX_READ // number, min(max(_THINNED // number, _LEAST), _MOST)
    lines = {run_id: _line(tx, message, number, beside.get(run_id), bounds) for run_id, number in found.items()}
    return [
        _curve([lines[run_id] for run_id in dict.fromkeys(group) if run_id in lines], message)
        for group in message.groups
    ]


def _line(tx: Transaction, message: GetMeanCurves, number: int, beside: int | None, bounds: tuple[int, int]) -> Line:
    """A run's points along x: what is not a number is left out, at one place the last one counts."""
    rows, before = whole_or_thinned(tx, number, *bounds, message.start_step, message.end_step)
    values: list[float | None] = [_finite(row[2]) for row in rows]
    if message.best != "none":
        values = _so_far(values, min if message.best == "min" else max)
    elif before > len(rows):
        values = _leveled(values)
    if message.x == "step":
        xs: Sequence[float | None] = [row[0] for row in rows]
    elif message.x == "time":
        xs = [row[1] for row in rows]
    elif message.x == "relative":
        start = min((row[1] for row in rows), default=0)
        xs = [(row[1] - start) / 1000 for row in rows]
    else:
        xs = [_finite(value) for value in values_at(tx, beside, [row[0] for row in rows])]
    known = {x: value for x, value in zip(xs, values, strict=True) if x is not None and value is not None}
    places = sorted(known)
    return places, [known[x] for x in places]


def _finite(value: Any) -> float | None:
    return value if isinstance(value, float) and math.isfinite(value) else None


def _so_far(values: Sequence[float | None], better: Any) -> list[float | None]:
    """The best value up to each point."""
    best: float | None = None
    found: list[float | None] = []
    for value in values:
        if value is not None:
            best = value if best is None else better(best, value)
        found.append(None if value is None else best)
    return found


def _leveled(values: Sequence[float | None]) -> list[float | None]:
    """The level of a thinned series around each point, as ``leveled`` of ``web/static/js/curve-math.js`` has it.

    The points are the least and the greatest of stretches: it is the middle of the two, and of those the median of
    seven, so that one spike in a long stretch does not move it.
    """
    known = list(values)

    def beside(at: int, instead: float) -> float:
        found = known[at] if 0 <= at < len(known) else None
        return instead if found is None else found

    middles = [
        None if value is None else (beside(at - 1, value) + 2 * value + beside(at + 1, value)) / 4
        for at, value in enumerate(known)
    ]
    levels: list[float | None] = []
    for at, middle in enumerate(middles):
        around = [each for each in middles[max(0, at - _AROUND) : at + _AROUND + 1] if each is not None]
        levels.append(None if middle is None else median(around))
    return levels


def _curve(lines: Sequence[Line], message: GetMeanCurves) -> dict[str, Any]:
    """The runs of a group, put together at the places that they have, or at as many as were asked for."""
    lines = [line for line in lines if line[0]]
    places = sorted(set[float]().union(*(xs for xs, _ in lines)))
    grid = _grid(places, message.max_points, whole=message.x == "step")
    at_each = [_between(line, grid) for line in lines]
    found = [_spread([value for value in values if value is not None]) for values in zip(*at_each, strict=True)]
    arrays: Mapping[str, list[Any]] = {name: [each[at] for each in found] for at, name in enumerate(_OUTER)}
    described = {
        name: values if name == "n" else [series.on_wire(value) for value in values] for name, values in arrays.items()
    }
    return {"runs": len(lines), "points": len(places), "xs": [series.on_wire(float(x)) for x in grid], **described}


def _grid(places: Sequence[float], most: int, *, whole: bool) -> Sequence[float]:
    """The places themselves, or evenly spread ones between the first and the last."""
    if len(places) <= most:
        return places
    low, high = places[0], places[-1]
    last = most - 1
    spread = [low * (1 - at / last) + high * (at / last) for at in range(most)]
    return sorted({float(round(x)) for x in spread}) if whole else spread


def _between(line: Line, grid: Sequence[float]) -> list[float | None]:
    """A run's values at places of x, on straight lines between its points; None before its first and after its last."""
    xs, values = line
    if xs == grid:
        return [*values]
    found: list[float | None] = []
    for x in grid:
        after = bisect_right(xs, x)
        if after and xs[after - 1] == x:
            found.append(values[after - 1])
        elif 0 < after < len(xs):
            left, share = after - 1, (x - xs[after - 1]) / (xs[after] - xs[after - 1])
            found.append(values[left] * (1 - share) + values[after] * share)
        else:
            found.append(None)
    return found


def _spread(values: Sequence[float]) -> tuple[int, float, float, float, float, float]:
    """Number, mean, standard deviation of the sample, that of the mean, least and greatest.

    Values are made smaller before they are added up where their sum would leave the range of doubles.
    """
    n = len(values)
    if not n:
        return 0, math.nan, math.nan, math.nan, math.nan, math.nan
    least, greatest = min(values), max(values)
    mean = min(max(math.fsum(value / n for value in values), least), greatest)
    sd = math.nan
    if n > 1:
        scale = max(abs(value - mean) for value in values)
        sd = scale * math.sqrt(math.fsum(((value - mean) / scale) ** 2 for value in values) / (n - 1)) if scale else 0.0
    return n, mean, sd, sd / math.sqrt(n), least, greatest
