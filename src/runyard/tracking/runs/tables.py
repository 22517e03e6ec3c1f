"""Tables of runs, their params and tags."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import Grouping

from runyard.db.conditions import as_number, binary, number
from runyard.db.metadata import metadata
from runyard.tracking.experiments.tables import experiments
from runyard.tracking.runs.parents import PARENTS_CHANGED

run_number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""Type of the internal number that other tables refer to a run by; 32-digit ids would treble their size."""

INDEXED_LENGTH = 200
"""Characters of a text that an index holds: PostgreSQL takes no whole text over 2,700 bytes."""

indexed_part: sa.ColumnElement[str] = sa.literal_column("substr(value, 1, 200)")
"""The part of a param's or tag's text that is indexed."""


def _first_part(column: str) -> str:
    return f"substr({column}, 1, {INDEXED_LENGTH})"


def _sorted_part(column: str) -> str:
    """The same on PostgreSQL, by the characters' numbers: its databases each have an order of their own."""
    return f'{_first_part(column)} COLLATE "C"'


def where(condition: str | sa.ColumnElement[bool]) -> dict[str, Any]:
    """The rows that an index holds, on both databases."""
    chosen = sa.text(condition) if isinstance(condition, str) else condition
    return {"sqlite_where": chosen, "postgresql_where": chosen}


runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", run_number, primary_key=True),
    sa.Column("run_uuid", sa.Text, nullable=False, unique=True),
    sa.Column("experiment_id", sa.ForeignKey(experiments.c.experiment_id), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("start_time", sa.BigInteger, nullable=False),
    sa.Column("end_time", sa.BigInteger),
    sa.Column("deleted_time", sa.BigInteger),
    sa.Column("deleted_with_experiment", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("lifecycle_stage", sa.Text, nullable=False),
    sa.Column("artifact_uri", sa.Text, nullable=False),
    # Params and tags once more, as the JSON text that answers carry: a search reads one row a run instead of twenty.
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("removal_time", sa.BigInteger),  # when removal for good began: from then on it cannot be restored
    # The run it is nested in, where its tag names one that is in view with it; `parents.py` has what keeps it right.
    sa.Column("parent_id", run_number),
    # Spaces, as `rows.py` has them: beside a long document they keep the row at one size. Always NULL on PostgreSQL.
    sa.Column("slack", sa.Text),
    sa.Index("ix_runs_newest", "experiment_id", "lifecycle_stage", sa.text("start_time DESC"), "run_uuid"),
    # The same within a status: a search for one reads its newest runs only, and the runs of each are counted here.
    sa.Index("ix_runs_status", "experiment_id", "lifecycle_stage", "status", sa.text("start_time DESC"), "run_uuid"),
    # And those of each user.
    *(
        sa.Index(
            "ix_runs_user", "experiment_id", "lifecycle_stage", user, sa.text("start_time DESC"), "run_uuid"
        ).ddl_if(dialect=dialect)
        for dialect, user in (("sqlite", sa.text("user_id")), ("postgresql", sa.text('user_id COLLATE "C"')))
    ),
    # PostgreSQL counts the runs in view here: what entries have in common is stored once, each takes a few bytes.
    sa.Index("ix_runs_view", "experiment_id", "lifecycle_stage").ddl_if(dialect="postgresql"),
    # SQLite has its index of ids in this order.
    sa.Index("ix_runs_id", "experiment_id", sa.text('run_uuid COLLATE "C"')).ddl_if(dialect="postgresql"),
    sa.Index("ix_runs_name", "experiment_id", sa.text(_first_part("name"))).ddl_if(dialect="sqlite"),
    sa.Index("ix_runs_name", "experiment_id", sa.text(_sorted_part("name"))).ddl_if(dialect="postgresql"),
    sa.Index("ix_runs_ended", "experiment_id", "end_time", "lifecycle_stage", **where("end_time IS NOT NULL")),
    # Those that go on: a run leaves it when it ends, so the other orders hold those that have ended alone.
    sa.Index("ix_runs_open", "experiment_id", "start_time", **where("end_time IS NULL")),
    # Whether the run of a number is in view: SQLite would read a page for each, as rows are long.
    sa.Index("ix_runs_number", "id", "experiment_id", "lifecycle_stage", "parent_id").ddl_if(dialect="sqlite"),
    # The newest runs that are nested in none, and those that are nested in one.
    sa.Index(
        "ix_runs_top",
        "experiment_id",
        "lifecycle_stage",
        sa.text("start_time DESC"),
        "run_uuid",
        **where("parent_id IS NULL"),
    ),
    sa.Index(
        "ix_runs_nested",
        "experiment_id",
        "lifecycle_stage",
        "parent_id",
        sa.text("start_time DESC"),
        "run_uuid",
        **where("parent_id IS NOT NULL"),
    ),
)

LASTED: sa.ColumnElement[float] = sa.cast(runs.c.end_time, sa.Double()) - sa.cast(runs.c.start_time, sa.Double())
"""Milliseconds that a run took; NULL while it goes on. Any 64-bit integer may be a time: their difference may not."""

sa.Index("ix_runs_duration", runs.c.experiment_id, LASTED, **where("end_time IS NOT NULL"))


def _texts(name: str) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("run_id", sa.ForeignKey(runs.c.id, ondelete="CASCADE"), primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Index(f"ix_{name}_key_value", "key", sa.text(_first_part("value")), "run_id").ddl_if(dialect="sqlite"),
        sa.Index(f"ix_{name}_key_text", "key", sa.text(_sorted_part("value")), "run_id").ddl_if(dialect="postgresql"),
        sqlite_with_rowid=False,
    )


params = _texts("run_params")
tags = _texts("run_tags")

BEHIND_NUMBERS = ":"
"""No number begins with this character or one behind it, in the order of texts."""


def among_numbers(column: sa.ColumnElement[str], dialect: str) -> sa.ColumnElement[bool]:
    """Whether a text begins with a character that is none of those behind numbers."""
    first = sa.func.substr(column, number(1), number(1), type_=sa.Text())
    return binary(first, dialect) < sa.literal_column(f"'{BEHIND_NUMBERS}'", sa.Text())


for _dialect in ("sqlite", "postgresql"):
    _value = as_number(params.c.value, _dialect)
    # Params that are numbers, in the order of these.
    sa.Index(
        "ix_run_params_number", params.c.key, Grouping(_value), params.c.run_id, **where(_value.is_not(None))
    ).ddl_if(dialect=_dialect)
    # Texts that stand among them in the order of texts; those behind them follow each other there.
    _part = sa.text(_first_part("value") if _dialect == "sqlite" else _sorted_part("value"))
    sa.Index(
        "ix_run_params_odd",
        params.c.key,
        _part,
        params.c.run_id,
        **where(_value.is_(None) & among_numbers(params.c.value, _dialect)),
    ).ddl_if(dialect=_dialect)

run_trigrams = sa.Table(
    "run_trigrams",
    metadata,
    sa.Column("run_id", sa.ForeignKey(runs.c.id, ondelete="CASCADE"), primary_key=True, autoincrement=False),
    # PostgreSQL: what `texts.py` finds a run by; NULL: not read yet, or changed since.
    # SQLite: always NULL. The trigrams are in the full-text table `run_words`, and a run is here until it is there.
    sa.Column("trigrams", sa.ARRAY(sa.Integer).with_variant(sa.Text(), "sqlite")),
    sa.Index("ix_run_trigrams", "trigrams", postgresql_using="gin").ddl_if(dialect="postgresql"),
    sa.Index("ix_run_trigrams_due", "run_id", postgresql_where=sa.text("trigrams IS NULL")).ddl_if(
        dialect="postgresql"
    ),
)
"""The index of the texts that searches look for in runs. It is filled by what reads it, not by what writes runs."""

TEXTS_CHANGED = {
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
"""What notes that the texts of a run have changed, whichever server writes them.

SQLite would take an OR IGNORE of a trigger for what the statement says that fires it. Who changes a tag has locked the
run's row, as has `texts.py` when it reads the tags.
"""

for _dialect in ("sqlite", "postgresql"):
    for _statement in (*TEXTS_CHANGED[_dialect], *PARENTS_CHANGED[_dialect]):
        _made = sa.DDL(_statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
        sa.event.listen(tags, "after_create", _made.execute_if(dialect=_dialect))
