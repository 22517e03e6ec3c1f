"""Tables of metrics. Only the modules beside this file touch the points.

A series is one metric of one run; its points are clustered, 30 bytes each on SQLite against 205 in MLflow's layout. The
blocks of long series cost 5 more.
"""

import sqlalchemy as sa

from runyard.db.metadata import metadata
from runyard.tracking.runs.tables import run_number, runs

metric_series = sa.Table(
    "metric_series",
    metadata,
    sa.Column("id", run_number, primary_key=True),
    sa.Column("run_id", sa.ForeignKey(runs.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    # The latest point: greatest step, then timestamp, then value. NULL is NaN, so that comparisons leave it out.
    sa.Column("value", sa.Double),
    sa.Column("step", sa.BigInteger, nullable=False),
    sa.Column("timestamp", sa.BigInteger, nullable=False),
    sa.Column("document", sa.Text, nullable=False),  # the latest point as the protocol's JSON: searches glue these
    sa.Column("sealed_step", sa.BigInteger),  # where the last block ends; NULL while there is none
    sa.UniqueConstraint("run_id", "key"),
    sa.Index("ix_metric_series_key_value", "key", "value", "run_id"),
)

metric_points = sa.Table(
    "metric_points",
    metadata,
    sa.Column(
        "series_id", sa.ForeignKey(metric_series.c.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    sa.Column("step", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("timestamp", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("value", sa.Double, primary_key=True, autoincrement=False),  # on SQLite, NaN is the text 'NaN'
    # NULL: not within a block of its series, as the writer knew. Servers of the version before leave it out.
    sa.Column("late", sa.Boolean, server_default=sa.true()),
    sqlite_with_rowid=False,
)

metric_blocks = sa.Table(
    "metric_blocks",
    metadata,
    # The last point of the block, in clustered order. It begins behind the last point of the block before.
    sa.Column(
        "series_id", sa.ForeignKey(metric_series.c.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    sa.Column("step", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("timestamp", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("value", sa.Double, primary_key=True, autoincrement=False),
    sa.Column("points", sa.Integer, nullable=False),
    sa.Column("least_time", sa.BigInteger, nullable=False),
    sa.Column("greatest_time", sa.BigInteger, nullable=False),
    sa.Column("levels", sa.LargeBinary),  # as `levels.py` encodes them; NULL since a late point fell into the block
    # The same of more points each. NULL: not made yet, the server that wrote the levels is of the version before.
    sa.Column("wide_levels", sa.LargeBinary),
    sa.Index("ix_metric_blocks_time", "series_id", "greatest_time", "least_time"),
    # All that a chart of very many points reads: rows with their levels are 20 times as large. PostgreSQL keeps these
    # apart from the rows by itself.
    sa.Index("ix_metric_blocks_wide", "series_id", "step", "timestamp", "value", "points", "wide_levels").ddl_if(
        dialect="sqlite"
    ),
    sqlite_with_rowid=False,
)

LATE_POINTS = {
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
"""What keeps blocks true when a point falls into one of them, whichever server writes it.

PostgreSQL calls it after it has locked the row of the series for the new point (its name sorts behind those of the
checks of foreign keys), so that no block is made meanwhile by a server that cannot see the point yet.
"""

WIDE_LEVELS = {
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
"""What keeps wide levels true when the levels beside them change, whichever server or trigger changes them."""

for _triggers in (LATE_POINTS, WIDE_LEVELS):
    for _dialect, _statements in _triggers.items():
        for _statement in _statements:
            _made = sa.DDL(_statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
            sa.event.listen(metric_blocks, "after_create", _made.execute_if(dialect=_dialect))
