"""Tables of registered models."""

import sqlalchemy as sa

from runyard.db.metadata import metadata

registered_models = sa.Table(
    "registered_models",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("description", sa.Text),
    sa.Column("last_version", sa.BigInteger, nullable=False),  # the highest number ever given: none is given twice
    sa.Column("creation_time", sa.BigInteger, nullable=False),
    sa.Column("last_updated_time", sa.BigInteger, nullable=False),
    sa.Index("ix_registered_models_last_updated_time_name", "last_updated_time", "name"),
)

registered_model_tags = sa.Table(
    "registered_model_tags",
    metadata,
    sa.Column("registered_model_id", sa.ForeignKey(registered_models.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Index("ix_registered_model_tags_key_value", "key", sa.text("substr(value, 1, 200)"), "registered_model_id"),
    sqlite_with_rowid=False,
)

registered_model_aliases = sa.Table(
    "model_aliases",
    metadata,
    sa.Column("registered_model_id", sa.ForeignKey(registered_models.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("alias", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
