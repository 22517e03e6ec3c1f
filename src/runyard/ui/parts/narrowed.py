"""The first of many entries: what a page shows of a run with thousands of params, metrics or tags."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from runyard.tracking.metrics.entities import Metric
from runyard.ui.parts.format import exact

MAX_ROWS = 200
MAX_ELEMENTS = 2200
"""Elements of a page that its lists of entries take together; a browser lays out a few thousand at once."""
MAX_CHARACTERS = 200_000
"""Texts of the entries that are shown; a param or tag may be thousands of characters long."""

T = TypeVar("T")


@dataclass(frozen=True)
class Narrowed(Generic[T]):
    """The first of the entries that hold a text.

    Attributes
    ----------
    found: How many hold it; all of them when there is no text.
    total: How many there are.
    """

    entries: tuple[T, ...]
    found: int
    total: int

    @property
    def amount(self) -> str:
        """How many are shown of how many: ``12``, ``200 of 5,000``."""
        shown = len(self.entries)
        return f"{shown:,}" if shown == self.total else f"{shown:,} of {self.total:,}"

    @property
    def cut(self) -> bool:
        """Whether more were found than are shown."""
        return len(self.entries) < self.found


def narrowed(entries: Iterable[T], text: str, texts_of: Callable[[T], tuple[str, ...]]) -> Narrowed[T]:
    """The first entries that hold a text, in any case of letters.

    Parameters
    ----------
    text: What to look for; empty for everything.
    texts_of: The texts of an entry in which to look.
    """
    wanted, shown, found, total, room = text.lower(), list[T](), 0, 0, MAX_CHARACTERS
    for entry in entries:
        total += 1
        texts = texts_of(entry)
        if wanted and not any(wanted in one.lower() for one in texts):
            continue
        found += 1
        room -= sum(map(len, texts))
        if len(shown) < MAX_ROWS and found == len(shown) + 1 and (room >= 0 or not shown):
            shown.append(entry)
    return Narrowed(tuple(shown), found, total)


def narrowed_texts(texts: Mapping[str, str], text: str) -> Narrowed[tuple[str, str]]:
    """The first params or tags whose key or value holds a text, by key."""
    return narrowed(sorted(texts.items()), text, lambda entry: entry)


def narrowed_metrics(metrics: Iterable[Metric], text: str) -> Narrowed[Metric]:
    """The first metrics whose key or latest value holds a text, by key."""
    in_order = sorted(metrics, key=lambda metric: metric.key)
    return narrowed(in_order, text, lambda metric: (metric.key, exact(metric.value) if text else ""))


def within_budget(*lists: tuple[Narrowed[Any], int]) -> tuple[Narrowed[Any], ...]:
    """The lists of one page, cut so that they have `MAX_ELEMENTS` elements together; what one leaves, others have.

    Parameters
    ----------
    lists: Each with the number of elements that an entry of it takes.
    """
    left, cut = MAX_ELEMENTS, [some for some, _ in lists]
    by_size = sorted(range(len(lists)), key=lambda place: len(lists[place][0].entries) * lists[place][1])
    for done, place in enumerate(by_size):
        some, elements = lists[place]
        shown = some.entries[: left // (len(lists) - done) // elements]
        cut[place] = replace(some, entries=shown)
        left -= len(shown) * elements
    return tuple(cut)
