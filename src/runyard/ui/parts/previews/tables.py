"""Tables by pages: some rows and columns of them, sorted by one."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runyard.exceptions import InvalidParameter
from runyard.ui.parts.format import count, shortened
from runyard.ui.parts.list_state import Pages
from runyard.ui.parts.previews.cells import Cell, printable, shown_cell
from runyard.ui.parts.previews.look import WHOLE, Look
from runyard.ui.parts.sorting import Column

MOST_CELLS = 2000
MOST_COLUMNS = 40
MOST_ROWS = 100
_TEXTS = 100_000
"""Characters of all cells of a page."""
_WINDOW = 400_000
"""Bytes of a file of rows that are read to show some of them."""
MAX_LINE = 4_000_000
"""Characters of a field of a file of rows."""
DELIMITERS = {".csv": ",", ".tsv": "\t"}

csv.field_size_limit(MAX_LINE)


@dataclass(frozen=True)
class TablePage:
    """A page of a table.

    Attributes
    ----------
    rows: The number of each row, and its cells.
    columns_before, columns_after: Addresses of the columns beside the shown ones.
    note: What else is to be said.
    whole: The address of all of it, where it was not read whole and can be.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[int, tuple[Cell, ...]], ...]
    pages: Pages
    width: int
    first_column: int
    columns_before: str = ""
    columns_after: str = ""
    note: str = ""
    whole: str = ""


@dataclass(frozen=True)
class Wanted:
    """What an address asks of a table.

    Attributes
    ----------
    first: The first row, from 0.
    column: The first column, from 0.
    sort: The column that it is sorted by, from 0; None for the order of the file.
    """

    first: int
    column: int
    sort: int | None
    descending: bool

    @classmethod
    def of(cls, look: Look) -> "Wanted":
        """Read it from the parameters ``row``, ``columns`` and ``sort``: of a table's columns the first is 1."""
        sort = look.number("sort")
        return cls(
            max(0, look.number("row", 1) - 1),
            max(0, look.number("columns", 1) - 1),
            abs(sort) - 1 if sort else None,
            sort < 0,
        )


