"""Small pieces of SQL that differ between the databases."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from runyard.db.transaction import Transaction


def one_of(tx: Transaction, column: sa.ColumnElement[Any], numbers: Sequence[int]) -> sa.ColumnElement[bool]:
    """Whether the column is one of these numbers. A single bound value: databases limit their number."""
    return one_of_values(tx.dialect, column, numbers)


def one_of_values(dialect: str, column: sa.ColumnElement[Any], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Whether the column is one of these values of its own type. One bound value, as with `one_of`."""
    if dialect == "sqlite":
        listed = sa.func.json_each(orjson.dumps(list(values)).decode()).table_valued("value")
        return column.in_(sa.select(listed.c.value))
    return column == sa.any_(sa.literal(list(values), sa.ARRAY(column.type)))


VALUES = "values"
"""Name of the parameter of `among`."""


def among(dialect: str, column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """`one_of_values` for prepared statements: the values are bound later, as `bound` makes them."""
    if dialect == "sqlite":
        listed = sa.func.json_each(sa.bindparam(VALUES, type_=sa.Text)).table_valued("value")
        return column.in_(sa.select(listed.c.value))
    return column == sa.any_(sa.bindparam(VALUES, type_=sa.ARRAY(column.type)))


def bound(tx: Transaction, values: Sequence[int] | Sequence[str]) -> Any:
    """Values as that of `among`'s parameter."""
    return orjson.dumps(list(values)).decode() if tx.dialect == "sqlite" else list(values)


def upsert(tx: Transaction, table: sa.Table) -> Any:
    """An INSERT that takes ON CONFLICT clauses, in the database's dialect."""
    return (sqlite_insert if tx.dialect == "sqlite" else postgresql_insert)(table)


def execute_arrays(tx: Transaction, sql: str, rows: Iterable[Sequence[Any]]) -> Any:
    """Execute a statement of PostgreSQL that takes rows as an array for each column; returns the driver's cursor."""
    cursor = tx.new_cursor()
    cursor.execute(sql, [list(column) for column in zip(*rows, strict=True)])
    return cursor
