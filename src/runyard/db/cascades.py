"""Removes rows with all that refers to them, a statement a table, as the database's foreign keys would.

SQLite looks into every table that may refer to a row when it removes one: half of the time that it takes to remove
runs. So a transaction may go without its foreign keys (`Unfinished.cascades`) where these statements remove all.
"""

from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from runyard.db.dialects import VALUES, among
from runyard.db.metadata import metadata
from runyard.db.transaction import Prepared, Transaction

CASCADE = "CASCADE"
_foreign_keys = Prepared(
    sa.text(
        'SELECT child.name, key."from", key."table", key."to", key.on_delete '
        "FROM sqlite_master AS child, pragma_foreign_key_list(child.name) AS key WHERE child.type = 'table'"
    )
)


class Removal:
    """Removes rows of a table, given their numbers.

    Parameters
    ----------
    column: What has the numbers.
    """

    def __init__(self, column: sa.Column[Any]) -> None:
        self._tables = {column.table.name}
        self._known: set[tuple[Any, ...]] = set()
        self.statements: list[Prepared] = list(self._of(column.table, lambda dialect: among(dialect, column), column))
        """They take the numbers as `bound` makes them; the last removes the rows themselves."""

    def _of(
        self, table: sa.Table, chosen: Callable[[str], sa.ColumnElement[bool]], column: sa.Column[Any] | None = None
    ) -> Iterator[Prepared]:
        for child in metadata.sorted_tables:
            for key in child.foreign_keys:
                if key.column.table is table:
                    self._tables.add(child.name)
                    self._known.add((child.name, key.parent.name, table.name, key.column.name, CASCADE))
                    yield from self._of(child, _referring(key, chosen, column))
        yield Prepared(lambda dialect: sa.delete(table).where(chosen(dialect)), VALUES)

    def is_complete(self, tx: Transaction) -> bool:
        """Whether the statements remove all that refers to the rows; a later version may have added tables."""
        found = {row for row in map(tuple, _foreign_keys.rows(tx)) if row[2] in self._tables}
        return found == self._known


def _referring(
    key: sa.ForeignKey, chosen: Callable[[str], sa.ColumnElement[bool]], column: sa.Column[Any] | None
) -> Callable[[str], sa.ColumnElement[bool]]:
    """Whether a row refers to one that is chosen."""
    if key.column is column:
        return lambda dialect: among(dialect, key.parent)
    return lambda dialect: key.parent.in_(sa.select(key.column).where(chosen(dialect)))
