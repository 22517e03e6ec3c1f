"""The open transaction an operation works in, and statements prepared for the hot path."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import CursorResult

from runyard.core.clock import now_ms


@dataclass(frozen=True)
class StoreSettings:
    """Settings of the store that operations need.

    Attributes
    ----------
    artifact_root: Where artifacts of new experiments go, a URI or an absolute path; the experiment's id is appended.
    artifact_places: Folders, and places in S3, that the process may read artifacts from; the first is behind
        ``mlflow-artifacts:``.
    local_callers: Whether only processes of this machine's user use the store. They may use any folder.
    """

    artifact_root: str
    artifact_places: tuple[str, ...] = ()
    local_callers: bool = False


Chore = Callable[["Transaction"], bool]
"""A piece of work in a transaction of its own; returns whether there is more to do."""


@dataclass
class Transaction:
    """One transaction. Operations never commit: the gate does.

    Attributes
    ----------
    connection: The SQLAlchemy connection, inside a transaction.
    settings: The store's settings.
    now_ms: The time of the transaction, milliseconds since the epoch.
    chores: What a read leaves to the writer, by name: done afterwards, a piece at a time, or never.
    """

    connection: sa.Connection
    settings: StoreSettings
    now_ms: int = field(default_factory=now_ms)
    chores: dict[Any, Chore] = field(default_factory=dict)

    def __post_init__(self) -> None:
        driver: Any = self.connection.connection.dbapi_connection
        self.dialect: str = self.connection.dialect.name
        """``sqlite`` or ``postgresql``."""
        self.new_cursor: Callable[[], Any] = driver.cursor
        """Makes a cursor of the driver, for statements that bypass Core."""

    def execute(self, statement: sa.Executable, parameters: Any = None) -> "CursorResult[*tuple[Any, ...]]":
        """Execute a Core statement."""
        return self.connection.execute(statement, parameters)

    def tuples(self, statement: sa.Executable, parameters: Any = None) -> list[tuple[Any, ...]]:
        """All rows as the driver has them: of thousands, Core's own rows take four times as long.

        For columns whose values both drivers give as they are: whole numbers, doubles and texts.
        """
        result = self.connection.execute(statement, parameters)
        cursor: Any = result.cursor
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        result.close()
        return rows

    def scalar(self, statement: sa.Executable) -> Any:
        """The first column of the first row, or None."""
        return self.connection.execute(statement).scalar()


class Prepared:
    """A Core statement compiled once per database and run on the driver's cursor, with values by position.

    Core's own execution takes 50 to 90 microseconds more, too much for the hot path.

    Parameters
    ----------
    statement: A statement whose bind parameters all have names, or a function that makes it for a database.
    order: Those names, in the order callers give the values.
    """

    def __init__(self, statement: sa.Executable | Callable[[str], sa.Executable], *order: str) -> None:
        self._statement: Any = statement
        self._order = order
        self._compiled: dict[str, tuple[str, Callable[[Sequence[Any]], Sequence[Any]] | None]] = {}

    def _sql(self, tx: Transaction) -> tuple[str, Callable[[Sequence[Any]], Sequence[Any]] | None]:
        known = self._compiled.get(tx.dialect)
        if known is None:
            paramstyle = "qmark" if tx.dialect == "sqlite" else "format"
            dialect = type(tx.connection.dialect)(paramstyle=paramstyle)  # type: ignore[call-arg]
            made = self._statement(tx.dialect) if callable(self._statement) else self._statement
            compiled = made.compile(dialect=dialect)
            arrange = _arranger(self._order, list(compiled.positiontup or ()), dict(compiled.params))
            known = self._compiled[tx.dialect] = (str(compiled), arrange)
        return known

    def run(self, tx: Transaction, *values: Any) -> Any:
        """Execute it; returns the driver's cursor."""
        sql, arrange = self._sql(tx)
        cursor = tx.new_cursor()
        cursor.execute(sql, values if arrange is None else arrange(values))
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
        sql, arrange = self._sql(tx)
        tx.new_cursor().executemany(sql, rows if arrange is None else map(arrange, rows))


def _arranger(
    given: Sequence[str], wanted: Sequence[str], constants: dict[str, Any]
) -> Callable[[Sequence[Any]], Sequence[Any]] | None:
    """A function from the values callers give to the values a compiled statement takes; None where they are the same.

    A dialect may add parameters of its own, such as SQLite's OFFSET; those are constants.
    """
    if list(wanted) == list(given):
        return None
    added = [constants[name] for name in wanted if name not in given]
    names = [*given, *(name for name in wanted if name not in given)]
    places = [names.index(name) for name in wanted]

    def arrange(values: Sequence[Any]) -> Sequence[Any]:
        every = [*values, *added]
        return [every[place] for place in places]

    return arrange
