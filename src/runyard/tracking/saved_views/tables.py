"""Tables of saved views."""

import sqlalchemy as sa

from runyard.db.metadata import metadata
from runyard.tracking.experiments.tables import experiments

saved_views = sa.Table(
    "saved_views",
    metadata,
    sa.Column("view_id", sa.Text, primary_key=True),
    sa.Column("experiment_id", sa.ForeignKey(experiments.c.experiment_id, ondelete="CASCADE")),  # null: of all
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("creation_time", sa.BigInteger, nullable=False),
    sa.Column("last_update_time", sa.BigInteger, nullable=False),
    sa.Index("ix_saved_views_name", sa.text("coalesce(experiment_id, -1)"), "name", unique=True),
    sqlite_with_rowid=False,
)

default_views = sa.Table(
    "default_views",
    metadata,
    sa.Column("experiment_id", sa.ForeignKey(experiments.c.experiment_id, ondelete="CASCADE"), primary_key=True),
    sa.Column("view_id", sa.ForeignKey(saved_views.c.view_id, ondelete="CASCADE"), nullable=False),
    sa.Index("ix_default_views_view", "view_id"),
    sqlite_with_rowid=False,
)
"""The view that an experiment's table shows first; a view of all experiments may be that of several."""
