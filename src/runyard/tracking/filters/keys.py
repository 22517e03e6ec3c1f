"""Which keys of metrics, params and tags there are, and which are spelled like one that there is not."""

import difflib
import itertools
from collections.abc import Callable, Iterable

from runyard.db.transaction import Transaction
from runyard.search.nodes import Comparison
from runyard.search.writing import key_text
from runyard.tracking.filters.sources import PREFIXES, RUNS, Source

MAX_KEYS = 2_000
"""Keys that are looked at to find near ones."""
MAX_SEARCHED = 50_000
"""Keys of a kind among which one is looked for by a part of it."""
MAX_LOOKED_UP = 20
"""Keys of a filter that are looked up."""


def unknown_keys(tx: Transaction, source: Source, comparisons: Iterable[Comparison]) -> list[tuple[str, str]]:
    """Kind and key of what is compared and is nowhere. A statement for each."""
    asked = dict.fromkeys((found.kind, found.key) for found in comparisons if found.kind in source.tables)
    return [(kind, key) for kind, key in list(asked)[:MAX_LOOKED_UP] if not source.knows(tx, kind, key)]


def nearest(tx: Transaction, source: Source, kind: str, key: str) -> list[str]:
    """Up to three keys, as filters write them: of another kind, spelled alike, or of which it is a part."""
    others = [other for other in source.tables if other != kind and source.knows(tx, other, key)]
    alike = {name.lower(): name for name in source.keys[kind].beginning(tx, "", MAX_KEYS)}
    close = [alike[name] for name in difflib.get_close_matches(key.lower(), alike, n=3, cutoff=0.6)]
    holding = [name for lower, name in alike.items() if len(key) > 1 and key.lower() in lower]
    names = dict.fromkeys([*close, *holding])
    found = [*((other, key) for other in others), *((kind, name) for name in names)]
    return [key_text(PREFIXES[one], name) for one, name in found[:3]]


def keys_from(tx: Transaction, kind: str, begun: str, most: int) -> list[str]:
    """The first keys of runs of a kind that begin with a text, by one seek each."""
    return RUNS.keys[kind].beginning(tx, begun, most)


def keys_with(tx: Transaction, kind: str, meant: Callable[[str], bool], most: int) -> list[str]:
    """The first keys of runs of a kind that are meant. One statement, of a seek for each key."""
    return list(itertools.islice(filter(meant, keys_from(tx, kind, "", MAX_SEARCHED)), most))
