"""Tables of model versions."""

import sqlalchemy as sa

from runyard.db.metadata import metadata
from runyard.registry.registered_models.tables import registered_models

model_versions = sa.Table(
    "model_versions",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("registered_model_id", sa.ForeignKey(registered_models.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("current_stage", sa.Text, nullable=False),
    sa.Column("description", sa.Text),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("storage_location", sa.Text, nullable=False),  # what `source` meant when the version was made
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("run_link", sa.Text, nullable=False),
    sa.Column("logged_model_id", sa.Text),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("creation_time", sa.BigInteger, nullable=False),
    sa.Column("last_updated_time", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("registered_model_id", "version"),
    sa.Index("ix_model_versions_newest", sa.text("last_updated_time DESC"), "registered_model_id", "version"),
    sa.Index("ix_model_versions_stage", "registered_model_id", "current_stage", "version"),
    sa.Index("ix_model_versions_creation_time", "creation_time"),
    sa.Index("ix_model_versions_run_id", "run_id"),
    sa.Index("ix_model_versions_logged_model_id", "logged_model_id"),
)

model_version_tags = sa.Table(
    "model_version_tags",
    metadata,
    sa.Column("model_version_id", sa.ForeignKey(model_versions.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Index("ix_model_version_tags_key_value", "key", sa.text("substr(value, 1, 200)"), "model_version_id"),
    sqlite_with_rowid=False,
)
