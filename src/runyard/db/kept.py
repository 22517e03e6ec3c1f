"""What is made of the conditions of a search, kept for the next search that has the same ones."""

from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from typing import Any, TypeVar

from runyard.search.nodes import Condition, comparisons_in, has_words

MOST = 128
"""Different things that one function keeps, the latest ones."""
MAX_VALUES, MAX_CHARACTERS = 100, 2_000
"""Values and characters of conditions of which something is kept: a filter may have megabytes."""

T = TypeVar("T")


def kept(make: Callable[..., T]) -> Callable[..., T]:
    """Keep what a function makes of conditions, its first argument, and of others by which it is told apart.

    To make the SQL of a search takes longer than most databases take to answer it. It must depend on nothing else than
    on the arguments, such as on the time, and values of other kinds that are equal must make the same.
    """
    keep = lru_cache(MOST)(make)

    @wraps(make)
    def made(conditions: Sequence[Condition], *others: Any) -> T:
        return (keep if _is_short(conditions) else make)(tuple(conditions), *others)

    return made


def _is_short(conditions: Sequence[Condition]) -> bool:
    values = [each.value for each in comparisons_in(conditions)]
    if has_words(conditions) or sum(len(each) if isinstance(each, tuple) else 1 for each in values) > MAX_VALUES:
        return False
    texts = [str(each) for value in values for each in (value if isinstance(value, tuple) else (value,))]
    return sum(map(len, texts)) <= MAX_CHARACTERS
