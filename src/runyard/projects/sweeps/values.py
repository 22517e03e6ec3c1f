"""The values of a sweep: lists and ranges, and all their combinations."""

import itertools
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from runyard.core.limits import shown
from runyard.exceptions import InvalidProject

MAX_POINTS = 10_000

Values = Mapping[str, Sequence[Any] | str]
"""What is swept: for each parameter a list, or a text such as ``0.1,0.01`` or ``3..8``."""


def points_of(swept: Values) -> list[dict[str, str]]:
    """Every combination of values, the last parameter changing fastest.

    Raises
    ------
    InvalidProject: A parameter has no values or a range that is none, or there are too many combinations.
    """
    if not swept:
        raise InvalidProject(f"A sweep needs parameters with their values; got {shown(str(swept))}.")
    lists = {str(name): values_of(str(name), given) for name, given in swept.items()}
    count = math.prod(map(len, lists.values()))
    if count > MAX_POINTS:
        raise InvalidProject(f"The sweep has {count:,} combinations; at most {MAX_POINTS:,} are run.")
    return [dict(zip(lists, chosen, strict=True)) for chosen in itertools.product(*lists.values())]


def values_of(name: str, given: Sequence[Any] | str) -> list[str]:
    """The values of one parameter: those of a list as text, or what a text stands for.

    A text holds values and ranges between commas: ``3..8`` is 3, 4, 5, 6, 7, 8; ``0.1..0.5..0.2`` is 0.1, 0.3, 0.5.

    Raises
    ------
    InvalidProject: There are none, or a range is none.
    """
    if isinstance(given, str):
        found = [value for part in given.split(",") for value in _part(name, part.strip())]
    elif isinstance(given, Sequence):
        found = [str(value) for value in given]
    else:
        raise InvalidProject(f"The values of {name!r} must be a list or a text; got {shown(str(given))}.")
    if not found or "" in found:
        raise InvalidProject(f"The parameter {name!r} of the sweep lacks a value in {shown(str(given))}.")
    return list(dict.fromkeys(found))


def _part(name: str, part: str) -> list[str]:
    if ".." not in part:
        return [part]
    try:
        first, last, *more = map(Decimal, part.split(".."))
    except InvalidOperation:
        return [part]  # a text with dots, such as a path
    if len(more) > 1 or not all(number.is_finite() for number in (first, last, *more)):
        raise InvalidProject(f"{shown(part)} of {name!r} is not a range: write FIRST..LAST or FIRST..LAST..STEP.")
    if not more and not (first == first.to_integral_value() and last == last.to_integral_value()):
        raise InvalidProject(f"The range {shown(part)} of {name!r} needs a step: {part}..STEP.")
    step = abs(more[0]) if more else Decimal(1)
    if step == 0:
        raise InvalidProject(f"The range {shown(part)} of {name!r} has the step 0.")
    count = int(abs(last - first) / step) + 1
    if count > MAX_POINTS:
        raise InvalidProject(f"The range {shown(part)} of {name!r} has {count:,} values, more than are run.")
    signed = step if last >= first else -step
    return [_plain(first + signed * number) for number in range(count)]


def _plain(number: Decimal) -> str:
    """Without an exponent, and without zeros at the end."""
    return format(number.normalize(), "f")
