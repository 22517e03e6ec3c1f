"""The open transaction an operation works in, and statements prepared for the hot path."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import CursorResult

from runyard.core.clock import now_ms


@dataclass(frozen=True)
class StoreSettings:
    """What operations must know besides the database.

    Attributes
    ----------
    artifact_root: Where artifacts of new experiments go, a URI or an absolute path; the experiment's id is appended.
    artifact_folders: Folders of this machine the process may read artifacts from.
    """

    artifact_root: str
    artifact_folders: tuple[str, ...] = ()


@dataclass
class Transaction:
    """One transaction. Whoever uses it never commits: the gate does.

    Attributes
    ----------
    connection: The SQLAlchemy connection, inside a transaction.
    settings: The store's settings.
    now_ms: The time of the transaction, milliseconds since the epoch.
    """

    connection: sa.Connection
    settings: StoreSettings
    now_ms: int = field(default_factory=now_ms)

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.connection.dialect.name

    def execute(self, statement: sa.Executable, parameters: Any = None) -> CursorResult[Any]:
        """Execute a Core statement."""
        return self.connection.execute(statement, parameters)  # type: ignore[return-value]

    def scalar(self, statement: sa.Executable) -> Any:
        """The first column of the first row, or None."""
        return self.connection.execute(statement).scalar()


class Prepared:
    """A Core statement compiled once per database and run on the driver's cursor, with values by position.

    Core's own execution costs 50 to 90 microseconds more a statement, which the hot path cannot spare.

    Parameters
    ----------
    statement: A statement whose bind parameters all have names.
    order: Those names, in the order callers give the values.
    """

    def __init__(self, statement: sa.Executable, *order: str) -> None:
        self._statement = statement
        self._order = order
        self._compiled: dict[str, tuple[str, tuple[int, ...]]] = {}

    def _sql(self, tx: Transaction) -> tuple[str, tuple[int, ...]]:
        known = self._compiled.get(tx.dialect)
        if known is None:
            paramstyle = "qmark" if tx.dialect == "sqlite" else "format"
            dialect = type(tx.connection.dialect)(paramstyle=paramstyle)  # type: ignore[call-arg]
            compiled = self._statement.compile(dialect=dialect)  # type: ignore[attr-defined]
            places = tuple(self._order.index(name) for name in compiled.positiontup or ())
            known = self._compiled[tx.dialect] = (str(compiled), places)
        return known

    def run(self, tx: Transaction, *values: Any) -> Any:
        """Execute it; returns the driver's cursor."""
        sql, places = self._sql(tx)
        cursor = tx.connection.connection.cursor()
        cursor.execute(sql, [values[place] for place in places])
        return cursor

    def row(self, tx: Transaction, *values: Any) -> tuple[Any, ...] | None:
        """The first row, or None."""
        row: tuple[Any, ...] | None = self.run(tx, *values).fetchone()
        return row

    def rows(self, tx: Transaction, *values: Any) -> list[tuple[Any, ...]]:
        """All rows."""
        rows: list[tuple[Any, ...]] = self.run(tx, *values).fetchall()
        return rows

    def run_many(self, tx: Transaction, rows: Iterable[Sequence[Any]]) -> None:
        """Execute it once for each row of values."""
        sql, places = self._sql(tx)
        cursor = tx.connection.connection.cursor()
        identity = places == tuple(range(len(self._order)))
        cursor.executemany(sql, list(rows) if identity else [[row[place] for place in places] for row in rows])
