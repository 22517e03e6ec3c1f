"""The table of changes of many runs."""

import sqlalchemy as sa

from runyard.db.metadata import metadata

run_changes = sa.Table(
    "run_changes",
    metadata,
    sa.Column("change_id", sa.Text, primary_key=True),
    sa.Column("piece", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("creation_time", sa.BigInteger, nullable=False),
    sa.Column("what", sa.Text, nullable=False),  # "name", "experiment" or "tags"
    sa.Column("runs", sa.Text, nullable=False),  # JSON: a list of run id, what it was before, and what it became
    sa.Index("ix_run_changes_creation_time", "creation_time"),
    sqlite_with_rowid=False,
)
"""Each piece of a change notes its runs in its own transaction: what was done can be undone, however it ended."""
