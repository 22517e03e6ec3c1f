"""Ways to go on with a filter of runs: keys and values that runs have, and the words of the language."""

from collections.abc import Iterable, Iterator

from runyard.db.transaction import Transaction
from runyard.search.completion import Place
from runyard.search.fields import ORDERED, PRESENCE, RUN_FIELDS, Field
from runyard.search.writing import key_text, value_text
from runyard.tracking.filters.keys import PREFIXES, keys_from, names_from, values_from

MOST = 20
_KINDS = {prefix: kind for kind, prefix in PREFIXES.items()}
_KEYED = ("experiment", "dataset")
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


def completions(tx: Transaction, place: Place) -> list[tuple[str, str]]:
    """Texts with what they are; those that begin with what is typed."""
    found: Iterable[tuple[str, str]] = ()
    if place.wanted == "key":
        found = _keys(tx, place.typed)
    elif place.wanted == "joint":
        found = (("AND", "and"), ("OR", "or"))
    elif place.wanted == "comparator" and place.field:
        found = ((text, "comparator") for text in _comparators(place.field))
    elif place.field:
        return list(_values(tx, place, place.field))[:MOST]
    typed = place.typed.lower().replace("`", "").replace('"', "")
    return [one for one in found if one[0].lower().replace("`", "").startswith(typed)][:MOST]


def _keys(tx: Transaction, typed: str) -> Iterator[tuple[str, str]]:
    prefix, dot, begun = typed.partition(".")
    begun = begun.lstrip('`"')
    if dot and (kind := RUN_FIELDS.prefixes.get(prefix)) in PREFIXES:
        yield from ((key_text(prefix, key), str(kind)) for key in keys_from(tx, str(kind), begun, MOST))
    elif dot and kind:
        yield from ((f"{prefix}.{key}", str(kind)) for key in RUN_FIELDS.keyed[str(kind)])
    elif not dot:
        yield from ((key, "attribute") for key in (*RUN_FIELDS.keyed["attribute"], *RUN_FIELDS.tag_aliases))
        yield from ((f"{name} = true", "flag") for name in RUN_FIELDS.flags)
        yield from ((f"{prefix}.", "kind") for prefix in (*_KINDS, *_KEYED))
        yield from (("NOT", "not"), ("children of", "runs below a run"))


def _comparators(field: Field) -> Iterable[str]:
    ranges = {"BETWEEN"} if field.operators >= ORDERED else set()
    return (text for text in _COMPARATORS if text in field.operators | ranges)


def _values(tx: Transaction, place: Place, field: Field) -> Iterator[tuple[str, str]]:
    quote = place.typed[:1] if place.typed[:1] in ("'", '"') else ""
    begun = place.typed[len(quote) :]
    if field.values:
        texts: Iterable[str] = (text for text in field.values if text.lower().startswith(begun.lower()))
    elif place.kind in ("param", "tag"):
        texts = values_from(tx, place.kind, place.key, begun, MOST)
    elif place.kind == "experiment" and place.key == "name":
        texts = names_from(tx, begun, MOST)
    else:
        words = {"date": _TIMES, "duration": _DURATIONS}.get(field.unit, ())
        yield from ((text, field.unit) for text in words if text.startswith(begun))
        return
    yield from ((value_text(text), "value") for text in texts)
