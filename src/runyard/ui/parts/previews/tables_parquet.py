"""Parquet files as tables by pages."""

from runyard.artifacts.parquet import CUT, parquet_page
from runyard.ui.parts.format import count
from runyard.ui.parts.previews.look import Look
from runyard.ui.parts.previews.tables import (
    MOST_COLUMNS,
    MOST_ROWS,
    RECORD_TEXT,
    TablePage,
    Wanted,
    numbered_pages,
    rows_of_a_page,
    table_page,
)


def parquet_table(look: Look) -> TablePage:
    """A page of a Parquet file: only the groups of rows that hold it are read.

    Raises
    ------
    MissingPackage: pyarrow is not installed.
    InvalidParameter: It cannot be read, or not be sorted.
    """
    wanted = Wanted.of(look)
    place, path = look.place
    one = look.number("one")
    found = parquet_page(
        place,
        path,
        first=max(0, one - 2) if one else wanted.first,
        count=3 if one else MOST_ROWS,
        cut=RECORD_TEXT if one else CUT,
        column=wanted.column,
        columns=MOST_COLUMNS,
        sort=None if one else wanted.sort,
        descending=wanted.descending,
    )
    size = rows_of_a_page(found["width"])
    before, after = wanted.column, max(0, found["width"] - wanted.column - len(found["names"]))
    names = ["…"] * before + found["names"] + ["…"] * after
    rows = [(row[0], [None] * before + row[1:]) for row in found["rows"][:size]]
    pages = numbered_pages(look, wanted.first, len(rows), found["total"], size)
    groups = f"{count(found['groups'])} groups of rows" if found["groups"] > 1 else ""
    return table_page(look, names, rows, pages, wanted, note=groups)
