"""Wide levels beside the levels of blocks, from which charts of very many points are drawn.

The column is empty at first, and where a server of the version before writes levels: it is filled by reads that find it
out, and by whatever seals a block.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_WIDE_LEVELS = {
    "sqlite": [
        """
        CREATE TRIGGER metric_blocks_wide AFTER UPDATE OF levels ON metric_blocks
        WHEN NEW.wide_levels IS OLD.wide_levels AND NEW.wide_levels IS NOT NULL BEGIN
            UPDATE metric_blocks SET wide_levels = NULL
            WHERE series_id = NEW.series_id AND step = NEW.step AND timestamp = NEW.timestamp AND value = NEW.value;
        END
        """
    ],
    "postgresql": [
        """
        CREATE OR REPLACE FUNCTION metric_blocks_wide() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.wide_levels := NULL;
            RETURN NEW;
        END $$
        """,
        """
        CREATE TRIGGER metric_blocks_wide BEFORE UPDATE OF levels ON metric_blocks FOR EACH ROW
        WHEN (NEW.wide_levels IS NOT DISTINCT FROM OLD.wide_levels) EXECUTE FUNCTION metric_blocks_wide()
        """,
    ],
}


def upgrade() -> None:
    """Add the column and its index, and what keeps it true."""
    op.add_column("metric_blocks", sa.Column("wide_levels", sa.LargeBinary))
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(
            "ix_metric_blocks_wide",
            "metric_blocks",
            ["series_id", "step", "timestamp", "value", "points", "wide_levels"],
        )
    for statement in _WIDE_LEVELS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Drop them; the levels beside it are what it was made of."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER metric_blocks_wide")
        op.execute("DROP INDEX ix_metric_blocks_wide")
        op.execute("ALTER TABLE metric_blocks DROP COLUMN wide_levels")
        return
    op.execute("DROP TRIGGER metric_blocks_wide ON metric_blocks")
    op.execute("DROP FUNCTION metric_blocks_wide()")
    op.drop_column("metric_blocks", "wide_levels")
