"""Indexes of experiments: by their last change, by their tags' keys, and of those in folders."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_experiments_stage_change": ("experiments", ["lifecycle_stage", "last_update_time", "experiment_id"]),
    "ix_experiment_tags_key": ("experiment_tags", ["key", "experiment_id"]),
}
IN_FOLDERS = ("ix_experiments_in_folders", "experiments", ["lifecycle_stage", "name"])
NAMES_IN_FOLDERS = {
    "sqlite": "instr(substr(name, 2), '/') > 0",
    "postgresql": "strpos(substr(name, 2), '/') > 0",
}


def upgrade() -> None:
    """Create the indexes; on PostgreSQL beside the writers of a running server."""
    if op.get_bind().dialect.name == "sqlite":
        for name, (table, columns) in INDEXES.items():
            op.create_index(name, table, columns)
        op.create_index(*IN_FOLDERS, sqlite_where=sa.text(NAMES_IN_FOLDERS["sqlite"]))
        return
    with op.get_context().autocommit_block():
        for name, (table, columns) in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # one whose making was interrupted is not valid
            op.create_index(name, table, columns, postgresql_concurrently=True)
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_experiments_in_folders")
        where = sa.text(NAMES_IN_FOLDERS["postgresql"])
        op.create_index(*IN_FOLDERS, postgresql_where=where, postgresql_concurrently=True)


def downgrade() -> None:
    """Drop the indexes."""
    op.drop_index("ix_experiments_in_folders", "experiments")
    for name, (table, _) in INDEXES.items():
        op.drop_index(name, table)
