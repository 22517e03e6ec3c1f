"""What removal for good needs to know: where a server keeps artifacts, and which runs are on their way out."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the column."""
    op.create_table(
        "store_facts",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_store_facts"),
        sqlite_with_rowid=False,
    )
    op.add_column("runs", sa.Column("removal_time", sa.BigInteger))


def downgrade() -> None:
    """Remove both."""
    op.drop_column("runs", "removal_time")
    op.drop_table("store_facts")
