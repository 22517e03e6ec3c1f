"""Tables of logged models, their params, tags and metrics, and of the models that runs put out."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "logged_models",
        sa.Column("id", number, nullable=False),
        sa.Column("model_id", sa.Text, nullable=False),
        sa.Column("experiment_id", number, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("model_type", sa.Text, nullable=False),
        sa.Column("source_run_id", sa.Text, nullable=False),
        sa.Column("artifact_location", sa.Text, nullable=False),
        sa.Column("status", sa.BigInteger, nullable=False),
        sa.Column("lifecycle_stage", sa.Text, nullable=False),
        sa.Column("creation_time", sa.BigInteger, nullable=False),
        sa.Column("last_updated_time", sa.BigInteger, nullable=False),
        sa.Column("deleted_time", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_logged_models"),
        sa.UniqueConstraint("model_id", name="uq_logged_models_model_id"),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiments.experiment_id"], name="fk_logged_models_experiment_id_experiments"
        ),
    )
    op.create_index(
        "ix_logged_models_newest",
        "logged_models",
        ["experiment_id", "lifecycle_stage", sa.text("creation_time DESC"), "model_id"],
    )
    op.create_index("ix_logged_models_source_run_id", "logged_models", ["source_run_id"])
    for table in ("logged_model_params", "logged_model_tags"):
        op.create_table(
            table,
            sa.Column("logged_model_id", number, nullable=False),
            sa.Column("key", sa.Text, nullable=False),
            sa.Column("value", sa.Text, nullable=False),
            sa.PrimaryKeyConstraint("logged_model_id", "key", name=f"pk_{table}"),
            _belongs_to(table, "logged_model_id", "logged_models"),
            sqlite_with_rowid=False,
        )
        op.create_index(f"ix_{table}_key_value", table, ["key", sa.text("substr(value, 1, 200)"), "logged_model_id"])
    _create_metrics()
    op.create_table(
        "model_outputs",
        sa.Column("run_id", number, nullable=False),
        sa.Column("model_id", sa.Text, nullable=False),
        sa.Column("step", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "model_id", name="pk_model_outputs"),
        _belongs_to("model_outputs", "run_id", "runs"),
        sqlite_with_rowid=False,
    )


def _belongs_to(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{parent}"
    return sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=name, ondelete="CASCADE")


def _create_metrics() -> None:
    op.create_table(
        "logged_model_metrics",
        sa.Column("id", number, nullable=False),
        sa.Column("logged_model_id", number, nullable=False),
        sa.Column("run_id", number, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("timestamp", sa.BigInteger, nullable=False),
        sa.Column("step", sa.BigInteger, nullable=False),
        sa.Column("dataset_name", sa.Text, nullable=False),
        sa.Column("dataset_digest", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_logged_model_metrics"),
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
        _belongs_to("logged_model_metrics", "logged_model_id", "logged_models"),
        _belongs_to("logged_model_metrics", "run_id", "runs"),
    )
    op.create_index("ix_logged_model_metrics_key_value", "logged_model_metrics", ["key", "value", "logged_model_id"])
    op.create_index("ix_logged_model_metrics_run_id", "logged_model_metrics", ["run_id"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("model_outputs", "logged_model_metrics", "logged_model_tags", "logged_model_params", "logged_models"):
        op.drop_table(table)
