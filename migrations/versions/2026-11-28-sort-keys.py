"""Indexes of runs by how long they took, and of params that are numbers by these."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

PART = "substr(value, 1, 200)"
NUMERALS = (
    r"^[ \t\n\v\f\r]*[-+]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?|"
    r"[0-9](?:\.[0-9]*)?[eE][-+]?(?:[12][0-9]{2}|30[0-7]))[ \t\n\v\f\r]*$"
)
NUMBER = {
    "sqlite": f"CASE WHEN ({PART} > CAST(-1e+308 AS REAL) AND {PART} < CAST(1e+308 AS REAL)) "
    f"THEN CAST({PART} AS REAL) ELSE NULL END",
    "postgresql": f"CASE WHEN ({PART} ~ '{NUMERALS}') THEN CAST({PART} AS DOUBLE PRECISION) ELSE NULL END",
}
"""The number that a param's text is; NULL for any other text."""
LASTED = {
    "sqlite": "CAST(end_time AS DOUBLE) - CAST(start_time AS DOUBLE)",
    "postgresql": "CAST(end_time AS DOUBLE PRECISION) - CAST(start_time AS DOUBLE PRECISION)",
}


ORDERED = {"sqlite": "", "postgresql": ' COLLATE "C"'}
"""What orders texts by the characters' numbers."""


def _indexes(dialect: str) -> dict[str, tuple[str, list[Any], str]]:
    numeral, ordered = NUMBER[dialect], ORDERED[dialect]
    text = sa.text(f"{PART}{ordered}")
    odd = f"{numeral} IS NULL AND (substr(value, 1, 1){ordered}) < ':'"
    return {
        "ix_runs_duration": ("runs", ["experiment_id", _expression(LASTED[dialect])], "end_time IS NOT NULL"),
        "ix_run_params_number": ("run_params", ["key", _expression(numeral), "run_id"], f"{numeral} IS NOT NULL"),
        "ix_run_params_odd": ("run_params", ["key", text, "run_id"], odd),
    }


def _expression(text: str) -> sa.ColumnElement[float]:
    return sa.literal_column(f"({text})", sa.Double())


def upgrade() -> None:
    """Create the indexes; on PostgreSQL beside the writers of a running server, which no lock keeps waiting."""
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        for name, (table, columns, where) in _indexes(dialect).items():
            op.create_index(name, table, columns, sqlite_where=sa.text(where))
        return
    with op.get_context().autocommit_block():
        for name, (table, columns, where) in _indexes(dialect).items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # one whose making was interrupted is not valid
            chosen = sa.text(where.replace(":", "\\:"))
            op.create_index(name, table, columns, postgresql_where=chosen, postgresql_concurrently=True)


def downgrade() -> None:
    """Drop them."""
    for name, (table, *_) in _indexes(op.get_bind().dialect.name).items():
        op.drop_index(name, table)
