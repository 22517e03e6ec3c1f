"""Spaces beside long documents of runs, which keep their rows at one size: SQLite then writes what differs alone."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, empty: servers of the version before leave it as it is."""
    op.add_column("runs", sa.Column("slack", sa.Text))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("runs", "slack")
