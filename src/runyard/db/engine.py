"""Engines: how a database is opened, for reading and for writing."""

import errno
import math
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from runyard.core.credentials import without_credentials
from runyard.core.libraries import required
from runyard.core.store_address import SQLITE, is_database, spelled, sqlite_file, sqlite_options
from runyard.db.gathering import prepare_gathering
from runyard.db.log_room import LogRoom
from runyard.db.turns import Turns
from runyard.exceptions import DoesNotExist, InvalidParameter, PermissionDenied, Unavailable
from runyard.search.regex import matches

BUSY_TIMEOUT_MS = 30_000
READERS = 8
POOL_SECONDS = 0.5
"""How long a read waits for a connection. The gate lets fewer ask than there are: something else has them."""
_LOG, _LOG_FILE, _TURNS, _ROOM, _BEGIN = "write_ahead_log", "write_ahead_log_file", "turns", "room", "begin"
_RETURNED = "returned"
WRITERS = 2
"""Connections for writing: the writer's own, and one for writes that another transaction is in the way of."""
IDLE_SECONDS = 1.0
"""After this time a connection to PostgreSQL must answer before it is used again."""
CONNECT_SECONDS = 10
"""Seconds PostgreSQL may take to accept a connection, unless its address sets a time."""


@dataclass(frozen=True)
class Engines:
    """The two ways into one database.

    Attributes
    ----------
    reading: Connections whose transactions see one state of the database and change nothing.
    writing: Connections whose transactions change it; on SQLite they take the write lock when they begin.
    """

    reading: Engine
    writing: Engine

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.writing.dialect.name

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.reading.dispose()
        self.writing.dispose()


def open_engines(uri: str) -> Engines:
    """Open the database a URI names.

    Raises
    ------
    InvalidParameter: The URI is malformed or names a database Runyard does not speak.
    MissingPackage: PostgreSQL is asked for and its driver is not installed.
    """
    url = parse_uri(uri)
    return _sqlite_engines(url) if url.get_backend_name() == "sqlite" else _postgresql_engines(url)


def connections_in_use(engine: Engine) -> int:
    """How many of an engine's connections are lent."""
    return engine.pool.checkedout() if isinstance(engine.pool, sa.QueuePool) else 0


def parse_uri(uri: str) -> URL:
    """The URI with the driver we use: ``sqlite:///file.db``, ``postgresql://user@host/name``."""
    store = spelled(uri)
    file = sqlite_file(store)
    try:
        if file is not None:  # named to the letter: %20 in the name of a file is not a space
            options = make_url(f"{SQLITE}{sqlite_options(store)}").query
            return URL.create("sqlite", database=str(file), query=options)
        if is_database(store):
            return make_url(store).set(drivername="postgresql+psycopg")
    except (ArgumentError, NoSuchModuleError, ValueError):
        pass  # its text may hold the password
    shown = without_credentials(store)
    raise InvalidParameter(
        f"{shown!r} is not an address of a database. Use sqlite:///file.db or postgresql://user@host/name."
    )


def require_database(uri: str) -> None:
    """Check that a SQLite database exists: opening a missing one would create an empty one.

    Raises
    ------
    DoesNotExist: There is no such file.
    InvalidParameter: The URI is malformed or names a database Runyard does not speak.
    """
    url = parse_uri(uri)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).is_file():
        raise DoesNotExist(f"There is no database at {url.database}. Check the address {uri}.")


def _sqlite_engines(url: URL) -> Engines:
    path = Path(str(url.database))
    try:
        present = _presence(path, _made(path))
    except OSError as problem:
        raise PermissionDenied(
            f"The database {path} cannot be opened: {problem.strerror or problem}. Correct its path or its permissions."
        ) from None
    reading = sa.create_engine(url, pool_size=READERS, max_overflow=0, pool_timeout=POOL_SECONDS, pool_use_lifo=True)
    writing = sa.create_engine(url, pool_size=WRITERS, max_overflow=0, pool_timeout=60)
    for engine, begin in ((reading, _begin_read), (writing, _begin_write)):
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "connect", _noting_log_of(path))
        sa.event.listen(engine, "connect", _noting_begin(begin, present))
        sa.event.listen(engine, "begin", _begun)
    sa.event.listen(writing, "close", _close_files)
    sa.event.listen(reading, "connect", lambda connection, _: connection.execute("PRAGMA query_only = ON"))
    return Engines(reading, writing)


