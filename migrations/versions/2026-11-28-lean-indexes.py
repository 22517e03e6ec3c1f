"""Indexes of runs that have ended and of those that go on, in place of two that held all runs by their times."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NEW: dict[str, tuple[list[Any], str]] = {
    "ix_runs_ended": (["experiment_id", "end_time", "lifecycle_stage"], "end_time IS NOT NULL"),
    "ix_runs_open": (["experiment_id", "start_time"], "end_time IS NULL"),
}
OLD: dict[str, list[Any]] = {
    "ix_runs_activity": ["experiment_id", "lifecycle_stage", sa.text("coalesce(end_time, start_time) DESC")],
    "ix_runs_end": ["experiment_id", "end_time"],
}


def upgrade() -> None:
    """Create the indexes, then drop those that they replace; on PostgreSQL beside the writers of a running server."""
    if op.get_bind().dialect.name == "sqlite":
        for name, (columns, where) in NEW.items():
            op.create_index(name, "runs", columns, sqlite_where=sa.text(where))
        for name in OLD:
            op.drop_index(name, "runs")
        return
    with op.get_context().autocommit_block():
        for name, (columns, where) in NEW.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # one whose making was interrupted is not valid
            op.create_index(name, "runs", columns, postgresql_where=sa.text(where), postgresql_concurrently=True)
        for name in OLD:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


def downgrade() -> None:
    """Go back to the indexes before."""
    for name, columns in OLD.items():
        op.create_index(name, "runs", columns)
    for name in NEW:
        op.drop_index(name, "runs")
