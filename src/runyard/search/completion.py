"""What a person is writing at a place in a filter: a key, a comparator, a value, or a word between conditions."""

import re
from dataclasses import dataclass
from typing import Literal

from runyard.search.errors import InvalidSearch
from runyard.search.fields import EntityFields, Field
from runyard.search.parser import parse_key

_KEY = r"""(?:[^\W\d]\w*\.)?(?:`[^`]*`|"[^"]*"|[^\s()'"`=<>!~,;]+)"""
_COMPARATOR = r"(?:!=|!~|>=|<=|=|>|<|~|\b(?:NOT\s+)?(?:LIKE|ILIKE|IN|BETWEEN)\b)"
_LIST = r"(?:\((?:[^()]*,)?\s*)?"
_VALUE = re.compile(
    rf"""(?P<key>{_KEY})\s*{_COMPARATOR}\s*{_LIST}(?P<typed>'[^']*|"[^"]*|[^\s()'"`,=<>!~]*)$""", re.IGNORECASE
)
_COMPARATOR_BEGUN = re.compile(rf"(?P<key>{_KEY})\s+(?P<typed>[A-Za-z ]*|[=<>!~]+)$")
_KEY_BEGUN = re.compile(r"""(?P<typed>(?:[^\W\d]\w*\.)?(?:`[^`]*|"[^"]*|[^\s()'"`=<>!~,;]*))$""")
_BEFORE_A_KEY = re.compile(r"(?:^|\(|\b(?:AND|OR|NOT))\s*$", re.IGNORECASE)
_JOINTS = frozenset(("AND", "OR", "NOT"))
_LONGEST = 500


@dataclass(frozen=True)
class Place:
    """What belongs at a place in a filter.

    Attributes
    ----------
    wanted: What is written there.
    typed: As much of it as stands there.
    start: Where it begins, from 0.
    kind, key, field: What is compared, where a comparator or a value is wanted.
    """

    wanted: Literal["key", "comparator", "value", "joint"]
    typed: str
    start: int
    kind: str = ""
    key: str = ""
    field: Field | None = None


def place_in(text: str, position: int, entity: EntityFields) -> Place | None:
    """What belongs at a position in a filter; None where nothing can be told."""
    before = text[max(0, position - _LONGEST) : position]
    offset = max(0, position - _LONGEST)
    if value := _VALUE.search(before):
        found = _known(value["key"], entity)
        return found and Place("value", value["typed"], offset + value.start("typed"), *found)
    begun = _COMPARATOR_BEGUN.search(before)
    if begun and begun["key"].upper() not in _JOINTS and (found := _known(begun["key"], entity)):
        return Place("comparator", begun["typed"], offset + begun.start("typed"), *found)
    key = _KEY_BEGUN.search(before)
    if key is None:
        return None
    wanted: Literal["key", "joint"] = "key" if _BEFORE_A_KEY.search(before[: key.start("typed")]) else "joint"
    return Place(wanted, key["typed"], offset + key.start("typed"))


def _known(key: str, entity: EntityFields) -> tuple[str, str, Field] | None:
    try:
        return parse_key(key, entity)
    except InvalidSearch:
        return None
