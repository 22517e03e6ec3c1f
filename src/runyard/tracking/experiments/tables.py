"""Tables of experiments."""

import sqlalchemy as sa

from runyard.db.metadata import metadata

experiments = sa.Table(
    "experiments",
    metadata,
    sa.Column("experiment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("artifact_location", sa.Text, nullable=False),
    sa.Column("lifecycle_stage", sa.Text, nullable=False),
    sa.Column("creation_time", sa.BigInteger, nullable=False),
    sa.Column("last_update_time", sa.BigInteger, nullable=False),
    sa.Index("ix_experiments_stage_creation", "lifecycle_stage", sa.text("creation_time DESC"), "experiment_id"),
    sqlite_autoincrement=True,  # the id of a removed experiment is not used again
)

experiment_tags = sa.Table(
    "experiment_tags",
    metadata,
    sa.Column("experiment_id", sa.ForeignKey(experiments.c.experiment_id, ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
