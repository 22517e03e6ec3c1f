"""Two tables of artifacts laid over each other: row by row, or by the values of a column."""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal

from runyard.artifacts.parquet import parquet_page
from runyard.ui.parts.previews.cells import text_of

MAX_ROWS = 2_000
"""Rows of each table that are compared."""
MAX_COLUMNS = 40
MAX_CELLS = 700
"""Cells of two tables that are shown."""

Row = tuple[str, ...]


@dataclass(frozen=True)
class Rows:
    """The head and the rows of a table, or of its beginning where it is `cut`."""

    header: Row
    rows: list[Row]
    cut: bool = False


@dataclass(frozen=True)
class TableCell:
    """A cell of two tables: one text where they agree."""

    old: str
    new: str

    @property
    def differs(self) -> bool:
        """Whether the tables do not agree."""
        return self.old != self.new


@dataclass(frozen=True)
class TableRow:
    """A row of two tables.

    Attributes
    ----------
    label: Its number, from 1, in the old table where it has it, else in the new one.
    side: ``old`` or ``new`` where only that table has it; empty for both.
    """

    label: int
    cells: tuple[TableCell, ...]
    side: Literal["", "old", "new"] = ""

    @property
    def differs(self) -> bool:
        """Whether the tables do not agree on it."""
        return self.side != "" or any(cell.differs for cell in self.cells)


@dataclass(frozen=True)
class TableDifference:
    """Two tables laid over each other.

    Attributes
    ----------
    columns: The columns by whose values rows can be matched.
    key: The one they are matched by; empty for the numbers of the rows.
    changed, removed, added: How many rows differ, are only in the old table, and only in the new one.
    hidden: How many rows are not shown.
    rows_cut: Only the first rows of a table were looked at.
    more_columns: How many columns are not compared.
    """

    header: Row
    rows: tuple[TableRow, ...]
    columns: Row
    key: str
    changed: int
    removed: int
    added: int
    hidden: int
    rows_cut: bool
    more_columns: int


def delimited_rows(text: str, delimiter: str, *, cut: bool) -> Rows | None:
    """The rows of comma-separated or tab-separated text; None where it is none."""
    try:
        header, *rows = (tuple(row) for row in csv.reader(io.StringIO(text), delimiter=delimiter))
    except (csv.Error, ValueError):
        return None
    return Rows(header, [row for row in rows if row], cut)


def logged_rows(document: Any) -> Rows:
    """The rows of a table that ``log_table`` stored."""

    def texts(values: Sequence[Any]) -> Row:
        return tuple(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values)

    return Rows(texts(document["columns"]), [texts(row) for row in document["data"]])


def parquet_rows(place: str, path: str) -> Rows:
    """The first rows of a Parquet file, cells up to 400 characters.

    Parameters
    ----------
    place: The place that holds it.
    path: Its path there.

    Raises
    ------
    MissingPackage: pyarrow is not installed.
    InvalidParameter: It cannot be read.
    """
    found = parquet_page(place, path, first=0, count=MAX_ROWS, column=0, columns=MAX_COLUMNS)
    header = (*found["names"], *[f"column {at + 1}" for at in range(len(found["names"]), found["width"])])
    rows = [tuple(map(text_of, row[1:])) for row in found["rows"]]
    return Rows(header, rows, cut=found["total"] > len(rows))


def laid_over(old: Rows, new: Rows, *, key: str, only: bool) -> TableDifference:
    """Two tables, compared cell by cell.

    Parameters
    ----------
    key: The column by whose values rows are matched, the first with the first of the same value; any other text for
        the numbers of the rows.
    only: Leave out rows that agree.
    """
    every = tuple(dict.fromkeys((*old.header, *new.header)))
    header = every[:MAX_COLUMNS]
    columns = tuple(name for name in header if name in old.header and name in new.header)
    key = key if key in columns else ""
    kept = [table.rows[:MAX_ROWS] for table in (old, new)]
    pairs = _by_key(old, new, key, kept) if key else _by_number(kept)
    read = [_reader(table.header, header) for table in (old, new)]
    rows = [_row(pair, kept, read) for pair in pairs]
    sides = Counter(row.side for row in rows if row.differs)
    wanted = [row for row in rows if row.differs] if only else rows
    shown = wanted[: max(1, MAX_CELLS // (len(header) + 2))]
    return TableDifference(
        header=header,
        rows=tuple(shown),
        columns=columns,
        key=key,
        changed=sides[""],
        removed=sides["old"],
        added=sides["new"],
        hidden=len(wanted) - len(shown),
        rows_cut=any(table.cut or len(table.rows) > MAX_ROWS for table in (old, new)),
        more_columns=len(every) - len(header),
    )


Pair = tuple[int | None, int | None]


def _by_number(kept: Sequence[list[Row]]) -> list[Pair]:
    return list(zip_longest(range(len(kept[0])), range(len(kept[1]))))


def _by_key(old: Rows, new: Rows, key: str, kept: Sequence[list[Row]]) -> list[Pair]:
    """Places of rows with the same value, in the order of the old table; those that only the new one has come last."""
    found = [_places(rows, table.header.index(key)) for rows, table in zip(kept, (old, new), strict=True)]
    left = dict(found[1])
    pairs: list[Pair] = [(place, left.pop(name, None)) for name, place in found[0].items()]
    return [*pairs, *((None, place) for place in left.values())]


def _places(rows: Sequence[Row], column: int) -> dict[tuple[str, int], int]:
    """The place of each row by its value and how many have had it before."""
    seen, places = Counter[str](), dict[tuple[str, int], int]()
    for place, row in enumerate(rows):
        value = row[column] if column < len(row) else ""
        places[value, seen[value]] = place
        seen[value] += 1
    return places


def _row(pair: Pair, kept: Sequence[list[Row]], read: Sequence[Callable[[Row | None], Iterator[str]]]) -> TableRow:
    before, after = pair
    texts = [list(read[side](None if at is None else kept[side][at])) for side, at in enumerate(pair)]
    label = 1 + (before if before is not None else after or 0)
    if before is None or after is None:
        present = texts[0 if after is None else 1]
        return TableRow(label, tuple(TableCell(text, text) for text in present), "old" if after is None else "new")
    return TableRow(label, tuple(map(TableCell, *texts)))


def _reader(columns: Sequence[str], header: Sequence[str]) -> Callable[[Row | None], Iterator[str]]:
    places = {name: place for place, name in reversed(list(enumerate(columns)))}

    def cells(row: Row | None) -> Iterator[str]:
        for name in header:
            place = places.get(name)
            yield row[place] if row is not None and place is not None and place < len(row) else ""

    return cells
