"""The kinds of dataset sources that are known, and finding the one that is meant."""

from collections.abc import Sequence
from typing import Any

from runyard.data.dataset_source import DatasetSource
from runyard.data.sources import KINDS, REGISTERED, resolved, source_from_json
from runyard.exceptions import InvalidParameter


def get_registered_sources() -> list[type[DatasetSource]]:
    """Every kind of source."""
    return [*REGISTERED, *KINDS]


def register_dataset_source(source: type[DatasetSource]) -> None:
    """Make a kind of source of one's own known: it is asked first whether it can resolve something.

    Parameters
    ----------
    source: Its ``_get_source_type()`` names it, ``_can_resolve(raw)`` says whether ``_resolve(raw)`` makes one.
    """
    REGISTERED.insert(0, source)


def resolve_dataset_source(
    raw_source: Any, candidate_sources: Sequence[type[DatasetSource]] | None = None
) -> DatasetSource:
    """The source that a path, an address or another object means.

    Parameters
    ----------
    candidate_sources: The only kinds it may be of; any kind when left out.

    Raises
    ------
    InvalidParameter: No source can be made of it, or one of another kind.
    """
    found = resolved(raw_source)
    if candidate_sources and not isinstance(found, tuple(candidate_sources)):
        names = ", ".join(kind.__name__ for kind in candidate_sources)
        raise InvalidParameter(f"{raw_source!r} is a {type(found).__name__}, none of: {names}.")
    return found


def get_dataset_source_from_json(source_json: str, source_type: str) -> DatasetSource:
    """The source that a stored dataset describes.

    Raises
    ------
    InvalidParameter: A source of this type cannot be rebuilt.
    """
    return source_from_json(source_json, source_type)
