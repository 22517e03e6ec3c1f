"""Numbers of one column: with as many decimals as tell them apart, so that their points stand below each other."""

import math
from collections.abc import Callable, Sequence

from runyard.ui.parts.format import MISSING, duration, number, size
from runyard.ui.parts.metric_names import unit_of

Write = Callable[[float | None], str]

MAX_DECIMALS = 8
_BARS, _WIDTH, _HEIGHT = 16, 48, 12
_FIGURE, _POINT = "\N{FIGURE SPACE}", "\N{PUNCTUATION SPACE}"


def writer_of(key: str, values: Sequence[float]) -> Write:
    """What writes the values of a metric: durations and sizes with their units, other numbers with equal decimals.

    Parameters
    ----------
    values: Those that are shown.
    """
    unit, finite = unit_of(key), [value for value in values if math.isfinite(value)]
    if unit and all(value >= 0 for value in finite):
        return _UNITS[unit]
    decimals = decimals_of(finite)
    if decimals is None:
        return number
    smallest = 0.5 * 10.0**-decimals

    def write(value: float | None) -> str:
        if value is None or not math.isfinite(value):
            return number(value)
        if value and abs(value) < smallest:
            return f"{value:.1e}"
        return f"{value:,.{decimals}f}" if abs(value) >= 10_000 else f"{value:.{decimals}f}"

    return write


def decimals_of(values: Sequence[float]) -> int | None:
    """How many decimals numbers need: four digits of the greatest, or more where they lie close together.

    None when they need none, or are too large or too small to be written out.
    """
    if not values or all(value == int(value) for value in values):
        return None
    greatest = max(map(abs, values))
    if greatest >= 1e7 or greatest < 1e-4:
        return None
    decimals = 3 - math.floor(math.log10(greatest))
    if span := max(values) - min(values):
        decimals = max(decimals, 1 - math.floor(math.log10(span)))
    return max(0, min(decimals, MAX_DECIMALS))


def aligned(text: str, behind: int) -> str:
    """A number as it was written, with room behind it for the decimals that others of its column have.

    Parameters
    ----------
    behind: The greatest number of decimals in the column.
    """
    whole, point, decimals = text.partition(".")
    if "e" in text or "E" in text or not behind:
        return text
    return f"{whole}{point or _POINT}{decimals}{_FIGURE * (behind - len(decimals))}"


def bars(values: Sequence[float]) -> str:
    """How numbers are distributed, as the path of a picture of 48 by 12: a bar for each of 16 equal ranges.

    Empty when there are fewer than two different ones.
    """
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return ""
    low, high = min(finite), max(finite)
    width = high - low
    if not width or not math.isfinite(width):
        return ""
    counts = [0] * _BARS
    for value in finite:
        counts[min(_BARS - 1, int((value - low) / width * _BARS))] += 1
    most, step = max(counts), _WIDTH // _BARS
    heights = [max(1, round(count * _HEIGHT / most)) if count else 0 for count in counts]
    return "".join(f"M{place * step + 1} {_HEIGHT}v-{height}" for place, height in enumerate(heights) if height)


def _seconds(value: float | None) -> str:
    return MISSING if value is None else duration(round(value * 1000)) if math.isfinite(value) else number(value)


def _milliseconds(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return number(value)
    return f"{number(value, 3)} ms" if value < 1000 else duration(round(value))


def _bytes(value: float | None) -> str:
    return number(value) if value is None or not math.isfinite(value) else size(round(value))


_UNITS: dict[str, Write] = {"seconds": _seconds, "milliseconds": _milliseconds, "bytes": _bytes}
