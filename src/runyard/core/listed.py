"""Lists from callers: a single name or number is a list of one; text is not split into letters."""

from collections.abc import Iterable, Mapping
from typing import Any

from runyard.exceptions import InvalidParameter


def listed(given: Iterable[Any] | str | int | None) -> list[Any]:
    """The items; none for None.

    Raises
    ------
    InvalidParameter: It is bytes, whose items are numbers.
    """
    if given is None:
        return []
    if isinstance(given, bytes):
        raise InvalidParameter(f"Text is needed, or a list of texts, and {given!r} is of type bytes.")
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable) or getattr(given, "shape", None) == ():
        return [given]
    return list(given)


def listed_ids(given: Iterable[Any] | str | int | None) -> list[str]:
    """Ids as text; they may come as numbers."""
    return [str(item) for item in listed(given)]
