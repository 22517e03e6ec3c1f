"""Upgrades a database of an older version."""

import functools
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from runyard._resources import migrations
from runyard.db.engine import open_engines
from runyard.db.faults import cannot_open, is_blocked
from runyard.db.schema import SchemaOutdated, found_version, note_if_unfilled, schema_locked

LOCK_MS = 500
"""Time for which a statement waits for what a server's transaction holds.

It is shorter than the second after which PostgreSQL looks for deadlocks and ends one of the transactions: an upgrade
that holds one table and waits for another gives way, and no write of a server fails.
"""
_PAUSE = 0.2
"""Seconds until a step that gave way is done again."""
_LONG = 10
"""Seconds of giving way after which it is reported."""


@functools.cache
def scripts() -> ScriptDirectory:
    """Alembic's environment and the steps, which are read from their files once."""
    found = ScriptDirectory(migrations())
    found.get_heads()
    return found


def upgrade(uri: str, report: Callable[[str], None] = lambda step: None) -> None:
    """Bring the schema of a database to the newest version: on SQLite in one transaction, on PostgreSQL step by step.

    There, a step that is interrupted is done again by the next upgrade. Indexes are made beside the writers of a
    running server, which no transaction can do. A step that would wait for long, or for ever, for what a server's
    transaction holds lets that go on, and is done again.

    Safe when several processes do it at once: the others wait, and find it done.

    Parameters
    ----------
    report: Called with a line for people after each step.

    Raises
    ------
    InvalidParameter: The URI names no database we speak.
    SchemaOutdated: The database belongs to another program, or to a newer version of Runyard; nothing was touched.
    Unavailable: The database cannot be reached, or refuses us.
    """
    engines = open_engines(uri)
    try:
        with engines.writing.connect() as connection, schema_locked(connection):
            found = found_version(connection)
            known = {script.revision for script in scripts().walk_revisions()}
            if found is not None and found not in known:
                raise SchemaOutdated(
                    f"The database has schema version {found!r}, which this version of Runyard does not know. "
                    "A newer one made it: upgrade Runyard instead. Nothing was changed."
                )
            _take_steps(connection, report)
            note_if_unfilled(connection)  # also when an upgrade of an empty database was killed before it came here
            if connection.dialect.name == "postgresql":  # on SQLite all is one transaction
                connection.commit()
    except Exception as error:  # noqa: BLE001  (translated or raised as it is)
        raise cannot_open(error) or error from None
    finally:
        engines.dispose()


def _take_steps(connection: sa.Connection, report: Callable[[str], None]) -> None:
    """Do the steps that are missing; on PostgreSQL one that was in a server's way again, until it is done."""
    if connection.dialect.name != "postgresql":
        _migrate(connection, report)
        return
    sa.event.listen(connection, "before_cursor_execute", _limit_waiting)
    began, is_reported = time.monotonic(), False
    while True:
        try:
            _migrate(connection, report)
            return
        except DBAPIError as error:
            if not is_blocked(error):
                raise
            connection.rollback()
        if time.monotonic() - began > _LONG and not is_reported:
            report("Other transactions hold what the next step changes; it is tried again until they have ended.")
            is_reported = True
        time.sleep(_PAUSE)


def _migrate(connection: sa.Connection, report: Callable[[str], None]) -> None:
    """Run Alembic's environment as its command ``upgrade head`` does, which would read all steps again."""
    config = Config(attributes={"connection": connection, "report": report})

    def missing(revision: Any, _context: Any) -> Any:
        return scripts()._upgrade_revs("head", revision)

    with EnvironmentContext(config, scripts(), fn=missing, destination_rev="head"):
        scripts().run_env()


def _limit_waiting(_connection: sa.Connection, cursor: Any, statement: str, *_: Any) -> None:
    """Let no statement wait for long, but one that makes an index beside writers: it is in nobody's way."""
    cursor.execute(f"SET lock_timeout = {0 if 'CONCURRENTLY' in statement else LOCK_MS}")
