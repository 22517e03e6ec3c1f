"""Tables of the model registry: registered models, versions, aliases, tags and the history of moves."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "registered_models",
        sa.Column("id", number, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("last_version", sa.BigInteger, nullable=False),
        sa.Column("creation_time", sa.BigInteger, nullable=False),
        sa.Column("last_updated_time", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_registered_models"),
        sa.UniqueConstraint("name", name="uq_registered_models_name"),
    )
    op.create_index("ix_registered_models_last_updated_time_name", "registered_models", ["last_updated_time", "name"])
    _create_tags("registered_model_tags", "registered_model_id", "registered_models")
    op.create_table(
        "model_aliases",
        sa.Column("registered_model_id", number, nullable=False),
        sa.Column("alias", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("registered_model_id", "alias", name="pk_model_aliases"),
        _belongs_to("model_aliases", "registered_model_id", "registered_models"),
        sqlite_with_rowid=False,
    )
    _create_versions()
    _create_tags("model_version_tags", "model_version_id", "model_versions")
    _create_moves()


def _belongs_to(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{parent}"
    return sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=name, ondelete="CASCADE")


def _create_tags(table: str, column: str, parent: str) -> None:
    op.create_table(
        table,
        sa.Column(column, number, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint(column, "key", name=f"pk_{table}"),
        _belongs_to(table, column, parent),
        sqlite_with_rowid=False,
    )
    op.create_index(f"ix_{table}_key_value", table, ["key", sa.text("substr(value, 1, 200)"), column])


def _create_versions() -> None:
    op.create_table(
        "model_versions",
        sa.Column("id", number, nullable=False),
        sa.Column("registered_model_id", number, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("current_stage", sa.Text, nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("storage_location", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("run_link", sa.Text, nullable=False),
        sa.Column("logged_model_id", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("creation_time", sa.BigInteger, nullable=False),
        sa.Column("last_updated_time", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_model_versions"),
        sa.UniqueConstraint("registered_model_id", "version", name="uq_model_versions_registered_model_id_version"),
        _belongs_to("model_versions", "registered_model_id", "registered_models"),
    )
    op.create_index(
        "ix_model_versions_newest",
        "model_versions",
        [sa.text("last_updated_time DESC"), "registered_model_id", "version"],
    )
    op.create_index("ix_model_versions_creation_time", "model_versions", ["creation_time"])
    op.create_index("ix_model_versions_run_id", "model_versions", ["run_id"])
    op.create_index("ix_model_versions_logged_model_id", "model_versions", ["logged_model_id"])


def _create_moves() -> None:
    op.create_table(
        "registry_moves",
        sa.Column("id", number, nullable=False),
        sa.Column("registered_model_id", number, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("previous", sa.Text),
        sa.Column("removed", sa.Boolean, nullable=False),
        sa.Column("moved_time", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("condition", sa.Text),
        sa.Column("figures", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_registry_moves"),
        _belongs_to("registry_moves", "registered_model_id", "registered_models"),
    )
    op.create_index("ix_registry_moves_registered_model_id", "registry_moves", ["registered_model_id", "id"])


def downgrade() -> None:
    """Drop the tables."""
    for table in (
        "registry_moves",
        "model_version_tags",
        "model_versions",
        "model_aliases",
        "registered_model_tags",
        "registered_models",
    ):
        op.drop_table(table)
