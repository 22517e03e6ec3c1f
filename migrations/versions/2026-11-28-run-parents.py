"""The run that a run is nested in, as a column that triggers keep right.

Runs that are there are filled in piece by piece; a server of the version before may go on writing meanwhile.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PIECE = 20_000
"""Runs that are looked at in one transaction on PostgreSQL."""
_NEWEST: list[sa.TextClause | str] = [sa.text("start_time DESC"), "run_uuid"]
_INDEXES: dict[str, tuple[list[sa.TextClause | str], str]] = {
    "ix_runs_top": (["experiment_id", "lifecycle_stage", *_NEWEST], "parent_id IS NULL"),
    "ix_runs_nested": (["experiment_id", "lifecycle_stage", "parent_id", *_NEWEST], "parent_id IS NOT NULL"),
}

_PARENT = """(
                SELECT parent.id FROM run_tags AS tag JOIN runs AS parent ON parent.run_uuid = tag.value
                WHERE tag.run_id = runs.id AND tag.key = 'mlflow.parentRunId' AND parent.id <> runs.id
                    AND parent.experiment_id + 0 = runs.experiment_id AND parent.lifecycle_stage = runs.lifecycle_stage
                    AND NOT (
                        EXISTS (
                            SELECT 1 FROM runs AS child WHERE child.experiment_id = runs.experiment_id
                                AND child.lifecycle_stage = runs.lifecycle_stage AND child.parent_id = runs.id
                        )
                        AND runs.id IN (
                            WITH RECURSIVE above (id) AS (
                                SELECT parent.parent_id
                                UNION SELECT higher.parent_id FROM runs AS higher JOIN above ON higher.id = above.id
                            )
                            SELECT id FROM above WHERE id IS NOT NULL
                        )
                    )
            )"""
_CHILDREN = """
                SELECT run_id FROM run_tags
                WHERE key = 'mlflow.parentRunId' AND substr(value, 1, 200) = NEW.run_uuid
