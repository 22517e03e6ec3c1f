"""What a database error means to a caller.

No text of the driver reaches a caller, except why a database cannot be opened: its administrator must know.
"""

import re
import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from runyard.exceptions import BadRequest, InvalidParameter, RunyardException, StorageFull, TooSlow, Unavailable

_PG_RETRY = {"40001", "40P01"}  # serialization_failure, deadlock_detected
_PG_LOCKED = "55P03"  # lock_not_available
_TOO_SLOW = (
    "The database needs longer for this than RUNYARD_STATEMENT_TIMEOUT lets a read take. Ask for less: a filter that "
    "compares with =, fewer runs, or a page at a time."
)
_PG_ERRORS: dict[str | None, tuple[type[RunyardException], str]] = {
    "57014": (TooSlow, _TOO_SLOW),  # query_canceled
    _PG_LOCKED: (Unavailable, "Another transaction holds what this would change; nothing was stored. Try again."),
    "53100": (StorageFull, "The database has no room left; nothing was stored. Free space on the server's disk."),
}
_PG_UNIQUE = {"23505", "23503"}
_PG_TOO_LONG = {"54000"}  # for an index
_PG_SAID = re.compile(
    r"(?:connection to server [^\n]*? failed: (?P<said>[^\s:]+:  )?|failed to resolve host '[^']*': (?:\[.*?\] )?)"
    r"(?P<reason>[^\n]+)"
)
"""psycopg's text of a failed connection: two spaces follow the severity in PostgreSQL's own message."""
_PG_BUSY = re.compile(r"starting up|shutting down|too many|slots are reserved|recovery|not yet accepting")
_PG_SETTING = re.compile(r"(?:connection is bad: )?(invalid [^\n]+)")


class DatabaseUnreachable(Unavailable):
    """The database does not answer. Logged once."""


def is_retryable(error: Exception) -> bool:
    """Whether the same transaction would likely succeed when performed again.

    Serialisation failures and deadlocks on PostgreSQL; and a unique or foreign key that another process's commit broke
    between our look and our write, for the second look sees that commit.
    """
    cause = _cause(error)
    state = getattr(cause, "sqlstate", None)
    return state in _PG_RETRY or state in _PG_UNIQUE


def is_locked(error: Exception) -> bool:
    """Whether a statement waited too long for what another transaction holds."""
    return getattr(_cause(error), "sqlstate", None) == _PG_LOCKED


def is_blocked(error: Exception) -> bool:
    """The same, or it would have waited for ever: a deadlock."""
    return is_locked(error) or getattr(_cause(error), "sqlstate", None) in _PG_RETRY


def lost_connection(error: Exception) -> bool:
    """Whether the connection itself broke."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def translated(error: Exception) -> RunyardException | None:
    """Our error for a database error; None when the situation is not a known one."""
    if isinstance(error, RunyardException):
        return error
    if isinstance(error, PoolTimeout):
        return Unavailable("Every connection to the database is in use; nothing was stored. Try again.")
    cause = _cause(error)
    if isinstance(cause, sqlite3.Error):
        return _translated_sqlite(cause)
    state = getattr(cause, "sqlstate", None)
    if isinstance(cause, UnicodeEncodeError) or (state is None and type(cause).__name__ == "DataError"):
        return InvalidParameter("A value holds a NUL or half of a surrogate pair, which cannot be stored. Remove it.")
    if isinstance(cause, OverflowError) and "SQLite" in str(cause):  # callers in this process decode nothing
        return InvalidParameter("An integer does not fit into 64 bits; the largest is 9223372036854775807.")
    if state in _PG_ERRORS:
        kind, text = _PG_ERRORS[state]
        return kind(text)
    if state in _PG_RETRY or lost_connection(error) or (isinstance(state, str) and state[:2] in ("08", "57", "53")):
        missed = Unavailable if state in _PG_RETRY else DatabaseUnreachable
        return missed("The database cannot be reached or is busy; nothing was stored. Try again.")
    if isinstance(state, str) and (state.startswith("22") or state in _PG_TOO_LONG):
        return InvalidParameter("A value does not fit the database.")
    if isinstance(state, str) and state.startswith("23"):
        return BadRequest("The request contradicts what is stored.")
    if state is None and isinstance(error, OperationalError | InterfaceError):
        return DatabaseUnreachable("The database cannot be reached; nothing was stored. Try again.")
    return None


def cannot_open(error: Exception) -> RunyardException | None:
    """The error for a database that cannot be opened, with PostgreSQL's reason for its administrator."""
    text = str(_cause(error))
    if not isinstance(error, DBAPIError) or getattr(_cause(error), "sqlstate", None) or "sqlite" in text.lower():
        return translated(error)
    setting = _PG_SETTING.fullmatch(text.strip())
    if setting:
        return InvalidParameter(f"The database cannot be opened with this address: {setting[1]}.")
    found = _PG_SAID.search(text)
    if found is None or _PG_BUSY.search(found["reason"]):
        return translated(error)
    reason = found["reason"].rstrip(".")
    if found["said"] or reason.startswith("fe_sendauth"):
        return Unavailable(
            f"PostgreSQL refuses the connection: {reason}. Check user, password and name of the database in its "
            "address; in a password, # is written %23, / %2F, ? %3F, @ %40 and % %25."
        )
    return Unavailable(f"The database cannot be reached ({reason}); nothing was stored. Check that it runs, and where.")


def _translated_sqlite(cause: sqlite3.Error) -> RunyardException | None:
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and "disk" in str(cause)):
        return StorageFull("The disk has no room left; nothing was stored. Free space on the server's disk.")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Unavailable("The database is busy with another writer; nothing was stored. Try again.")
    if code in (sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH):
        return InvalidParameter("A value does not fit the database.")
    if code == sqlite3.SQLITE_INTERRUPT:
        return TooSlow(_TOO_SLOW)
    if code == sqlite3.SQLITE_CONSTRAINT:
        return BadRequest("The request contradicts what is stored.")
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
        return DatabaseUnreachable("The database file cannot be written or read now; nothing was stored.")
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return Unavailable("The database file is damaged, or no SQLite database; nothing was stored.")
    return None


def _cause(error: Exception) -> BaseException:
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
