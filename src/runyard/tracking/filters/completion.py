"""Ways to go on with a filter: keys and values that there are, and the words of the language."""

from collections.abc import Iterable, Iterator

from runyard.db.transaction import Transaction
from runyard.search.completion import Place
from runyard.search.fields import ORDERED, PRESENCE, Field
from runyard.search.writing import key_text, value_text
from runyard.tracking.filters.sources import PREFIXES, Source

MOST = 20
_TIMES = ("now() - 1h", "now() - 1d", "now() - 7d", "now() - 30d")
_DURATIONS = ("1m", "10m", "1h", "1d")
_COMPARATORS = (
    "=",
    "!=",
    ">",
    ">=",
    "<",
    "<=",
    "LIKE",
    "ILIKE",
    "~",
    "!~",
    "IN",
    "NOT IN",
    "BETWEEN",
    *sorted(PRESENCE),
)


def completions(tx: Transaction, source: Source, place: Place) -> list[tuple[str, str]]:
    """Texts with what they are; those that begin with what is typed."""
    found: Iterable[tuple[str, str]] = ()
    if place.wanted == "key":
        found = _keys(tx, source, place.typed)
    elif place.wanted == "joint":
        found = (("AND", "and"), ("OR", "or"))
    elif place.wanted == "comparator" and place.field:
        found = ((text, "comparator") for text in _comparators(place.field))
    elif place.field:
        return list(_values(tx, source, place, place.field))[:MOST]
    typed = place.typed.lower().replace("`", "").replace('"', "")
    return [one for one in found if one[0].lower().replace("`", "").startswith(typed)][:MOST]


def _keys(tx: Transaction, source: Source, typed: str) -> Iterator[tuple[str, str]]:
    prefix, dot, begun = typed.partition(".")
    begun, entity = begun.lstrip('`"'), source.fields
    kind = entity.prefixes.get(prefix, "")
    if dot and kind in entity.free:
        yield from ((key_text(prefix, key), kind) for key in source.keys[kind].beginning(tx, begun, MOST))
    elif dot and kind:
        yield from ((f"{prefix}.{key}", kind) for key, field in entity.keyed[kind].items() if field.operators)
    elif not dot:
        attributes = (key for key, field in entity.keyed["attribute"].items() if field.operators)
        yield from ((key, "attribute") for key in (*attributes, *entity.tag_aliases))
        yield from ((f"{name} = true", "flag") for name in (*entity.flags, *entity.states))
        kinds = (PREFIXES.get(kind, kind) for kind in dict.fromkeys(entity.prefixes.values()) if kind != "attribute")
        yield from ((f"{prefix}.", "kind") for prefix in kinds)
        yield ("NOT", "not")
        if "parent" in entity.tag_aliases:
            yield ("children of", "runs below a run")


def _comparators(field: Field) -> Iterable[str]:
    ranges = {"BETWEEN"} if field.operators >= ORDERED else set()
    return (text for text in _COMPARATORS if text in field.operators | ranges)


def _values(tx: Transaction, source: Source, place: Place, field: Field) -> Iterator[tuple[str, str]]:
    quote = place.typed[:1] if place.typed[:1] in ("'", '"') else ""
    begun = place.typed[len(quote) :]
    if field.unit:
        words = _TIMES if field.unit == "date" else _DURATIONS
        yield from ((text, field.unit) for text in words if text.startswith(begun))
        return
    known = (text for text in field.values if text.lower().startswith(begun.lower()))
    texts = known if field.values else source.values_from(tx, place.kind, place.key, begun, MOST)
    yield from ((value_text(text), "value") for text in texts)
