"""Tables of metrics. Only `series.py` beside this file touches the points.

A series is one metric of one run; its points are clustered, 29 bytes each on SQLite against 205 in MLflow's layout.
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
    sqlite_with_rowid=False,
)
