"""Tables of logged models."""

import sqlalchemy as sa

from runyard.db.metadata import metadata
from runyard.tracking.experiments.tables import experiments
from runyard.tracking.runs.tables import runs

logged_models = sa.Table(
    "logged_models",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("model_id", sa.Text, nullable=False, unique=True),
    sa.Column("experiment_id", sa.ForeignKey(experiments.c.experiment_id), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("model_type", sa.Text, nullable=False),
    sa.Column("source_run_id", sa.Text, nullable=False),
    sa.Column("artifact_location", sa.Text, nullable=False),
    sa.Column("status", sa.BigInteger, nullable=False),  # MLflow's number: filters compare numbers
    sa.Column("lifecycle_stage", sa.Text, nullable=False),
    sa.Column("creation_time", sa.BigInteger, nullable=False),
    sa.Column("last_updated_time", sa.BigInteger, nullable=False),
    sa.Column("deleted_time", sa.BigInteger),
    sa.Index("ix_logged_models_newest", "experiment_id", "lifecycle_stage", sa.text("creation_time DESC"), "model_id"),
    sa.Index("ix_logged_models_source_run_id", "source_run_id"),
)


def _texts(name: str) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("logged_model_id", sa.ForeignKey(logged_models.c.id, ondelete="CASCADE"), primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Index(f"ix_{name}_key_value", "key", sa.text("substr(value, 1, 200)"), "logged_model_id"),
        sqlite_with_rowid=False,
    )


logged_model_params = _texts("logged_model_params")
logged_model_tags = _texts("logged_model_tags")

logged_model_metrics = sa.Table(
    "logged_model_metrics",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("logged_model_id", sa.ForeignKey(logged_models.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("run_id", sa.ForeignKey(runs.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("value", sa.Double),  # NULL stands for NaN, as in metric_series
    sa.Column("timestamp", sa.BigInteger, nullable=False),
    sa.Column("step", sa.BigInteger, nullable=False),
    sa.Column("dataset_name", sa.Text, nullable=False),
    sa.Column("dataset_digest", sa.Text, nullable=False),
    sa.UniqueConstraint(
        "logged_model_id",
        "key",
        "run_id",
        "step",
        "timestamp",
        "value",
        "dataset_name",
        "dataset_digest",
        name="uq_logged_model_metrics_point",
    ),
    sa.Index("ix_logged_model_metrics_key_value", "key", "value", "logged_model_id"),
    sa.Index("ix_logged_model_metrics_run_id", "run_id"),
)

model_outputs = sa.Table(
    "model_outputs",
    metadata,
    sa.Column("run_id", sa.ForeignKey(runs.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("model_id", sa.Text, primary_key=True),
    sa.Column("step", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
