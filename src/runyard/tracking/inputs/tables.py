"""Tables of what runs used."""

import sqlalchemy as sa

from runyard.db.metadata import metadata
from runyard.tracking.experiments.tables import experiments
from runyard.tracking.runs.tables import run_number, runs

datasets = sa.Table(
    "datasets",
    metadata,
    sa.Column("id", run_number, primary_key=True),
    sa.Column("experiment_id", sa.ForeignKey(experiments.c.experiment_id, ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("source_type", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("schema", sa.Text),
    sa.Column("profile", sa.Text),
    sa.UniqueConstraint("experiment_id", "name", "digest"),
)

dataset_inputs = sa.Table(
    "dataset_inputs",
    metadata,
    sa.Column("id", run_number, primary_key=True),
    sa.Column("run_id", sa.ForeignKey(runs.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("dataset_id", sa.ForeignKey(datasets.c.id, ondelete="CASCADE"), nullable=False),
    sa.UniqueConstraint("run_id", "dataset_id"),
    sa.Index("ix_dataset_inputs_dataset_id", "dataset_id"),
)

dataset_input_tags = sa.Table(
    "dataset_input_tags",
    metadata,
    sa.Column("input_id", sa.ForeignKey(dataset_inputs.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

model_inputs = sa.Table(
    "model_inputs",
    metadata,
    sa.Column("run_id", sa.ForeignKey(runs.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("model_id", sa.Text, primary_key=True),
    sqlite_with_rowid=False,
)
