"""Tables of experiments."""

from typing import Any

import sqlalchemy as sa

from runyard.core.lifecycle import LifecycleStage, ViewType
from runyard.db.conditions import number
from runyard.db.metadata import metadata

experiments = sa.Table(
    "experiments",
    metadata,
    sa.Column("experiment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("artifact_location", sa.Text, nullable=False),
    sa.Column("lifecycle_stage", sa.Text, nullable=False),
    sa.Column("creation_time", sa.BigInteger, nullable=False),
    sa.Column("last_update_time", sa.BigInteger, nullable=False),
    sa.Index("ix_experiments_stage_creation", "lifecycle_stage", sa.text("creation_time DESC"), "experiment_id"),
    sa.Index("ix_experiments_stage_change", "lifecycle_stage", "last_update_time", "experiment_id"),
    sqlite_autoincrement=True,  # the id of a removed experiment is not used again
)

experiment_tags = sa.Table(
    "experiment_tags",
    metadata,
    sa.Column("experiment_id", sa.ForeignKey(experiments.c.experiment_id, ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Index("ix_experiment_tags_key", "key", "experiment_id"),
    sqlite_with_rowid=False,
)


def shown_stage(column: sa.ColumnElement[str], view_type: str) -> sa.ColumnElement[bool]:
    """Whether a view shows the stage."""
    stages = LifecycleStage.view_type_to_stages(ViewType.from_string(view_type.lower()))
    return column == stages[0] if len(stages) == 1 else column.in_(stages)


def slash(begins: int, dialect: str) -> sa.ColumnElement[int]:
    """Number of characters before the first slash of a name from a place on, and it; 0 where there is none."""
    find = sa.func.strpos if dialect == "postgresql" else sa.func.instr
    rest = sa.func.substr(experiments.c.name, number(begins))
    return find(rest, sa.literal_column("'/'", sa.Text()), type_=sa.BigInteger)


def in_folder(dialect: str) -> sa.ColumnElement[bool]:
    """Whether an experiment stands in a folder: a slash at the beginning of a name belongs to what follows it."""
    return slash(2, dialect) > number(0)


for _dialect in ("sqlite", "postgresql"):
    _where: Any = in_folder(_dialect)
    _columns = (experiments.c.lifecycle_stage, experiments.c.name)
    sa.Index("ix_experiments_in_folders", *_columns, sqlite_where=_where, postgresql_where=_where).ddl_if(
        dialect=_dialect
    )
