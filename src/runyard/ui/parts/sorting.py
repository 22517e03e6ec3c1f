"""Sorting by a column: the order in the page's address, the heads that change it."""

from dataclasses import dataclass
from typing import Literal

from runyard.ui.parts.list_state import ListState

Direction = Literal["ascending", "descending"]


@dataclass(frozen=True)
class Column:
    """A column's head: what it sorts by, and the address that sorts by it."""

    key: str
    label: str
    href: str
    title: str
    sorted: Direction | None = None
    numeric: bool = False


def order_terms(order: str, default: str) -> list[str]:
    """The `order_by` list for the order in the address."""
    return [order or default]


def column_of(key: str, label: str, order: str, state: ListState, path: str, *, numeric: bool = False) -> Column:
    """The head of a column. The first click sorts numbers and times downwards, names upwards; the next turns it."""
    name, _, way = order.rpartition(" ")
    found = _direction(way) if name == key else ("ascending" if order == key else None)
    falls_first = numeric or key.endswith(("_time", "_timestamp"))
    falling = found == "ascending" if found else falls_first
    target = f"{key} DESC" if falling else f"{key} ASC"
    return Column(
        key=key,
        label=label,
        href=state.href(path, order=target),
        title=f"Sort by {label}, {'descending' if falling else 'ascending'}",
        sorted=found,
        numeric=numeric,
    )


def _direction(way: str) -> Direction | None:
    if way.upper() == "ASC":
        return "ascending"
    return "descending" if way.upper() == "DESC" else None
