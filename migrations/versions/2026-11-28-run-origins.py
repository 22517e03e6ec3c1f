"""Tables of what runs were started with, and of when they last said that they go on."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create them. Runs of before, and those that servers of before make, have no row."""
    op.create_table(
        "origin_texts",
        sa.Column("id", _number, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False, unique=True),
        sa.Column("packed", sa.LargeBinary, nullable=False),
        sa.Column("unused_since", sa.BigInteger),
    )
    run = sa.ForeignKey("runs.id", ondelete="CASCADE")
    op.create_table(
        "run_origins",
        sa.Column("run_id", _number, run, primary_key=True, autoincrement=False),
        sa.Column("started_with", sa.Text),
        sa.Column("environment_id", _number),
        sa.Column("machine_id", _number),
        sa.Column("patch_id", _number),
        sa.Column("beat_time", sa.BigInteger),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("run_origins")
    op.drop_table("origin_texts")
