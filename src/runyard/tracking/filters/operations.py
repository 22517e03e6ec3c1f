"""Operations about filters of runs."""

from collections.abc import Callable

from runyard.db.transaction import Transaction
from runyard.gate.performers import performs
from runyard.protocol.answer import Wire
from runyard.search.completion import place_in
from runyard.search.nodes import comparisons_in
from runyard.search.parser import parse_filter
from runyard.search.regex import compiled
from runyard.tracking.filters.completion import completions
from runyard.tracking.filters.keys import keys_with, nearest, unknown_keys
from runyard.tracking.filters.messages import CompleteFilter, ExplainFilter, FindKeys
from runyard.tracking.filters.sources import PREFIXES, SOURCES, Source

MAX_NOTES = 5
MAX_FOUND = 20
"""Keys of each kind that a search for keys finds."""
MAX_OF_ONE_KIND = 1_000
"""The same where it looks for one kind only."""


@performs(ExplainFilter)
def explain_filter(tx: Transaction, message: ExplainFilter) -> Wire:
    """A statement for each key, and one for the keys of each kind of which one is unknown."""
    source = SOURCES[message.of]
    comparisons = comparisons_in(parse_filter(message.filter, source.fields, strict=True))
    notes = []
    for kind, key in unknown_keys(tx, source, comparisons)[:MAX_NOTES]:
        notes.append(_note(tx, source, kind, key))
    return {"notes": notes} if notes else {}


def _note(tx: Transaction, source: Source, kind: str, key: str) -> str:
    """That a key is nowhere, by the word of the language that stands for it, or with the nearest there are."""
    for name, tag in (*source.fields.tag_aliases.items(), *source.fields.flags.items()):
        if (kind, key) == ("tag", tag):
            return f"No {source.one} {'is' if name in source.fields.flags else 'has a'} {name}."
    found = nearest(tx, source, kind, key)
    hint = f" Did you mean {' or '.join(found)}?" if found else ""
    return f"No {source.one} has the {kind} {key!r}.{hint}"


@performs(CompleteFilter)
def complete_filter(tx: Transaction, message: CompleteFilter) -> Wire:
    """Up to four statements, each of up to twenty seeks."""
    source = SOURCES[message.of]
    place = place_in(message.filter, message.position, source.fields)
    if place is None:
        return {"start": message.position, "completions": []}
    found = completions(tx, source, place)
    return {"start": place.start, "completions": [{"text": text, "what": what} for text, what in found]}


@performs(FindKeys)
def find_keys(tx: Transaction, message: FindKeys) -> Wire:
    """A statement for each kind."""
    most = MAX_FOUND if message.of == "all" else MAX_OF_ONE_KIND
    wanted = {kind: prefix for kind, prefix in PREFIXES.items() if message.of in ("all", prefix)}
    found = {prefix: keys_with(tx, kind, _meant(message, prefix), most + 1) for kind, prefix in wanted.items()}
    keys = [f"{prefix}.{key}" for prefix, of_kind in found.items() for key in of_kind[:most]]
    return {"keys": keys, "more": any(len(of_kind) > most for of_kind in found.values())}


def _meant(message: FindKeys, prefix: str) -> Callable[[str], bool]:
    """What tells whether a key of a kind is looked for."""
    if message.pattern:
        expression = compiled(message.text)
        before = f"{prefix}." if message.of == "all" else ""
        return lambda key: expression.found_in(before + key)
    wanted = message.text.lower()
    return lambda key: wanted in key.lower()
