"""The schema version of this program, and the check of a database's version."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import sqlalchemy as sa

from runyard.db.engine import Engines
from runyard.db.facts import UNFILLED, fact, forget_fact, note_fact
from runyard.db.metadata import metadata
from runyard.db.transaction import StoreSettings, Transaction
from runyard.exceptions import Conflict

HEAD = "0022"
"""Revision of the newest migration; a test compares it with migrations/versions."""

_LOCK = 0x52554E59  # "RUNY": the PostgreSQL advisory lock that one process at a time creates the schema under

version = sa.table("alembic_version", sa.column("version_num"))

Filler = Callable[[Transaction], None]
_fillers: list[Filler] = []


def fills_new_schema(filler: Filler) -> Filler:
    """Declare a function that puts the first rows into a new database, in the transaction that creates the tables."""
    _fillers.append(filler)
    return filler


class SchemaOutdated(Conflict):
    """The database was made by another version of Runyard, or by another program."""


def ensure_schema(engines: Engines, settings: StoreSettings) -> None:
    """Create the schema in an empty database; leave a current one; refuse any other.

    Safe when several processes start on the same empty database together.

    Raises
    ------
    SchemaOutdated: The schema is older or newer than this program, or not ours; nothing was touched.
    """
    with engines.reading.connect() as connection:
        found = found_version(connection)
    if found is None:
        with engines.writing.begin() as connection:
            lock_schema(connection)
            found = found_version(connection)
            if found is None:
                _create(connection, settings)
                return
    if found == HEAD:
        _fill_if_unfilled(engines, settings)
    else:
        raise SchemaOutdated(
            f"The database has schema version {found!r} and this program needs {HEAD!r}. "
            "Stop every server that uses it, back it up, then run: runyard db upgrade <database URI>"
        )


def note_if_unfilled(connection: sa.Connection) -> None:
    """Note that the tables hold nothing, if that is so: the first who opens the database fills them."""
    if connection.execute(sa.text("SELECT 1 FROM experiments LIMIT 1")).first() is None:
        note_fact(Transaction(connection, StoreSettings("")), UNFILLED, HEAD)


def _fill_if_unfilled(engines: Engines, settings: StoreSettings) -> None:
    with engines.reading.begin() as connection:
        if fact(Transaction(connection, settings), UNFILLED) is None:
            return
    with engines.writing.begin() as connection:
        lock_schema(connection)
        tx = Transaction(connection, settings)
        if fact(tx, UNFILLED) is not None:
            fill(connection, settings)
            forget_fact(tx, UNFILLED)


def lock_schema(connection: sa.Connection) -> None:
    """Let no other process create or change the schema until the transaction ends. SQLite has its own lock for that."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


@contextmanager
def schema_locked(connection: sa.Connection) -> Iterator[None]:
    """Let no other process create or change the schema: on SQLite in a transaction, on PostgreSQL without one."""
    if connection.dialect.name != "postgresql":
        with connection.begin():
            yield
        return
    # An index that the holder of the lock makes beside running writers waits for every transaction that is open. So
    # the others wait without one: they ask again and again.
    while not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_LOCK))):
        connection.commit()
        time.sleep(0.1)
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(sa.select(sa.func.pg_advisory_unlock(_LOCK)))
        connection.commit()


def found_version(connection: sa.Connection) -> str | None:
    """The version noted in the database; None when it has no tables at all.

    Raises
    ------
    SchemaOutdated: It has tables that are not ours.
    """
    names = sa.inspect(connection).get_table_names()
    if "alembic_version" in names:
        found = connection.execute(sa.select(version.c.version_num)).scalar()
        if "metric_series" not in names:
            raise SchemaOutdated("The database belongs to another program. Give Runyard a database of its own.")
        return str(found)
    if names:
        raise SchemaOutdated("The database holds tables of another program. Give Runyard a database of its own.")
    return None


def _create(connection: sa.Connection, settings: StoreSettings) -> None:
    statements = _statements(connection.dialect.name, connection.dialect.driver)
    if connection.dialect.name == "sqlite":
        driver = connection.connection.cursor()  # without detours that take longer than the tables
        for statement in statements:  # it takes one at a time
            driver.execute(statement)
        driver.close()
    else:
        connection.exec_driver_sql(";".join(statements))
    fill(connection, settings)


@cache
def _statements(dialect: str, driver: str) -> tuple[str, ...]:
    """What creates all tables of an empty database, and notes the version. Compiled once: to execute it is faster."""
    found: list[str] = []

    def note(statement: Any, *_: Any) -> None:
        found.append(str(statement.compile(dialect=engine.dialect)))

    engine = sa.create_mock_engine(f"{dialect}+{driver}://", note)
    metadata.create_all(engine, checkfirst=False)
    noted = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"
    return (*found, noted, f"INSERT INTO alembic_version VALUES ('{HEAD}')")


def fill(connection: sa.Connection, settings: StoreSettings) -> None:
    """Put the first rows into empty tables."""
    tx = Transaction(connection, settings)
    for filler in _fillers:
        filler(tx)
