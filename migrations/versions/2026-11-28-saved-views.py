"""Tables of saved views: tables of runs as somebody arranged them, and the one an experiment shows first."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_EXPERIMENT = "experiments.experiment_id"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "saved_views",
        sa.Column("view_id", sa.Text, primary_key=True),
        sa.Column("experiment_id", _number(), sa.ForeignKey(_EXPERIMENT, ondelete="CASCADE")),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("creation_time", sa.BigInteger, nullable=False),
        sa.Column("last_update_time", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_saved_views_name", "saved_views", [sa.text("coalesce(experiment_id, -1)"), "name"], unique=True)
    op.create_table(
        "default_views",
        sa.Column("experiment_id", _number(), sa.ForeignKey(_EXPERIMENT, ondelete="CASCADE"), primary_key=True),
        sa.Column("view_id", sa.Text, sa.ForeignKey("saved_views.view_id", ondelete="CASCADE"), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_default_views_view", "default_views", ["view_id"])


def _number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def downgrade() -> None:
    """Drop them."""
    op.drop_table("default_views")
    op.drop_table("saved_views")
