"""What the boxes of lists take: a filter of the search language, or words."""

import re

from runyard.search.errors import InvalidSearch
from runyard.search.fields import EntityFields
from runyard.search.parser import parse_filter
from runyard.search.writing import value_text
from runyard.tracking.filters.messages import ExplainFilter
from runyard.ui.site import Site

_COMPARES = re.compile(r"[=<>~]|\b(?:i?like|in|is|between)\b", re.IGNORECASE)


def as_filter(text: str, entity: EntityFields) -> str | None:
    """A text as a filter; one that breaks the grammar, but compares nothing, is found as it stands, in names and tags.

    Raises
    ------
    InvalidSearch: It compares, and breaks the grammar; points at the offending part.
    """
    if not text:
        return None
    try:
        parse_filter(text, entity, strict=True)
    except InvalidSearch:
        if _COMPARES.search(text):
            raise
        return value_text(text)
    return text


def notes_on(site: Site, of: str, text: str | None) -> tuple[str, ...]:
    """Why a valid filter finds nothing, as far as that is known: keys that are nowhere, with the nearest there are."""
    return tuple(site.ask(ExplainFilter(filter=text, of=of)).notes) if text else ()
