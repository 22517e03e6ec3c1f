"""Tables by pages: some rows and columns of them, sorted by one."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.ui.parts.format import count, shortened
from runyard.ui.parts.list_state import Pages
from runyard.ui.parts.previews.cells import Cell, printable, shown_cell, whole_cell
from runyard.ui.parts.previews.look import WHOLE, Look
from runyard.ui.parts.sorting import Column

MOST_CELLS = 2000
MOST_COLUMNS = 40
MOST_ROWS = 100
MOST_FIELDS = 300
RECORD_TEXT = 20_000
"""Fields of a row that is shown alone, and characters of each."""
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
    links: The address of all of each row.
    record: All of one row, column by column, where that was asked for.
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
    links: tuple[str, ...] = ()
    record: tuple[tuple[str, Cell], ...] = ()


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
        if value is None or value == "":
            return (2, 0.0, "")
        number = number_in(value)
        return (1, 0.0, str(value)) if number is None else (2, 0.0, "") if math.isnan(number) else (0, number, "")

    keys = [key(place) for place in range(len(rows))]
    full = [place for place in range(len(rows)) if keys[place][0] < 2]
    ordered = sorted(full, key=keys.__getitem__, reverse=descending)
    return ordered + [place for place in range(len(rows)) if keys[place][0] == 2]


def number_in(value: Any) -> float | None:
    """The number that a cell holds, or that its text spells; None for others."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _is_numeric(rows: Sequence[Sequence[Any]], column: int) -> bool:
    """Whether all of a column that is not empty are numbers."""
    values = [row[column] for row in rows if column < len(row) and row[column] not in (None, "")]
    return bool(values) and all(not isinstance(value, bool) and number_in(value) is not None for value in values)


def table_page(
    look: Look,
    names: Sequence[str],
    numbered: Sequence[tuple[int, Sequence[Any]]],
    pages: Pages,
    wanted: Wanted,
    *,
    place: Mapping[str, int] | None = None,
    sortable: bool = True,
    note: str = "",
    whole: str = "",
) -> TablePage:
    """A page of rows, of which some columns are shown; or all of one of these rows, if the address asks for it.

    Parameters
    ----------
    numbered: Rows with their numbers in the table; they have all columns.
    place: The parameters of the address that lead to this page.
    note, whole: Those of the page.

    Raises
    ------
    DoesNotExist: The row that was asked for is not among these.
    """
    width, here = len(names), place or {"row": wanted.first + 1}
    if one := look.number("one"):
        return _record(look, names, dict(numbered), one, pages, here)
    start = min(wanted.column, max(0, width - 1))
    shown = range(start, min(start + MOST_COLUMNS, width))
    most = max(24, min(160, _TEXTS // max(1, len(numbered) * max(1, len(shown)))))
    rows = tuple(
        (number, tuple(shown_cell(row[at] if at < len(row) else None, look, most) for at in shown))
        for number, row in numbered
    )
    values = [row for _, row in numbered]
    return TablePage(
        columns=tuple(
            _head(look, names, at, wanted, numeric=_is_numeric(values, at), sortable=sortable) for at in shown
        ),
        rows=rows,
        pages=pages,
        width=width,
        first_column=start + 1,
        columns_before=look.href(**{**here, "columns": max(1, start + 1 - MOST_COLUMNS)}) if start else "",
        columns_after=look.href(**{**here, "columns": shown.stop + 1}) if shown.stop < width else "",
        links=tuple(look.href(**here, one=number) for number, _ in rows),
        note=note,
        whole=whole,
    )


def _record(
    look: Look, names: Sequence[str], rows: Mapping[int, Sequence[Any]], one: int, pages: Pages, here: Mapping[str, int]
) -> TablePage:
    """All of one row: what cells of a table have no room for."""
    if one not in rows:
        raise DoesNotExist(f"There is no row {one:,} here. Go back to the table.")
    most = max(200, min(RECORD_TEXT, _TEXTS // max(1, len(names))))
    row = [*rows[one], *[None] * (len(names) - len(rows[one]))]
    shown = [(name, value) for name, value in zip(names, row, strict=False) if value is not None][:MOST_FIELDS]
    return TablePage(
        columns=(),
        rows=(),
        pages=Pages(
            first=one,
            last=one,
            total=pages.total,
            start=look.href(**here),
            previous=look.href(**here, one=one - 1) if one - 1 in rows else None,
            next=look.href(**here, one=one + 1) if one + 1 in rows else None,
        ),
        width=len(names),
        first_column=1,
        record=tuple((shortened(printable(name), 200), whole_cell(value, look, most)) for name, value in shown),
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
    one = look.number("one")
    near = range(max(0, one - 2), min(one + 1, len(rows)))  # the row that was asked for, and those beside it
    chosen = near if one else order[wanted.first : wanted.first + size]
    pages = numbered_pages(look, wanted.first, len(chosen), len(rows), size)
    return table_page(look, names, [(place + 1, rows[place]) for place in chosen], pages, wanted, note=note)


def check_column(column: int, width: int) -> None:
    """Refuse a column that a table does not have."""
    if column >= width:
        raise InvalidParameter(f"The table has {width:,} columns; it cannot be sorted by column {column + 1:,}.")


def delimited_table(look: Look) -> TablePage | None:
    """A page of a file of comma-separated or tab-separated rows; None when it is none.

    Small files, and those that were asked for or are to be sorted, are read whole. Others are read from where the
    page begins.

    Raises
    ------
    InvalidParameter: A large file is to be sorted.
    """
    delimiter = DELIMITERS[look.suffix]
    try:
        if look.size <= WHOLE and (look.is_asked_for or look.number("sort")):
            return _loaded_delimited(look, delimiter)
        return _window(look, delimiter)
    except csv.Error:
        return None


def _loaded_delimited(look: Look, delimiter: str) -> TablePage | None:
    text = look.decoded(look.whole()).removeprefix("\ufeff")
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
        place={"at": at, "row": number},
        sortable=False,
        whole=look.href(all=1) if look.size <= WHOLE else "",
    )


def _complete_rows(look: Look, at: int, delimiter: str, most: int) -> tuple[list[list[str]], int]:
    """Rows from a byte on, none of them cut, and the byte behind them."""
    content = look.read(at, _WINDOW)
    encoding = look.encoding or "utf-8"
    text = content.decode("utf-8-sig" if not at and encoding == "utf-8" else encoding, "surrogateescape")
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
    size = marked + sum(len(line.encode(encoding, "surrogateescape")) for line in lines[:used])
    return taken, min(at + size, look.size) if taken else look.size


def _reader(lines: Any, delimiter: str) -> Any:
    return csv.reader(lines, delimiter=delimiter)
