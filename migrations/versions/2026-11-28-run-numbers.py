"""Which experiment the run of a number is in, and whether it is deleted, from an index of SQLite."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NAME, TABLE, COLUMNS = "ix_runs_number", "runs", ["id", "experiment_id", "lifecycle_stage"]


def upgrade() -> None:
    """Create the index. PostgreSQL reads rows of runs as soon: their long texts lie elsewhere."""
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(NAME, TABLE, COLUMNS)


def downgrade() -> None:
    """Drop it."""
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index(NAME, TABLE)
