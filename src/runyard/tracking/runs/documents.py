"""The JSON text of a run's params and tags that is kept with the run, and changed where an entry changes.

It is the members ``params`` and ``tags`` of the run's data, without the braces around them; empty lists are left out,
as everywhere on the wire. A run may have thousands of entries: to change one, the text around it is kept as it is.

In JSON text a quote inside a string is escaped, so what begins with an unescaped quote or brace, such as
``{"key":"lr",``, is found in no value. All that is looked for is there at most once, and is looked for from the end:
in long texts Python finds it so in a fifth of the time.
"""

from collections.abc import Mapping, Sequence
from json.decoder import scanstring  # type: ignore[attr-defined]  # the decoder's own, which says where a string ends

import orjson

_PARAMS, _TAGS = '"params":[', '"tags":['
_BETWEEN = f"],{_TAGS}"
_ENTRY, _VALUE = '{"key":', ',"value":'
MANY = 8
"""From this number of changes on, reading all entries takes no longer than finding each."""


def document(params: Sequence[tuple[str, str]], tags: Sequence[tuple[str, str]]) -> str:
    """The text for these entries, keys and values, in their order."""
    return _joined(_list(params), _list(tags))


def with_entries(text: str, params: Mapping[str, str], tags: Mapping[str, str]) -> str:
    """The text with entries put in where they belong in the order of keys, or given another value."""
    old_params, old_tags = _parts(text)
    return _joined(_with(old_params, params), _with(old_tags, tags))


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
    if not text.startswith(_PARAMS):
        return "", text[len(_TAGS) : -1]
    place = text.rfind(_BETWEEN)
    if place < 0:
        return text[len(_PARAMS) : -1], ""
    return text[len(_PARAMS) : place], text[place + len(_BETWEEN) : -1]


def _joined(params: str, tags: str) -> str:
    if params and tags:
        return f"{_PARAMS}{params}{_BETWEEN}{tags}]"
    return f"{_PARAMS}{params}]" if params else f"{_TAGS}{tags}]" if tags else ""


def _list(entries: Sequence[tuple[str, str]]) -> str:
    return orjson.dumps([{"key": key, "value": value} for key, value in entries]).decode()[1:-1]


def _with(entries: str, given: Mapping[str, str]) -> str:
    if len(given) >= MANY or not entries:
        known = {entry["key"]: entry["value"] for entry in orjson.loads(f"[{entries}]")} | dict(given)
        return _list(sorted(known.items()))
    for key, value in given.items():
        entry, place = _list([(key, value)]), entries.rfind(_beginning(key))
        if place >= 0:
            entries = entries[:place] + entry + entries[_end(entries, place) :]
        else:
            place = _place(entries, key)
            entries = f"{entries[:place]}{entry},{entries[place:]}" if place < len(entries) else f"{entries},{entry}"
    return entries


def _beginning(key: str) -> str:
    return f"{_ENTRY}{orjson.dumps(key).decode()}{_VALUE}"


def _end(entries: str, place: int) -> int:
    """Where the entry that begins here ends."""
    _, end_of_key = scanstring(entries, place + len(_ENTRY) + 1)
    _, end_of_value = scanstring(entries, end_of_key + len(_VALUE) + 1)
    return int(end_of_value) + 1


def _place(entries: str, key: str) -> int:
    """Where the first entry with a greater key begins; the end of the text without one. The text is halved."""
    low, high = 0, len(entries)  # an entry begins at each, or the text ends
    while low < high:
        middle = (low + high) // 2
        begins = entries.find(_ENTRY, middle, high)
        if begins < 0:  # the last one begins before the middle
            begins = entries.rfind(_ENTRY, low, middle + len(_ENTRY))
        other, _ = scanstring(entries, begins + len(_ENTRY) + 1)
        if other > key:
            high = begins
        else:
            low = _end(entries, begins) + 1
    return high