"""

_PARENTS_CHANGED = {
    "sqlite": [
        f"""
        CREATE TRIGGER run_parents_tag AFTER INSERT ON run_tags WHEN NEW.key = 'mlflow.parentRunId' BEGIN
            UPDATE runs SET parent_id = {_PARENT} WHERE id = NEW.run_id;
        END
        """,
        f"""
        CREATE TRIGGER run_parents_value AFTER UPDATE ON run_tags
        WHEN NEW.key = 'mlflow.parentRunId' AND NEW.value <> OLD.value BEGIN
            UPDATE runs SET parent_id = {_PARENT} WHERE id = NEW.run_id;
        END
        """,
        """
        CREATE TRIGGER run_parents_untagged AFTER DELETE ON run_tags WHEN OLD.key = 'mlflow.parentRunId' BEGIN
            UPDATE runs SET parent_id = NULL WHERE id = OLD.run_id AND parent_id IS NOT NULL;
        END
        """,
        f"""
        CREATE TRIGGER run_parents_new AFTER INSERT ON runs WHEN EXISTS ({_CHILDREN}) BEGIN
            UPDATE runs SET parent_id = NEW.id
            WHERE id IN ({_CHILDREN}) AND id <> NEW.id AND parent_id IS NULL
                AND experiment_id + 0 = NEW.experiment_id AND lifecycle_stage || '' = NEW.lifecycle_stage;
        END
        """,
        f"""
        CREATE TRIGGER run_parents_moved AFTER UPDATE OF lifecycle_stage, experiment_id ON runs
        WHEN NEW.experiment_id <> OLD.experiment_id OR (
            NEW.lifecycle_stage <> OLD.lifecycle_stage AND (
                NEW.deleted_with_experiment = OLD.deleted_with_experiment
                OR NEW.lifecycle_stage
                    <> (SELECT lifecycle_stage FROM experiments WHERE experiment_id = NEW.experiment_id)
            )
        ) BEGIN
            UPDATE runs SET parent_id = NULL
            WHERE experiment_id = OLD.experiment_id AND lifecycle_stage = OLD.lifecycle_stage AND parent_id = OLD.id;
            UPDATE runs SET parent_id = {_PARENT} WHERE id = NEW.id;
            UPDATE runs SET parent_id = NEW.id
            WHERE id IN ({_CHILDREN}) AND parent_id IS NULL
                AND experiment_id + 0 = NEW.experiment_id AND lifecycle_stage || '' = NEW.lifecycle_stage
                AND id NOT IN (
                    WITH RECURSIVE above (id) AS (
                        SELECT NEW.id
                        UNION SELECT higher.parent_id FROM runs AS higher JOIN above ON higher.id = above.id
                    )
                    SELECT id FROM above WHERE id IS NOT NULL
                );
        END
        """,
        """
        CREATE TRIGGER run_parents_gone AFTER DELETE ON runs BEGIN
            UPDATE runs SET parent_id = NULL
            WHERE experiment_id = OLD.experiment_id AND lifecycle_stage = OLD.lifecycle_stage AND parent_id = OLD.id;
        END
        """,
    ],
    "postgresql": [
        """
        CREATE OR REPLACE FUNCTION run_parents_set(number bigint) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            run record;
            above bigint;
        BEGIN
            SELECT runs.experiment_id, runs.lifecycle_stage, tag.value INTO run
            FROM runs LEFT JOIN run_tags AS tag ON tag.run_id = runs.id AND tag.key = 'mlflow.parentRunId'
            WHERE runs.id = number;
            SELECT parent.id INTO above FROM runs AS parent
            WHERE parent.run_uuid = run.value AND parent.id <> number
                AND parent.experiment_id + 0 = run.experiment_id AND parent.lifecycle_stage || '' = run.lifecycle_stage;
            IF above IS NOT NULL AND EXISTS (
                SELECT FROM runs WHERE experiment_id = run.experiment_id AND lifecycle_stage = run.lifecycle_stage
                    AND parent_id = number
            ) AND number IN (
                WITH RECURSIVE higher (id) AS (
                    SELECT above UNION SELECT runs.parent_id FROM runs JOIN higher ON runs.id = higher.id
                )
                SELECT id FROM higher WHERE id IS NOT NULL
            ) THEN
                above := NULL;
            END IF;
            UPDATE runs SET parent_id = above WHERE id = number AND parent_id IS DISTINCT FROM above;
        END $$
        """,
        """
        CREATE OR REPLACE FUNCTION run_parents_find(above bigint, uuid text, experiment bigint, stage text)
        RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            children bigint[] := ARRAY(
                SELECT run_id FROM run_tags
                WHERE key = 'mlflow.parentRunId' AND substr(value, 1, 200) COLLATE "C" = uuid
            );
        BEGIN
            IF children <> '{}' THEN
                UPDATE runs SET parent_id = above
                WHERE id = ANY (children) AND parent_id IS NULL
                    AND experiment_id + 0 = experiment AND lifecycle_stage || '' = stage
                    AND id NOT IN (
                        WITH RECURSIVE higher (id) AS (
                            SELECT above UNION SELECT runs.parent_id FROM runs JOIN higher ON runs.id = higher.id
                        )
                        SELECT id FROM higher WHERE id IS NOT NULL
                    );
            END IF;
        END $$
        """,
        """
        CREATE OR REPLACE FUNCTION run_parents_tag() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM run_parents_set(CASE TG_OP WHEN 'DELETE' THEN OLD.run_id ELSE NEW.run_id END);
            RETURN NULL;
        END $$
        """,
        """
        CREATE OR REPLACE FUNCTION run_parents_new() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM run_parents_find(NEW.id, NEW.run_uuid, NEW.experiment_id, NEW.lifecycle_stage);
            RETURN NULL;
        END $$
        """,
        """
        CREATE OR REPLACE FUNCTION run_parents_moved() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.experiment_id = OLD.experiment_id AND NEW.deleted_with_experiment <> OLD.deleted_with_experiment
                AND NEW.lifecycle_stage
                    = (SELECT lifecycle_stage FROM experiments WHERE experiment_id = NEW.experiment_id)
            THEN
                RETURN NULL;
            END IF;
            UPDATE runs SET parent_id = NULL
            WHERE experiment_id = OLD.experiment_id AND lifecycle_stage = OLD.lifecycle_stage AND parent_id = OLD.id;
            PERFORM run_parents_set(NEW.id);
            PERFORM run_parents_find(NEW.id, NEW.run_uuid, NEW.experiment_id, NEW.lifecycle_stage);
            RETURN NULL;
        END $$
        """,
        """
        CREATE OR REPLACE FUNCTION run_parents_gone() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE runs SET parent_id = NULL
            WHERE experiment_id = OLD.experiment_id AND lifecycle_stage = OLD.lifecycle_stage AND parent_id = OLD.id;
            RETURN NULL;
        END $$
        """,
        """
        CREATE OR REPLACE TRIGGER run_parents_tag AFTER INSERT OR UPDATE ON run_tags
        FOR EACH ROW WHEN (NEW.key = 'mlflow.parentRunId') EXECUTE FUNCTION run_parents_tag()
        """,
        """
        CREATE OR REPLACE TRIGGER run_parents_untagged AFTER DELETE ON run_tags
        FOR EACH ROW WHEN (OLD.key = 'mlflow.parentRunId') EXECUTE FUNCTION run_parents_tag()
        """,
        """
        CREATE OR REPLACE TRIGGER run_parents_new AFTER INSERT ON runs FOR EACH ROW EXECUTE FUNCTION run_parents_new()
        """,
        """
        CREATE OR REPLACE TRIGGER run_parents_moved AFTER UPDATE OF lifecycle_stage, experiment_id ON runs
        FOR EACH ROW WHEN (
            NEW.experiment_id <> OLD.experiment_id OR NEW.lifecycle_stage <> OLD.lifecycle_stage
        ) EXECUTE FUNCTION run_parents_moved()
        """,
        """
        CREATE OR REPLACE TRIGGER run_parents_gone AFTER DELETE ON runs FOR EACH ROW EXECUTE FUNCTION run_parents_gone()
        """,
    ],
}

_TRIGGERS = {
    "run_parents_tag": "run_tags",
    "run_parents_value": "run_tags",
    "run_parents_untagged": "run_tags",
    "run_parents_new": "runs",
    "run_parents_moved": "runs",
    "run_parents_gone": "runs",
}

_EARLIER = """
    SELECT tag.run_id, parent.id AS parent_id
    FROM run_tags AS tag JOIN runs AS child ON child.id = tag.run_id JOIN runs AS parent ON parent.run_uuid = tag.value
    WHERE tag.key = 'mlflow.parentRunId' AND tag.run_id >= :first AND tag.run_id < :last AND parent.id < tag.run_id
        AND parent.experiment_id + 0 = child.experiment_id AND parent.lifecycle_stage || '' = child.lifecycle_stage
