"""Indexes of runs by name and by end time; on PostgreSQL, those of params and tags in the order that searches have."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COLUMNS: dict[str, tuple[str, list[Any]]] = {
    "ix_runs_name": ("runs", ["experiment_id", sa.text("substr(name, 1, 200)")]),
    "ix_runs_end": ("runs", ["experiment_id", "end_time"]),
}
ON_POSTGRESQL: dict[str, tuple[str, list[Any]]] = {
    "ix_runs_name": ("runs", ["experiment_id", sa.text('substr(name, 1, 200) COLLATE "C"')]),
    "ix_runs_end": ("runs", ["experiment_id", "end_time"]),
    "ix_run_params_key_text": ("run_params", ["key", sa.text('substr(value, 1, 200) COLLATE "C"'), "run_id"]),
    "ix_run_tags_key_text": ("run_tags", ["key", sa.text('substr(value, 1, 200) COLLATE "C"'), "run_id"]),
}
"""Texts are in the order of the characters' numbers, which is not that of every database."""


def upgrade() -> None:
    """Create the indexes; on PostgreSQL beside the writers of a running server, and drop those that they replace."""
    if op.get_bind().dialect.name == "sqlite":
        for name, (table, columns) in COLUMNS.items():
            op.create_index(name, table, columns)
        return
    with op.get_context().autocommit_block():
        for name, (table, columns) in ON_POSTGRESQL.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # one whose making was interrupted is not valid
            op.create_index(name, table, columns, postgresql_concurrently=True)
        for table in ("run_params", "run_tags"):
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS ix_{table}_key_value")


def downgrade() -> None:
    """Go back to the indexes before."""
    if op.get_bind().dialect.name == "sqlite":
        for name in COLUMNS:
            op.drop_index(name, "runs")
        return
    for table in ("run_params", "run_tags"):
        op.create_index(f"ix_{table}_key_value", table, ["key", sa.text("substr(value, 1, 200)"), "run_id"])
    for name, (table, _) in ON_POSTGRESQL.items():
        op.drop_index(name, table)
