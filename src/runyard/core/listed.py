"""Lists as callers give them: one name or number alone is a list of one. Text is never taken apart into letters."""

from collections.abc import Iterable
from typing import Any


def listed(given: Iterable[Any] | str | int | None) -> list[Any]:
    """The items; none for None."""
    if given is None:
        return []
    return [given] if isinstance(given, str | int) else list(given)


def listed_ids(given: Iterable[Any] | str | int | None) -> list[str]:
    """Ids as text; they may come as numbers."""
    return [str(item) for item in listed(given)]