"""
_FILL = f"""
    UPDATE runs SET parent_id = found.parent_id FROM ({_EARLIER}) AS found
    WHERE runs.id = found.run_id AND runs.parent_id IS NULL
"""
"""Nests runs in runs that were made before them: no circle can come of that."""
_LATER = """
    SELECT tag.run_id FROM run_tags AS tag JOIN runs AS parent ON parent.run_uuid = tag.value
    WHERE tag.key = 'mlflow.parentRunId' AND parent.id > tag.run_id ORDER BY tag.run_id
"""


def upgrade() -> None:
    """Add the column, its indexes and the triggers, then fill it. On PostgreSQL, each step may be done again."""
    bind = op.get_bind()
    if bind.dialect.name == "sqlite":
        op.add_column("runs", sa.Column("parent_id", number))
        _trigger()
        _fill_earlier()
        for name, (columns, where) in _INDEXES.items():
            op.create_index(name, "runs", columns, sqlite_where=sa.text(where))
        op.drop_index("ix_runs_number", "runs")
        op.create_index("ix_runs_number", "runs", ["id", "experiment_id", "lifecycle_stage", "parent_id"])
        _fill_others(f"UPDATE runs SET parent_id = {_PARENT} WHERE id = :run")
        return
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE runs ADD COLUMN IF NOT EXISTS parent_id bigint")
        for name, (columns, where) in _INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # one whose making was interrupted is not valid
            op.create_index(name, "runs", columns, postgresql_where=sa.text(where), postgresql_concurrently=True)
        _trigger()
        _fill_earlier()
        _fill_others("SELECT run_parents_set(:run)")


def _trigger() -> None:
    dialect = op.get_bind().dialect.name
    statements = _PARENTS_CHANGED[dialect]
    for statement in statements if dialect == "sqlite" else (";".join(statements),):  # all at once, where that is known
        op.execute(statement)


def _fill_earlier() -> None:
    """Nest the runs that are nested in earlier ones."""
    bind = op.get_bind()
    last = bind.scalar(sa.text("SELECT coalesce(max(id), 0) FROM runs"))
    for first in range(0, last + 1, PIECE):
        bind.execute(sa.text(_FILL), {"first": first, "last": first + PIECE})


def _fill_others(one: str) -> None:
    """Nest the others one by one, with the statement for one."""
    bind = op.get_bind()
    for run in bind.scalars(sa.text(_LATER)).all():
        bind.execute(sa.text(one), {"run": run})


def downgrade() -> None:
    """Remove them."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name, table in _TRIGGERS.items():
        op.execute(f"DROP TRIGGER {name}" if sqlite else f"DROP TRIGGER IF EXISTS {name} ON {table}")
    if sqlite:
        op.drop_index("ix_runs_number", "runs")
        op.create_index("ix_runs_number", "runs", ["id", "experiment_id", "lifecycle_stage"])
    else:
        for name in ("tag", "new", "moved", "gone"):
            op.execute(f"DROP FUNCTION run_parents_{name}()")
        op.execute("DROP FUNCTION run_parents_set(bigint)")
        op.execute("DROP FUNCTION run_parents_find(bigint, text, bigint, text)")
    for name in _INDEXES:
        op.drop_index(name, "runs")
    op.execute("ALTER TABLE runs DROP COLUMN parent_id")
