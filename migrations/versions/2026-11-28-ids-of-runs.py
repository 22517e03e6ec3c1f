"""An index of the runs of an experiment by their ids, in the order of searches, which is not that of every database."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

NAME = "ix_runs_id"


def upgrade() -> None:
    """Create it on PostgreSQL, beside the writers of a running server; SQLite has one of ids in this order."""
    if op.get_bind().dialect.name == "sqlite":
        return
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")  # one whose making was interrupted is not valid
        run_id = sa.text('run_uuid COLLATE "C"')
        op.create_index(NAME, "runs", ["experiment_id", run_id], postgresql_concurrently=True)


def downgrade() -> None:
    """Drop it."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index(NAME, "runs")