def _made(path: Path) -> os.stat_result:
    """Make the file of a database if there is none; others on the machine may not read it.

    One that is there is not opened: this process may use it already, by another address, and would lose its locks on
    it when the file is closed again.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path.resolve(), os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    if not os.access(path, os.R_OK | os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return path.stat()


def _noting_begin(begin: Callable[[sqlite3.Connection, Any], None], present: Callable[[], None]) -> Any:
    def note(driver: sqlite3.Connection, record: Any) -> None:
        info = record.info

        def begun() -> None:
            present()
            info[_LOG]()
            begin(driver, info)

        info[_BEGIN] = begun

    return note


def _begun(connection: sa.Connection) -> None:
    if not connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]  # else `Lent` began it
        connection.info[_BEGIN]()


def _begin_read(driver: sqlite3.Connection, _info: Any) -> None:
    driver.execute("BEGIN")  # without the detour by SQLAlchemy, which costs as much as a small query


def _begin_write(driver: sqlite3.Connection, info: Any) -> None:
    if _TURNS not in info:
        info[_TURNS], info[_ROOM] = Turns(info[_LOG_FILE], BUSY_TIMEOUT_MS), LogRoom(info[_LOG_FILE])
        driver.execute("PRAGMA busy_timeout = 0")
    info[_TURNS].begin(driver)
    info[_ROOM].keep()


class Lent:
    """A connection for writing that is kept for one transaction after another.

    SQLAlchemy's own beginning and end take as long as a small write: on SQLite it takes part in a transaction when a
    statement of Core is the first to be executed in it, not before.

    Parameters
    ----------
    connection: On which no transaction has begun.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self._begin: Callable[[], None] = connection.info.get(_BEGIN, connection.begin)
        self._driver: Any = connection.connection.dbapi_connection
        self._cascades = True

    def begin(self, *, cascades: bool = True) -> None:
        """Begin a transaction.

        Parameters
        ----------
        cascades: Whether SQLite's foreign keys hold in it.
        """
        if cascades is not self._cascades:
            self._switch(cascades)
        self._begin()

    def _switch(self, cascades: bool) -> None:
        if self.connection.dialect.name == "sqlite":
            self._cascades = False  # until they surely hold
            self._driver.execute(f"PRAGMA foreign_keys = {'ON' if cascades else 'OFF'}")
        self._cascades = cascades

    def commit(self) -> None:
        """Commit it."""
        if self.connection.in_transaction():
            self.connection.commit()
        else:
            self._driver.execute("COMMIT")  # which the driver keeps prepared, unlike its own commit()

    def close(self) -> None:
        """Roll back what was not committed, and give the connection back."""
        if not self._cascades:
            self.connection.invalidate()
        self.connection.close()


def _close_files(_driver: sqlite3.Connection, record: Any) -> None:
    for name in (_TURNS, _ROOM):
        if name in record.info:
            record.info.pop(name).close()


def _noting_log_of(path: Path) -> Any:
    """Each connection keeps the write-ahead log that it opened: writes to another log would be lost."""
    log = Path(f"{path.resolve()}-wal")

    def note(connection: sqlite3.Connection, record: Any) -> None:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()  # opens the log
        record.info[_LOG], record.info[_LOG_FILE] = _presence(log, log.stat()), log

    return note


def _presence(path: Path, opened: os.stat_result) -> Callable[[], None]:
    """Checks that a file is still the one that was opened: SQLite would go on writing to a deleted one."""
    name, device, number = str(path.absolute()), opened.st_dev, opened.st_ino

    def check() -> None:
        try:
            found = os.stat(name)  # noqa: PTH116  (asked in every transaction)
        except OSError:
            found = None
        if found is None or found.st_ino != number or found.st_dev != device:
            raise Unavailable(
                f"The database file {path.name} was deleted, moved or replaced while it is in use; nothing is stored "
                "or read. Put the file back, or start this process again to go on with what is there now."
            )

    return check


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    _switch_to_wal(connection)
    connection.execute("PRAGMA synchronous = FULL")  # a commit returns when it is on the disk
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA secure_delete = FAST")  # Debian's SQLite writes every page that it frees, with zeros
    connection.execute("PRAGMA cache_size = -16000")
    connection.execute("PRAGMA wal_autocheckpoint = 4000")  # 16 MB: pages written often are copied back once
    connection.create_function("runyard_lower", 1, _lower, deterministic=True)
    connection.create_function("runyard_matches", 2, matches, deterministic=True)
    prepare_gathering(connection)


def _lower(text: str | None) -> str | None:
    """A text in lower case, for ILIKE: SQLite itself knows the case of English letters only."""
    return text if text is None else text.lower()


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging; SQLite does not wait for the lock this takes, so wait here."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _postgresql_engines(url: URL) -> Engines:
    required("psycopg", "Opening a PostgreSQL database")
    timeout = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_SECONDS}
    reading = sa.create_engine(
        url,
        connect_args=timeout,
        pool_size=READERS,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        pool_use_lifo=True,
        isolation_level="REPEATABLE READ",
        execution_options={"postgresql_readonly": True},
    )
    writing = sa.create_engine(url, connect_args=timeout, pool_size=WRITERS, max_overflow=0, pool_timeout=60)
    sa.event.listen(reading, "connect", _prepare_postgresql)
    sa.event.listen(writing, "connect", _prefer_lz4)
    for engine in (reading, writing):
        _ping_when_idle(engine)
    return Engines(reading, writing)


def _prepare_postgresql(driver: Any, _record: object) -> None:
    """Set what reads need: to compile a plan, or to start workers for it, takes longer than our bounded reads do."""
    driver.execute("SELECT set_config('jit', 'off', false), set_config('max_parallel_workers_per_gather', '0', false)")
    driver.commit()


def _prefer_lz4(driver: Any, _record: object) -> None:
    """Have long texts compressed by LZ4 where PostgreSQL offers it, since 14: its own way takes several times as long.

    Texts that are there stay as they are, and any server reads both.
    """
    driver.execute(
        "SELECT set_config(name, 'lz4', false) FROM pg_settings"
        " WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)"
    )
    driver.commit()


def _ping_when_idle(engine: Engine) -> None:
    """Have a connection that was idle answer before it is used: the database may have been started again meanwhile.

    To ask before each transaction would be a round trip each; those who use a connection that was lost just now begin
    again with another.
    """

    def returned(_driver: Any, record: Any) -> None:
        record.info[_RETURNED] = time.monotonic()

    def taken(driver: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get(_RETURNED, math.inf) > IDLE_SECONDS:
            try:
                engine.dialect.do_ping(driver)
            except Exception:  # noqa: BLE001  (whatever it is, another connection is needed)
                raise sa.exc.InvalidatePoolError from None

    sa.event.listen(engine, "checkin", returned)
    sa.event.listen(engine, "checkout", taken)
