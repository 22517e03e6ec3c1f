"""The table of moves: every change of an alias or a stage, kept as long as the registered model."""

import sqlalchemy as sa

from runyard.db.metadata import metadata
from runyard.registry.registered_models.tables import registered_models

moves = sa.Table(
    "registry_moves",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("registered_model_id", sa.ForeignKey(registered_models.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # 'alias' or 'stage'
    sa.Column("target", sa.Text, nullable=False),  # the alias, or the stage the version got
    sa.Column("version", sa.BigInteger, nullable=False),  # the version that got it, or that lost it
    sa.Column("previous", sa.Text),  # of an alias the version that held it, of a stage the one the version had
    sa.Column("removed", sa.Boolean, nullable=False),  # the alias was taken away from `version`
    sa.Column("moved_time", sa.BigInteger, nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("condition", sa.Text),  # the condition, when it was a promotion
    sa.Column("figures", sa.Text),  # the values of its metrics, as JSON
    sa.Index("ix_registry_moves_registered_model_id", "registered_model_id", "id"),
)
