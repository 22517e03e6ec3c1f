"""Tables of two runs, cell by cell."""

from runyard.ui.parts.compare_tables import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, Rows, TableDifference, laid_over


def rows_of(found: TableDifference) -> list[tuple[int, str, list[str]]]:
    """Number, side, and the cells; those that differ with both texts."""
    return [
        (row.label, row.side, [f"{cell.old}>{cell.new}" if cell.differs else cell.old for cell in row.cells])
        for row in found.rows
    ]


OLD = Rows(("id", "score"), [("a", "1"), ("b", "2"), ("c", "3"), ("b", "4")])
NEW = Rows(("id", "score", "more"), [("c", "3", ""), ("b", "2", "x"), ("d", "9", ""), ("b", "5", "")])


def test_rows_are_matched_by_their_number() -> None:
    """As they stand in the files; what only one table has is told from what differs."""
    found = laid_over(OLD, Rows(NEW.header, NEW.rows[:3]), key="", only=True)

    assert [
        (1, "", ["a>c", "1>3", ""]),
        (2, "", ["b", "2", ">x"]),
        (3, "", ["c>d", "3>9", ""]),
        (4, "old", ["b", "4", ""]),
    ] == rows_of(found)
    assert (3, 1, 0, ("id", "score")) == (found.changed, found.removed, found.added, found.columns)


def test_rows_are_matched_by_the_values_of_a_column() -> None:
    """Another order makes no difference; of the same value the first is compared with the first."""
    found = laid_over(OLD, NEW, key="id", only=False)

    assert [
        (1, "old", ["a", "1", ""]),
        (2, "", ["b", "2", ">x"]),
        (3, "", ["c", "3", ""]),
        (4, "", ["b", "4>5", ""]),
        (3, "new", ["d", "9", ""]),
    ] == rows_of(found)
    assert (2, 1, 1, "id") == (found.changed, found.removed, found.added, found.key)
    assert "" == laid_over(OLD, NEW, key="more", only=True).key


def test_long_and_wide_tables_are_bounded() -> None:
    """As many rows are compared, and as many cells shown, as a page takes; it says what is left out."""
    wide = [Rows(tuple(f"c{at}" for at in range(60)), [(str(way),) * 60] * (MAX_ROWS + 5)) for way in range(2)]

    found = laid_over(wide[0], wide[1], key="", only=True)

    assert (MAX_COLUMNS, 20, MAX_ROWS) == (len(found.header), found.more_columns, found.changed)
    assert found.rows_cut
    assert MAX_CELLS >= len(found.rows) * len(found.header)
    assert MAX_ROWS == len(found.rows) + found.hidden
    assert not laid_over(OLD, NEW, key="", only=True).rows_cut
