"""Tables of tracking: experiments, runs, params, tags, metrics, inputs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "experiments",
        sa.Column("experiment_id", number, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("artifact_location", sa.Text, nullable=False),
        sa.Column("lifecycle_stage", sa.Text, nullable=False),
        sa.Column("creation_time", sa.BigInteger, nullable=False),
        sa.Column("last_update_time", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("experiment_id", name="pk_experiments"),
        sa.UniqueConstraint("name", name="uq_experiments_name"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_experiments_stage_creation",
        "experiments",
        ["lifecycle_stage", sa.text("creation_time DESC"), "experiment_id"],
    )
    op.create_table(
        "experiment_tags",
        sa.Column("experiment_id", number, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("experiment_id", "key", name="pk_experiment_tags"),
        _belongs_to("experiment_tags", "experiment_id", "experiments", "experiment_id"),
        sqlite_with_rowid=False,
    )
    _create_runs()
    _create_metrics()
    _create_inputs()


def _belongs_to(table: str, column: str, parent: str, parent_column: str = "id") -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{parent}"
    return sa.ForeignKeyConstraint([column], [f"{parent}.{parent_column}"], name=name, ondelete="CASCADE")


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", number, nullable=False),
        sa.Column("run_uuid", sa.Text, nullable=False),
        sa.Column("experiment_id", number, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("start_time", sa.BigInteger, nullable=False),
        sa.Column("end_time", sa.BigInteger),
        sa.Column("deleted_time", sa.BigInteger),
        sa.Column("deleted_with_experiment", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("lifecycle_stage", sa.Text, nullable=False),
        sa.Column("artifact_uri", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.UniqueConstraint("run_uuid", name="uq_runs_run_uuid"),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiments.experiment_id"], name="fk_runs_experiment_id_experiments"
        ),
    )
    op.create_index(
        "ix_runs_newest", "runs", ["experiment_id", "lifecycle_stage", sa.text("start_time DESC"), "run_uuid"]
    )
    for table in ("run_params", "run_tags"):
        op.create_table(
            table,
            sa.Column("run_id", number, nullable=False),
            sa.Column("key", sa.Text, nullable=False),
            sa.Column("value", sa.Text, nullable=False),
            sa.PrimaryKeyConstraint("run_id", "key", name=f"pk_{table}"),
            _belongs_to(table, "run_id", "runs"),
            sqlite_with_rowid=False,
        )
        op.create_index(f"ix_{table}_key_value", table, ["key", sa.text("substr(value, 1, 200)"), "run_id"])


def _create_metrics() -> None:
    op.create_table(
        "metric_series",
        sa.Column("id", number, nullable=False),
        sa.Column("run_id", number, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("step", sa.BigInteger, nullable=False),
        sa.Column("timestamp", sa.BigInteger, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_metric_series"),
        sa.UniqueConstraint("run_id", "key", name="uq_metric_series_run_id_key"),
        _belongs_to("metric_series", "run_id", "runs"),
    )
    op.create_index("ix_metric_series_key_value", "metric_series", ["key", "value", "run_id"])
    op.create_table(
        "metric_points",
        sa.Column("series_id", number, nullable=False, autoincrement=False),
        sa.Column("step", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("timestamp", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("value", sa.Double, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("series_id", "step", "timestamp", "value", name="pk_metric_points"),
        _belongs_to("metric_points", "series_id", "metric_series"),
        sqlite_with_rowid=False,
    )


def _create_inputs() -> None:
    op.create_table(
        "datasets",
        sa.Column("id", number, nullable=False),
        sa.Column("experiment_id", number, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("source_type", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("schema", sa.Text),
        sa.Column("profile", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_datasets"),
        sa.UniqueConstraint("experiment_id", "name", "digest", name="uq_datasets_experiment_id_name_digest"),
        _belongs_to("datasets", "experiment_id", "experiments", "experiment_id"),
    )
    op.create_table(
        "dataset_inputs",
        sa.Column("id", number, nullable=False),
        sa.Column("run_id", number, nullable=False),
        sa.Column("dataset_id", number, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dataset_inputs"),
        sa.UniqueConstraint("run_id", "dataset_id", name="uq_dataset_inputs_run_id_dataset_id"),
        _belongs_to("dataset_inputs", "run_id", "runs"),
        _belongs_to("dataset_inputs", "dataset_id", "datasets"),
    )
    op.create_index("ix_dataset_inputs_dataset_id", "dataset_inputs", ["dataset_id"])
    op.create_table(
        "dataset_input_tags",
        sa.Column("input_id", number, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("input_id", "key", name="pk_dataset_input_tags"),
        _belongs_to("dataset_input_tags", "input_id", "dataset_inputs"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "model_inputs",
        sa.Column("run_id", number, nullable=False),
        sa.Column("model_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "model_id", name="pk_model_inputs"),
        _belongs_to("model_inputs", "run_id", "runs"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in (
        "model_inputs",
        "dataset_input_tags",
        "dataset_inputs",
        "datasets",
        "metric_points",
        "metric_series",
        "run_tags",
        "run_params",
        "runs",
        "experiment_tags",
        "experiments",
    ):
        op.drop_table(table)
