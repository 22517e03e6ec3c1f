"""A table of selections: lists of chosen runs that are too long for an address."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "selections",
        sa.Column("selection_id", sa.Text, primary_key=True),
        sa.Column("creation_time", sa.BigInteger, nullable=False),
        sa.Column("run_ids", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_selections_creation_time", "selections", ["creation_time"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("selections")
