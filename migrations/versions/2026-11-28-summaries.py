"""Indexes that answer what pages ask of big stores: runs by status, last activity, latest versions by stage."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INDEXES: dict[str, tuple[str, list[Any]]] = {
    "ix_runs_status": ("runs", ["experiment_id", "lifecycle_stage", "status", sa.text("start_time DESC"), "run_uuid"]),
    "ix_runs_activity": ("runs", ["experiment_id", "lifecycle_stage", sa.text("coalesce(end_time, start_time) DESC")]),
    "ix_model_versions_stage": ("model_versions", ["registered_model_id", "current_stage", "version"]),
}


def upgrade() -> None:
    """Create the indexes; on PostgreSQL beside the writers of a running server, which no lock keeps waiting."""
    if op.get_bind().dialect.name == "sqlite":
        for name, (table, columns) in INDEXES.items():
            op.create_index(name, table, columns)
        return
    with op.get_context().autocommit_block():
        for name, (table, columns) in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # one whose making was interrupted is not valid
            op.create_index(name, table, columns, postgresql_concurrently=True)


def downgrade() -> None:
    """Drop them."""
    for name, (table, _) in INDEXES.items():
        op.drop_index(name, table)
