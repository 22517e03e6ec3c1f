"""Rows read column by column: one at a time, the driver of SQLite takes a third longer to hand over a thousand."""

import sqlite3
from typing import Any

import msgspec
import orjson
import sqlalchemy as sa

from runyard.db.transaction import Prepared, Transaction

_GATHER = "runyard_gather"
_encode, _decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder().decode


def prepare_gathering(connection: sqlite3.Connection) -> None:
    """Make known to a connection how values are gathered that JSON of SQLite would round."""
    connection.create_aggregate(_GATHER, 1, _Values)  # type: ignore[arg-type]  # mypy takes `step` for a method


class _Values:
    """Collects the values of a column."""

    def __init__(self) -> None:
        values = list[Any]()
        self.step, self._values = values.append, values

    def finalize(self) -> bytes:
        return _encode(self._values)


class PreparedColumns:
    """A prepared statement that returns columns instead of rows.

    Parameters
    ----------
    statement: Selects columns that are never null. Those of whole numbers have such a type.
    order: The names of its bind parameters, in the order callers give the values.
    """

    def __init__(self, statement: sa.Select[Any], *order: str) -> None:
        self._width = len(statement.selected_columns)
        self.prepared = Prepared(lambda dialect: _in_one_row(statement) if dialect == "sqlite" else statement, *order)

    def columns(self, tx: Transaction, *values: Any) -> list[list[Any]]:
        """All values of each column, in the order of the rows."""
        if tx.dialect != "sqlite":
            return [list(column) for column in zip(*self.prepared.rows(tx, *values), strict=True)] or self._none()
        row = self.prepared.row(tx, *values) or ()
        return [_decode(text) if type(text) is bytes else orjson.loads(text or "[]") for text in row]

    def _none(self) -> list[list[Any]]:
        return [[] for _ in range(self._width)]


def _in_one_row(statement: sa.Select[Any]) -> sa.Select[Any]:
    rows = statement.subquery()
    return sa.select(
        *(
            (sa.func.json_group_array if isinstance(column.type, sa.Integer) else getattr(sa.func, _GATHER))(column)
            for column in rows.c
        )
    )
