"""The JSON text of a run's params and tags that is kept with the run, and changed where an entry changes.

It is the members ``params`` and ``tags`` of the run's data, without the braces around them; empty lists are left out,
as everywhere on the wire. A run may have thousands of entries: to change one, the text around it is kept as it is.

In JSON text a quote inside a string is escaped, so what begins with an unescaped quote or brace, such as
``{"key":"lr",``, is found in no value. All that is looked for is there at most once. Entries are in the order of their
keys; older versions wrote them to PostgreSQL in the order of the database's language.
"""

from collections.abc import Mapping, Sequence
from json.decoder import scanstring  # type: ignore[attr-defined]  # the decoder's own, which says where a string ends

import orjson

_PARAMS, _TAGS = '"params":[', '"tags":['
_BETWEEN = f"],{_TAGS}"
_ENTRY, _VALUE = '{"key":', ',"value":'
MANY = 8
"""From this number of changes on, reading all entries takes no longer than finding each."""
_FEW = 16


def document(params: Sequence[tuple[str, str]], tags: Sequence[tuple[str, str]]) -> str:
    """The text for these entries, keys and values, in their order."""
    return _joined(_list(params), _list(tags))


def with_entries(text: str, params: Mapping[str, str], tags: Mapping[str, str], *, in_order: bool = False) -> str:
    """The text with entries put in where they belong in the order of keys, or given another value.

    Parameters
    ----------
    in_order: Whether entries that are there are surely where that order has them, or none of the given is there.
    """
    if len(params) + len(tags) < MANY:
        for opening, given in ((_PARAMS, params), (_TAGS, tags)):
            for key, value in given.items():
                text = _with_one(text, opening, key, value, in_order)
        return text
    old_params, old_tags = _parts(text)
    return _joined(_with_all(old_params, params), _with_all(old_tags, tags))


def without_tag(text: str, key: str) -> str:
    """The text without a tag."""
    params, tags = _parts(text)
    place = tags.rfind(_beginning(key))
    if place < 0:
        return text
    end = _end(tags, place)
    # With the comma behind it, or the one before it where it is the last.
    return _joined(params, tags[:place] + tags[end + 1 :] if end < len(tags) else tags[: max(place - 1, 0)])


def _parts(text: str) -> tuple[str, str]:
    """The entries of params and of tags, without the brackets around them."""
    (params, end_of_params), (tags, end_of_tags) = _range(text, _PARAMS), _range(text, _TAGS)
    return text[params:end_of_params], text[tags:end_of_tags]


def _range(text: str, opening: str) -> tuple[int, int]:
    """Where the entries of params or of tags begin and end; an empty range without any."""
    if not text.startswith(_PARAMS):
        return (len(_TAGS), len(text) - 1) if opening == _TAGS and text else (0, 0)
    border = _border(text)
    if opening == _PARAMS:
        return len(_PARAMS), len(text) - 1 if border < 0 else border
    return (0, 0) if border < 0 else (border + len(_BETWEEN), len(text) - 1)


def _border(text: str) -> int:
    """Where the params end and the tags begin; -1 where there are no tags."""
    place = len(text) - 1
    for _ in range(_FEW):  # a single character is found in a tenth of the time
        place = text.rfind(_BETWEEN[0], 0, place)
        if place < 0 or text.startswith(_BETWEEN, place):
            return place
    return text.rfind(_BETWEEN, 0, place)


def _joined(params: str, tags: str) -> str:
    if params and tags:
        return f"{_PARAMS}{params}{_BETWEEN}{tags}]"
    return f"{_PARAMS}{params}]" if params else f"{_TAGS}{tags}]" if tags else ""


def _list(entries: Sequence[tuple[str, str]]) -> str:
    return orjson.dumps([{"key": key, "value": value} for key, value in entries]).decode()[1:-1]


def _with_all(entries: str, given: Mapping[str, str]) -> str:
    if not given:
        return entries
    known = {entry["key"]: entry["value"] for entry in orjson.loads(f"[{entries}]")} | dict(given)
    return _list(sorted(known.items()))


def _with_one(text: str, opening: str, key: str, value: str, in_order: bool) -> str:
    entry, (begin, end) = _list([(key, value)]), _range(text, opening)
    if begin == end:
        params, tags = _parts(text)
        return _joined(entry, tags) if opening == _PARAMS else _joined(params, entry)
    beginning, place = _beginning(key), _place(text, begin, end, key)
    known = place if text.startswith(beginning, place) else -1 if in_order else text.rfind(beginning, begin, end)
    if known >= 0:
        return f"{text[:known]}{entry}{text[_end(text, known) :]}"
    return f"{text[:place]}{entry},{text[place:]}" if place < end else f"{text[:end]},{entry}{text[end:]}"


def _beginning(key: str) -> str:
    return f"{_ENTRY}{orjson.dumps(key).decode()}{_VALUE}"


def _end(entries: str, place: int) -> int:
    """Where the entry that begins here ends."""
    _, end_of_key = scanstring(entries, place + len(_ENTRY) + 1)
    _, end_of_value = scanstring(entries, end_of_key + len(_VALUE) + 1)
    return int(end_of_value) + 1


def _place(text: str, begin: int, end: int, key: str) -> int:
    """Where, of the entries between two places, the first begins whose key is this or a greater one.

    The end where there is none. The entries are halved again and again.
    """
    low, high = begin, end  # an entry begins at each, or the entries end
    while low < high:
        middle = (low + high) // 2
        begins = text.find(_ENTRY, middle, high)
        if begins < 0:  # the last one begins before the middle
            begins = text.rfind(_ENTRY, low, middle + len(_ENTRY))
        other, _ = scanstring(text, begins + len(_ENTRY) + 1)
        if other >= key:
            high = begins
        else:
            low = _end(text, begins) + 1
    return high
