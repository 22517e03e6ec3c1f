"""Texts that are numbers, as searches read the values of params."""

import math
from collections.abc import Iterable


def as_numbers(texts: Iterable[str]) -> list[float] | None:
    """The numbers that texts are; None when one of them is none."""
    found = []
    for text in texts:
        try:
            value = float(text)
        except ValueError:
            return None
        if "_" in text or not math.isfinite(value):
            return None
        found.append(value)
    return found
