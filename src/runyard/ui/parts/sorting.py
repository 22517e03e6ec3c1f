"""Sorting by columns: the order in the page's address, the heads that change it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.metric_names import Goal

Direction = Literal["ascending", "descending"]

_AS_NUMBER = re.compile(r"number\((.*)\)", re.DOTALL)


@dataclass(frozen=True)
class Column:
    """A column's head: what it sorts by, and the address that sorts by it.

    Attributes
    ----------
    place: Which of several keys of the order it is, from 1; 0 where there is one, or it is none of them.
    """

    key: str
    label: str
    href: str
    title: str
    sorted: Direction | None = None
    numeric: bool = False
    place: int = 0


@dataclass(frozen=True)
class OrderChip:
    """A key of the order in words, and the address without it."""

    label: str
    href: str


def order_terms(order: str | Sequence[str], default: str) -> list[str]:
    """The `order_by` list for the order in the address."""
    return [order or default] if isinstance(order, str) else list(order) or [default]


def column_of(
    key: str,
    label: str,
    order: str | Sequence[str],
    state: ListState,
    path: str,
    *,
    numeric: bool = False,
    goal: Goal | None = None,
) -> Column:
    """The head of a column. The first click sorts the best values to the top where it is known which these are.

    Else it sorts numbers and times downwards, names upwards. The next click turns it.

    Parameters
    ----------
    key: What it sorts by; empty for nothing: then there is no address.
    order: The keys of the order, the first first; or the only one.
    goal: Which value of the column is the best.
    """
    orders = [order] if isinstance(order, str) else order
    if not key:
        return Column(key, label, href="", title=f"{label}: cannot be sorted by")
    place = next((place for place, each in enumerate(orders, 1) if is_of(each, key)), 0)
    found = _direction(orders[place - 1]) if place else None
    falls_first = goal == "most" if goal else numeric or key.endswith(("_time", "_timestamp"))
    falling = found == "ascending" if found else falls_first
    target = f"{key} DESC" if falling else f"{key} ASC"
    return Column(
        key=key,
        label=label,
        href=state.href(path, order=target),
        title=f"Sort by {label}, {'descending' if falling else 'ascending'}",
        sorted=found,
        numeric=numeric,
        place=place if len(orders) > 1 else 0,
    )


def is_of(order: str, key: str) -> bool:
    """Whether a key of the order sorts by a column, as numbers or as texts."""
    return _plain(_key_of(order)) == _plain(key)


def order_chips(orders: Sequence[str], columns: Sequence[Column], state: ListState, path: str) -> tuple[OrderChip, ...]:
    """The keys of an order, each as the head that shows it has it, or as the address has it where none does."""
    chips = []
    for order in orders:
        label = next(
            (column.label for column in columns if column.key and is_of(order, column.key)), _plain(_key_of(order))
        )
        arrow = "↓" if _direction(order) == "descending" else "↑"
        chips.append(OrderChip(f"{label} {arrow}", state.href(path, order=[each for each in orders if each != order])))
    return tuple(chips)


def _key_of(order: str) -> str:
    key, _, way = order.rpartition(" ")
    return key if way.upper() in ("ASC", "DESC") else order


def _plain(key: str) -> str:
    match = _AS_NUMBER.fullmatch(key)
    return match[1] if match else key


def _direction(order: str) -> Direction:
    return "descending" if order.rpartition(" ")[2].upper() == "DESC" else "ascending"
