"""An index of the runs of each user, newest first."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

NAME = "ix_runs_user"


def upgrade() -> None:
    """Create it; on PostgreSQL beside the writers of a running server."""
    newest = sa.text("start_time DESC")
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(NAME, "runs", ["experiment_id", "lifecycle_stage", "user_id", newest, "run_uuid"])
        return
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")  # one whose making was interrupted is not valid
        user = sa.text('user_id COLLATE "C"')
        op.create_index(
            NAME,
            "runs",
            ["experiment_id", "lifecycle_stage", user, newest, "run_uuid"],
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    """Drop it."""
    op.drop_index(NAME, "runs")
