"""A table of changes of many runs, by which they are taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "run_changes",
        sa.Column("change_id", sa.Text, primary_key=True),
        sa.Column("piece", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("creation_time", sa.BigInteger, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("runs", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_run_changes_creation_time", "run_changes", ["creation_time"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("run_changes")
