"""What is made of the conditions of a search, kept for the next search that has the same ones."""

from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from typing import Any, TypeVar

from runyard.search.fields import RUN_FIELDS
from runyard.search.nodes import Condition, comparisons_in, has_words

MOST = 128
"""Different things that one function keeps, the latest ones."""
MAX_VALUES, MAX_CHARACTERS = 100, 2_000
"""Values and characters of conditions of which something is kept: a filter may have megabytes."""

_OF_THE_TIME = RUN_FIELDS.states | {"duration"}
"""Attributes that change by themselves: conditions on them have the time in them."""

T = TypeVar("T")


def kept(make: Callable[..., T]) -> Callable[..., T]:
    """Keep what a function makes of conditions, its first argument, and of others by which it is told apart.

    To make the SQL of a search takes as long as to answer it. What is made must depend on the arguments alone, and be
    the same for equal ones, such as 1 and 1.0. Another argument may have an attribute ``may_be_kept``: whether it is
    small enough.
    """
    keep = lru_cache(MOST)(make)

    @wraps(make)
    def made(conditions: Sequence[Condition], *others: Any) -> T:
        small = _may_be_kept(conditions) and all(getattr(other, "may_be_kept", True) for other in others)
        return (keep if small else make)(tuple(conditions), *others)

    return made


def _may_be_kept(conditions: Sequence[Condition]) -> bool:
    compared = list(comparisons_in(conditions))
    if has_words(conditions) or any(each.kind == "attribute" and each.key in _OF_THE_TIME for each in compared):
        return False
    values = [each.value if isinstance(each.value, tuple) else (each.value,) for each in compared]
    if sum(map(len, values)) > MAX_VALUES:
        return False
    return sum(len(value) for some in values for value in some if isinstance(value, str)) <= MAX_CHARACTERS
