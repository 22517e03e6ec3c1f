"""The table of selections."""

import sqlalchemy as sa

from runyard.db.metadata import metadata

selections = sa.Table(
    "selections",
    metadata,
    sa.Column("selection_id", sa.Text, primary_key=True),
    sa.Column("creation_time", sa.BigInteger, nullable=False),
    sa.Column("run_ids", sa.Text, nullable=False),
    sa.Index("ix_selections_creation_time", "creation_time"),
    sqlite_with_rowid=False,
)
"""The ids stand one after the other with a blank between them: they are read whole or not at all."""
