"""Pieces of SQL that conditions and orders are made of. Values are always bound, never written into the statement."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.dialects import one_of_values
from runyard.exceptions import InvalidParameter
from runyard.search.nodes import Comparison

MAX_PATTERN_BYTES = 50_000  # SQLite's limit

MAX_BOUND = 100
"""Values of a list that are bound one by one; databases limit how many a statement may have."""

MAX_JOINED = 5
"""Maximum number of conditions on other tables that PostgreSQL may plan as joins; planning 100 takes five seconds."""

Column = sa.ColumnElement[Any]

_ORDERED: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def compare(column: Column, comparison: Comparison, dialect: str) -> sa.ColumnElement[bool]:
    """The condition that a column stands in this relation to the comparison's value; never true where it is NULL.

    Raises
    ------
    InvalidParameter: A pattern of LIKE is too long for the database.
    """
    asked, value = comparison.operator, comparison.value
    if asked in _ORDERED:
        condition: sa.ColumnElement[bool] = _ORDERED[asked](column, value)
        return condition
    if isinstance(value, tuple):
        among = column.in_(value) if len(value) <= MAX_BOUND else one_of_values(dialect, column, value)
        return among if asked == "IN" else sa.not_(among)
    return _like(column, str(value), asked == "ILIKE", dialect)


def plannable(conditions: Sequence[sa.ColumnElement[bool]], dialect: str) -> list[sa.ColumnElement[bool]]:
    """The same conditions, such that planning the statement stays quick: the first few may become joins."""
    if dialect != "postgresql":
        return list(conditions)
    return [*conditions[:MAX_JOINED], *(condition.is_(sa.true()) for condition in conditions[MAX_JOINED:])]


def binary(column: Column, dialect: str) -> Column:
    """A text column ordered by its characters' numbers, on every database alike."""
    return sa.collate(column, "C") if dialect == "postgresql" else column


def number(value: int | float) -> Column:
    """A constant of ours, written into the statement so that the database can plan with it."""
    return sa.literal_column(repr(value), sa.Double() if isinstance(value, float) else sa.BigInteger())


def _like(column: Column, pattern: str, any_case: bool, dialect: str) -> sa.ColumnElement[bool]:
    """LIKE as MLflow has it: case counts unless ILIKE, ``%`` and ``_`` are wildcards, nothing escapes them."""
    if dialect == "postgresql":
        # The collation makes ILIKE know the case of all letters, also in a database that was made with the C locale.
        return (
            sa.collate(column, "und-x-icu").ilike(pattern, escape="") if any_case else column.like(pattern, escape="")
        )
    glob = _as_glob(pattern.lower() if any_case else pattern)
    subject = sa.func.runyard_lower(column) if any_case else column
    return subject.op("GLOB", is_comparison=True, return_type=sa.Boolean())(glob)


def _as_glob(pattern: str) -> str:
    """A LIKE pattern as one of SQLite's GLOB, where case counts; its own wildcards are put in brackets."""
    glob = pattern.translate(_GLOB)
    if len(glob.encode()) > MAX_PATTERN_BYTES:
        raise InvalidParameter(f"A pattern of LIKE may take {MAX_PATTERN_BYTES} bytes at most. Shorten it.")
    return glob


_GLOB = str.maketrans({"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"})
