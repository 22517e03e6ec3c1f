"""Where keys and values that a filter may name are read: by seeks in an index, or among the rows of a smaller table."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from runyard.db.conditions import binary, number
from runyard.db.transaction import Prepared, Transaction
from runyard.tracking.runs.ranges import indexed
from runyard.tracking.runs.tables import INDEXED_LENGTH

Column = Callable[[Any, str], sa.ColumnElement[str]]

MAX_SCANNED = 20_000
"""Rows that are looked at where no index has the texts side by side."""
MAX_RUNS_SCANNED = 2_000
"""The same of runs, whose rows are long."""


class Texts(ABC):
    """The texts of a column.

    Parameters
    ----------
    table: Where they are.
    of_key: Whether they are the values of a key.
    """

    def __init__(self, table: sa.Table, *, of_key: bool = False) -> None:
        self.table, self.of_key = table, of_key
        self._found = Prepared(self._statement, *(("key", "begun", "most") if of_key else ("begun", "most")))

    def beginning(self, tx: Transaction, begun: str, most: int, key: str = "") -> list[str]:
        """The first texts that begin with one; of a key, where they are values of keys. Long ones are left out."""
        rows = self._found.rows(tx, *((key, begun, most) if self.of_key else (begun, most)))
        return [text for (text,) in rows if text.startswith(begun) and len(text) < INDEXED_LENGTH]

    def _narrowed(self, chosen: sa.Select[Any], columns: Any) -> sa.Select[Any]:
        return chosen.where(columns.key == sa.bindparam("key", type_=sa.Text)) if self.of_key else chosen

    @abstractmethod
    def _statement(self, dialect: str) -> sa.Select[Any]:
        """Selects up to ``most`` different texts from ``begun`` on, in order; those of ``key``."""


class Seeks(Texts):
    """Each different text is found by a seek behind the one before: for any number of rows.

    Parameters
    ----------
    column: The column as its index has it.
    """

    def __init__(self, table: sa.Table, column: Column, *, of_key: bool = False) -> None:
        self.column = column
        super().__init__(table, of_key=of_key)

    def _statement(self, dialect: str) -> sa.Select[Any]:
        def first(bound: Callable[[sa.ColumnElement[str]], sa.ColumnElement[bool]]) -> sa.Select[Any]:
            rows = self.table.alias()
            text = self.column(rows.c, dialect)
            chosen = sa.select(text).where(bound(text)).order_by(text).limit(sa.literal_column("1"))
            return self._narrowed(chosen, rows.c)

        begun = sa.bindparam("begun", type_=sa.Text)
        begins = first(lambda text: text >= begun).scalar_subquery().label("text")
        found = sa.select(begins).cte("found", recursive=True)
        following = first(lambda text: text > found.c.text).correlate(found).scalar_subquery()
        found = found.union_all(sa.select(following).where(found.c.text.is_not(None)))
        return sa.select(found.c.text).where(found.c.text.is_not(None)).limit(sa.bindparam("most", type_=sa.Integer))


class Rows(Texts):
    """They are found among the rows, of which a bounded number is looked at; the newest, where rows are numbered.

    Parameters
    ----------
    name: The column.
    scanned: Number of rows that are looked at.
    """

    def __init__(self, table: sa.Table, name: str, *, of_key: bool = False, scanned: int = MAX_SCANNED) -> None:
        self.name, self.scanned = name, scanned
        super().__init__(table, of_key=of_key)

    def _statement(self, dialect: str) -> sa.Select[Any]:
        columns = self.table.c
        chosen = self._narrowed(sa.select(columns[self.name].label("text")).limit(number(self.scanned)), columns)
        if "id" in columns:
            chosen = chosen.order_by(columns.id.desc())
        text = binary(chosen.subquery().c.text, dialect)
        begun, most = sa.bindparam("begun", type_=sa.Text), sa.bindparam("most", type_=sa.Integer)
        return sa.select(text).distinct().where(text >= begun, text != "").order_by(text).limit(most)


def value_of(columns: Any, dialect: str) -> sa.ColumnElement[str]:
    """The indexed part of a value."""
    return indexed(columns.value, dialect)
