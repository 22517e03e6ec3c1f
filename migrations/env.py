"""Runs migrations on SQLite and PostgreSQL, on a connection it is given or on the database of ``-x url=…``."""

from typing import Any

from alembic import context
from sqlalchemy import Connection

from runyard.db.engine import open_engines
from runyard.db.metadata import metadata
from runyard.db.schema import schema_locked
from runyard.gate.slices import load_all

load_all()  # so that every table is in the metadata


def _report(step: Any, **_others: Any) -> None:
    """Say which step was done."""
    report = context.config.attributes.get("report")
    if report is not None and step.up_revision is not None:
        report(f"Schema version {step.up_revision_id}: {step.up_revision.doc.splitlines()[0]}")


def migrate(connection: Connection) -> None:
    """Bring the database of an open connection to the wanted version, on PostgreSQL in a transaction for each step."""
    by_step = connection.dialect.name == "postgresql"
    if by_step:
        connection.rollback()  # what was read before
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        transactional_ddl=True,
        transaction_per_migration=by_step,
        on_version_apply=_report,  # type: ignore[arg-type]  # it is called with names
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    url = context.get_x_argument(as_dictionary=True).get("url")
    if not url:
        raise SystemExit("Name the database: alembic -x url=sqlite:///runyard.db …")
    engines = open_engines(url)
    try:
        with engines.writing.connect() as connection, schema_locked(connection):
            migrate(connection)
    finally:
        engines.dispose()
