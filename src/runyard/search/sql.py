"""Pieces of SQL that conditions and orders are made of. Values are always bound, never written into the statement."""

from typing import Any

import sqlalchemy as sa

from runyard.search.nodes import Comparison

_ORDERED = {"=": "__eq__", "!=": "__ne__", ">": "__gt__", ">=": "__ge__", "<": "__lt__", "<=": "__le__"}

Column = sa.ColumnElement[Any]


def compare(column: Column, comparison: Comparison, dialect: str) -> sa.ColumnElement[bool]:
    """The condition that a column stands in this relation to the comparison's value; false where the column is NULL."""
    operator, value = comparison.operator, comparison.value
    if operator in _ORDERED:
        condition: sa.ColumnElement[bool] = getattr(column, _ORDERED[operator])(value)
        return condition
    if operator == "IN":
        return column.in_(value)  # type: ignore[arg-type]
    if operator == "NOT IN":
        return column.not_in(value)  # type: ignore[arg-type]
    return _like(column, str(value), operator == "ILIKE", dialect)


def _like(column: Column, pattern: str, any_case: bool, dialect: str) -> sa.ColumnElement[bool]:
    """LIKE as MLflow has it: case counts unless ILIKE, ``%`` and ``_`` are wildcards, nothing escapes them."""
    if dialect == "postgresql":
        return column.ilike(pattern, escape="") if any_case else column.like(pattern, escape="")
    if any_case:
        return sa.func.runyard_fold(column).op("GLOB", is_comparison=True)(_as_glob(pattern.casefold()))
    return column.op("GLOB", is_comparison=True)(_as_glob(pattern))


def _as_glob(pattern: str) -> str:
    """A LIKE pattern as one of SQLite's GLOB, whose own wildcards are put in brackets."""
    glob = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}
    return "".join(glob.get(character, character) for character in pattern)


def binary(column: Column, dialect: str) -> Column:
    """A text column ordered by its characters' numbers, on every database alike."""
    return sa.collate(column, "C") if dialect == "postgresql" else column
