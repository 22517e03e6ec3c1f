"""Blocks of long series of metrics, and what keeps them true when a point falls into one.

Blocks themselves are made as points are logged and charts are looked at. A server of the version before goes on
writing: its points have the default in `late`, by which the trigger looks at them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_LATE_POINTS = {
    "sqlite": [
        """
        CREATE TRIGGER metric_points_late AFTER INSERT ON metric_points WHEN NEW.late BEGIN
            UPDATE metric_blocks SET
                points = points + 1, levels = NULL,
                least_time = min(least_time, NEW.timestamp), greatest_time = max(greatest_time, NEW.timestamp)
            WHERE series_id = NEW.series_id AND (step, timestamp, value) = (
                SELECT step, timestamp, value FROM metric_blocks
                WHERE series_id = NEW.series_id
                    AND (step, timestamp, value) >= (NEW.step, NEW.timestamp, NEW.value)
                ORDER BY step, timestamp, value LIMIT 1
            );
        END
        """
    ],
    "postgresql": [
        """
        CREATE OR REPLACE FUNCTION metric_points_late() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (
                SELECT FROM (SELECT series_id, min(step) AS step FROM inserted GROUP BY series_id) AS first
                WHERE first.step <= (SELECT sealed_step FROM metric_series WHERE id = first.series_id)
            ) THEN
                UPDATE metric_blocks AS block SET
                    points = block.points + late.points, levels = NULL,
                    least_time = least(block.least_time, late.least_time),
                    greatest_time = greatest(block.greatest_time, late.greatest_time)
                FROM (
                    SELECT hit.series_id, hit.step, hit.timestamp, hit.value, count(*) AS points,
                        min(point.timestamp) AS least_time, max(point.timestamp) AS greatest_time
                    FROM inserted AS point CROSS JOIN LATERAL (
                        SELECT series_id, step, timestamp, value FROM metric_blocks AS here
                        WHERE here.series_id = point.series_id
                            AND (here.step, here.timestamp, here.value) >= (point.step, point.timestamp, point.value)
                        ORDER BY here.step, here.timestamp, here.value LIMIT 1
                    ) AS hit
                    GROUP BY hit.series_id, hit.step, hit.timestamp, hit.value
                ) AS late
                WHERE block.series_id = late.series_id AND block.step = late.step
                    AND block.timestamp = late.timestamp AND block.value = late.value;
            END IF;
            RETURN NULL;
        END $$
        """,
        """
        CREATE TRIGGER metric_points_late AFTER INSERT ON metric_points REFERENCING NEW TABLE AS inserted
        FOR EACH STATEMENT EXECUTE FUNCTION metric_points_late()
        """,
    ],
}


def upgrade() -> None:
    """Add the table, the columns and the trigger; no row is rewritten."""
    op.add_column("metric_series", sa.Column("sealed_step", sa.BigInteger))
    op.add_column("metric_points", sa.Column("late", sa.Boolean, server_default=sa.true()))
    op.create_table(
        "metric_blocks",
        sa.Column("series_id", number, nullable=False, autoincrement=False),
        sa.Column("step", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("timestamp", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("value", sa.Double, nullable=False, autoincrement=False),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column("least_time", sa.BigInteger, nullable=False),
        sa.Column("greatest_time", sa.BigInteger, nullable=False),
        sa.Column("levels", sa.LargeBinary),
        sa.PrimaryKeyConstraint("series_id", "step", "timestamp", "value", name="pk_metric_blocks"),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["metric_series.id"],
            name="fk_metric_blocks_series_id_metric_series",
            ondelete="CASCADE",
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_metric_blocks_time", "metric_blocks", ["series_id", "greatest_time", "least_time"])
    for statement in _LATE_POINTS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Remove them."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER metric_points_late ON metric_points")
        op.execute("DROP FUNCTION metric_points_late")
    else:
        op.execute("DROP TRIGGER metric_points_late")
    op.drop_table("metric_blocks")
    op.drop_column("metric_points", "late")
    op.drop_column("metric_series", "sealed_step")