def rows_of_a_page(width: int) -> int:
    """How many rows a page shows of a table with this number of columns."""
    return max(10, min(MOST_ROWS, MOST_CELLS // max(1, min(width, MOST_COLUMNS))))


def sorted_rows(rows: Sequence[Sequence[Any]], column: int, *, descending: bool) -> list[int]:
    """The places of rows in the order of a column: numbers by value before texts, empty ones last."""

    def key(place: int) -> tuple[int, float, str]:
        value = rows[place][column] if column < len(rows[place]) else None
        if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
            return (2, 0.0, "")
        try:
            return (0, float(value), "")
        except (TypeError, ValueError, OverflowError):
            return (1, 0.0, str(value))

    keys = [key(place) for place in range(len(rows))]
    full = [place for place in range(len(rows)) if keys[place][0] < 2]
    ordered = sorted(full, key=keys.__getitem__, reverse=descending)
    return ordered + [place for place in range(len(rows)) if keys[place][0] == 2]


def table_page(
    look: Look,
    names: Sequence[str],
    numbered: Sequence[tuple[int, Sequence[Any]]],
    pages: Pages,
    wanted: Wanted,
    *,
    sortable: bool = True,
    **more: str,
) -> TablePage:
    """A page of rows, of which some columns are shown.

    Parameters
    ----------
    numbered: Rows with their numbers in the table; they have all columns.
    more: `note` and `whole` of the page.
    """
    width = len(names)
    start = min(wanted.column, max(0, width - 1))
    shown = range(start, min(start + MOST_COLUMNS, width))
    most = max(24, min(160, _TEXTS // max(1, len(numbered) * max(1, len(shown)))))
    rows = tuple(
        (number, tuple(shown_cell(row[place] if place < len(row) else None, look, most) for place in shown))
        for number, row in numbered
    )
    numeric = [any(cells[at].numeric for _, cells in rows) for at in range(len(shown))]
    return TablePage(
        columns=tuple(
            _head(look, names, place, wanted, numeric=is_numeric, sortable=sortable)
            for place, is_numeric in zip(shown, numeric, strict=True)
        ),
        rows=rows,
        pages=pages,
        width=width,
        first_column=start + 1,
        columns_before=look.href(columns=max(1, start + 1 - MOST_COLUMNS), row=wanted.first + 1) if start else "",
        columns_after=look.href(columns=shown.stop + 1, row=wanted.first + 1) if shown.stop < width else "",
        **more,
    )


def _head(look: Look, names: Sequence[str], place: int, wanted: Wanted, *, numeric: bool, sortable: bool) -> Column:
    label, is_sorted = printable(names[place]) or "(no name)", wanted.sort == place
    turned = is_sorted and not wanted.descending
    return Column(
        key=str(place),
        label=label,
        href=look.href(sort=-(place + 1) if turned else place + 1) if sortable else "",
        title=f"Sort by {shortened(label, 100)}" if sortable else label,
        sorted=("descending" if wanted.descending else "ascending") if is_sorted else None,
        numeric=numeric,
    )


def numbered_pages(look: Look, first: int, shown: int, total: int, size: int) -> Pages:
    """The pages around some rows of a table whose length is known."""
    return Pages(
        first=first + 1 if shown else 0,
        last=first + shown,
        total=total,
        start=look.href(),
        previous=look.href(row=max(1, first + 1 - size)) if first else None,
        next=look.href(row=first + shown + 1) if first + shown < total else None,
    )


def loaded_table(look: Look, names: Sequence[str], rows: Sequence[Sequence[Any]], note: str = "") -> TablePage:
    """A page of a table that is in memory.

    Raises
    ------
    InvalidParameter: It has no such column.
    """
    wanted = Wanted.of(look)
    order: Sequence[int] = range(len(rows))
    if wanted.sort is not None:
        check_column(wanted.sort, len(names))
        order = sorted_rows(rows, wanted.sort, descending=wanted.descending)
    size = rows_of_a_page(len(names))
    chosen = order[wanted.first : wanted.first + size]
    pages = numbered_pages(look, wanted.first, len(chosen), len(rows), size)
    return table_page(look, names, [(place + 1, rows[place]) for place in chosen], pages, wanted, note=note)


def check_column(column: int, width: int) -> None:
    """Refuse a column that a table does not have."""
    if column >= width:
        raise InvalidParameter(f"The table has {width:,} columns; it cannot be sorted by column {column + 1:,}.")


def delimited_table(look: Look) -> TablePage | None:
    """A page of a file of comma-separated or tab-separated rows; None when it is none.

    Small files, and those that were asked for, are read whole: they can be sorted. Others are read from where the
    page begins.

    Raises
    ------
    InvalidParameter: A large file is to be sorted.
    """
    delimiter = DELIMITERS[look.suffix]
    try:
        if look.is_asked_for and look.size <= WHOLE:
            return _loaded_delimited(look, delimiter)
        return _window(look, delimiter)
    except csv.Error:
        return None


def _loaded_delimited(look: Look, delimiter: str) -> TablePage | None:
    text = look.whole().decode("utf-8-sig", "replace")
    rows = [row for row in _reader(io.StringIO(text, newline=""), delimiter) if row]
    return loaded_table(look, rows[0], rows[1:]) if rows else None


def _window(look: Look, delimiter: str) -> TablePage | None:
    if look.number("sort"):
        raise InvalidParameter(
            f"{look.name} has {count(look.size)} bytes. Files over {WHOLE // 1_000_000} MB are not sorted; download it."
        )
    names, begin = _complete_rows(look, 0, delimiter, 1)
    if not names:
        return None
    at = min(max(begin, look.number("at")), look.size)
    number, size = max(1, look.number("row", 1)), rows_of_a_page(len(names[0]))
    rows, end = _complete_rows(look, at, delimiter, size)
    pages = Pages(
        first=number if rows else 0,
        last=number + len(rows) - 1,
        total=None if end < look.size else number + len(rows) - 1,
        start=look.href(),
        previous=look.href() if at > begin else None,
        next=look.href(at=end, row=number + len(rows)) if end < look.size and rows else None,
    )
    wanted = Wanted(number - 1, max(0, look.number("columns", 1) - 1), None, descending=False)
    return table_page(
        look,
        names[0],
        [(number + place, row) for place, row in enumerate(rows)],
        pages,
        wanted,
        sortable=False,
        whole=look.href(all=1) if look.size <= WHOLE else "",
    )


def _complete_rows(look: Look, at: int, delimiter: str, most: int) -> tuple[list[list[str]], int]:
    """Rows from a byte on, none of them cut, and the byte behind them."""
    content = look.read(at, _WINDOW)
    text = content.decode("utf-8-sig" if not at else "utf-8", "surrogateescape")
    lines = list(io.StringIO(text, newline=""))
    complete = at + len(content) >= look.size
    taken, used = list[list[str]](), 0
    given: list[str] = []

    def feed() -> Any:
        for line in lines:
            given.append(line)
            yield line

    reader = _reader(feed(), delimiter)
    for row in reader:
        if not complete and len(given) == len(lines):
            break  # the last row of the window may go on behind it
        used = len(given)
        if row:
            taken.append(row)
        if len(taken) == most:
            break
    marked = 3 if not at and content.startswith(b"\xef\xbb\xbf") else 0
    size = marked + sum(len(line.encode("utf-8", "surrogateescape")) for line in lines[:used])
    return taken, min(at + size, look.size) if taken else look.size


def _reader(lines: Any, delimiter: str) -> Any:
    return csv.reader(lines, delimiter=delimiter)
