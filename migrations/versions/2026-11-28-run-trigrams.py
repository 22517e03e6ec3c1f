"""The index of the texts of runs, and what notes that the texts of a run have changed.

Runs are read into it by the searches of a running server. Until then, as after a change, a run is noted here: also one
that a server of the version before adds or changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PIECE = 20_000
"""Runs that are noted in one transaction on PostgreSQL."""

_TEXTS_CHANGED = {
    "sqlite": [
        """
        CREATE TRIGGER run_trigrams_new AFTER INSERT ON runs BEGIN
            INSERT INTO run_trigrams (run_id) VALUES (NEW.id);
        END
        """,
        """
        CREATE TRIGGER run_trigrams_run AFTER UPDATE OF name, experiment_id ON runs
        WHEN NEW.name <> OLD.name OR NEW.experiment_id <> OLD.experiment_id BEGIN
            INSERT INTO run_trigrams (run_id)
            SELECT NEW.id WHERE NOT EXISTS (SELECT 1 FROM run_trigrams WHERE run_id = NEW.id);
        END
        """,
        """
        CREATE TRIGGER run_trigrams_tag AFTER INSERT ON run_tags
        WHEN NEW.key NOT LIKE 'mlflow.%' OR NEW.key = 'mlflow.note.content' BEGIN
            INSERT INTO run_trigrams (run_id)
            SELECT NEW.run_id WHERE NOT EXISTS (SELECT 1 FROM run_trigrams WHERE run_id = NEW.run_id);
        END
        """,
        """
        CREATE TRIGGER run_trigrams_value AFTER UPDATE ON run_tags
        WHEN NEW.value <> OLD.value AND (NEW.key NOT LIKE 'mlflow.%' OR NEW.key = 'mlflow.note.content') BEGIN
            INSERT INTO run_trigrams (run_id)
            SELECT NEW.run_id WHERE NOT EXISTS (SELECT 1 FROM run_trigrams WHERE run_id = NEW.run_id);
        END
        """,
    ],
    "postgresql": [
        """
        CREATE OR REPLACE FUNCTION run_trigrams_new() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO run_trigrams (run_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
            RETURN NULL;
        END $$
        """,
        """
        CREATE OR REPLACE FUNCTION run_trigrams_run() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE run_trigrams SET trigrams = NULL WHERE run_id = NEW.id AND trigrams IS NOT NULL;
            RETURN NULL;
        END $$
        """,
        """
        CREATE OR REPLACE FUNCTION run_trigrams_tag() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE run_trigrams SET trigrams = NULL WHERE run_id = NEW.run_id AND trigrams IS NOT NULL;
            RETURN NULL;
        END $$
        """,
        """
        CREATE OR REPLACE TRIGGER run_trigrams_new AFTER INSERT ON runs
        FOR EACH ROW EXECUTE FUNCTION run_trigrams_new()
        """,
        """
        CREATE OR REPLACE TRIGGER run_trigrams_run AFTER UPDATE OF name, experiment_id ON runs
        FOR EACH ROW WHEN (NEW.name <> OLD.name OR NEW.experiment_id <> OLD.experiment_id)
        EXECUTE FUNCTION run_trigrams_run()
        """,
        """
        CREATE OR REPLACE TRIGGER run_trigrams_tag AFTER INSERT OR UPDATE ON run_tags
        FOR EACH ROW WHEN (NEW.key NOT LIKE 'mlflow.%' OR NEW.key = 'mlflow.note.content')
        EXECUTE FUNCTION run_trigrams_tag()
        """,
    ],
}

_NAMES = ("new", "run", "tag", "value")


def upgrade() -> None:
    """Make the table and the triggers, then note all runs. On PostgreSQL, each step may be done again."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    if sqlite:
        _make(sqlite)
        op.execute("INSERT INTO run_trigrams (run_id) SELECT id FROM runs")
        return
    with op.get_context().autocommit_block():  # a trigger waits for those who write to its table, for no other
        _make(sqlite)
        last = op.get_bind().scalar(sa.text("SELECT coalesce(max(id), 0) FROM runs"))
        for first in range(0, last + 1, PIECE):
            op.execute(
                f"INSERT INTO run_trigrams (run_id) SELECT id FROM runs WHERE id >= {first} AND id < {first + PIECE} "
                "ON CONFLICT DO NOTHING"
            )


def _make(sqlite: bool) -> None:
    op.create_table(
        "run_trigrams",
        sa.Column("run_id", number, nullable=False, autoincrement=False),
        sa.Column("trigrams", sa.ARRAY(sa.Integer).with_variant(sa.Text(), "sqlite")),
        sa.PrimaryKeyConstraint("run_id", name="pk_run_trigrams"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_trigrams_run_id_runs", ondelete="CASCADE"),
        if_not_exists=True,
    )
    if not sqlite:
        op.create_index("ix_run_trigrams", "run_trigrams", ["trigrams"], postgresql_using="gin", if_not_exists=True)
        due = sa.text("trigrams IS NULL")
        op.create_index("ix_run_trigrams_due", "run_trigrams", ["run_id"], postgresql_where=due, if_not_exists=True)
    for statement in _TEXTS_CHANGED[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Remove them."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE IF EXISTS run_words")
        for name in _NAMES:
            op.execute(f"DROP TRIGGER run_trigrams_{name}")
    else:
        for name, table in (("new", "runs"), ("run", "runs"), ("tag", "run_tags")):
            op.execute(f"DROP TRIGGER run_trigrams_{name} ON {table}")
            op.execute(f"DROP FUNCTION run_trigrams_{name}")
    op.drop_table("run_trigrams")
