"""Conditions on runs that are one range of an index: what they find is read from there when it is little."""

from typing import Any

import sqlalchemy as sa

from runyard.db.conditions import compare, number
from runyard.db.transaction import Transaction
from runyard.search.nodes import Comparison
from runyard.tracking.metrics.tables import metric_series
from runyard.tracking.runs.tables import INDEXED_LENGTH, params, runs, tags

TABLES = {"metric": metric_series, "param": params, "tag": tags}

MAX_FOUND = 1_000
"""Runs of a range that are looked up one by one; above that, runs are tested as they come."""

MAX_RANGES = 3
"""Conditions of a search whose ranges are tried, so that a search of many conditions takes no more statements."""

_ORDERED = frozenset(("=", ">", ">=", "<", "<="))


def indexed(table: sa.Table) -> sa.ColumnElement[str]:
    """The part of a param's or tag's text that is indexed."""
    return sa.func.substr(table.c.value, number(1), number(INDEXED_LENGTH))


def in_index(comparison: Comparison) -> bool:
    """Whether the runs that a condition finds are one range of an index."""
    if comparison.kind == "attribute":
        return comparison.key == "run_id" and comparison.operator in {"=", "IN"}
    return comparison.operator in _ORDERED if comparison.kind == "metric" else _is_equality(comparison)


def _is_equality(comparison: Comparison) -> bool:
    return comparison.kind in TABLES and comparison.operator == "="


def in_range(comparison: Comparison, dialect: str) -> sa.ColumnElement[bool]:
    """The condition on the table of metrics, params or tags that bounds the range, besides that on the key."""
    table = TABLES[comparison.kind]
    if comparison.kind == "metric":
        return compare(table.c.value, comparison, dialect)
    return equal_text(table, str(comparison.value))


def equal_text(table: sa.Table, text: str) -> sa.ColumnElement[bool]:
    """Whether a param or tag has this text. The index tells; only a longer text needs a look at all of it."""
    first = indexed(table) == text[:INDEXED_LENGTH]
    if len(text) < INDEXED_LENGTH:
        return first
    # Compared with a plain column, SQLite would put the text into the condition above and not see the index any more.
    return sa.and_(first, table.c.value.concat(sa.literal_column("''")) == text)


def few_runs(tx: Transaction, comparisons: list[Comparison]) -> list[int] | None:
    """Numbers of the runs among which all matches are; None when each condition finds many, or is not in an index.

    One statement a condition, three at most.
    """
    ranges = sorted(filter(in_index, comparisons), key=lambda comparison: comparison.operator not in {"=", "IN"})
    for comparison in ranges[:MAX_RANGES]:
        found = tx.execute(_range(comparison, tx.dialect).limit(MAX_FOUND + 1)).all()
        if len(found) <= MAX_FOUND:
            return [row[0] for row in found]
    return None


def _range(comparison: Comparison, dialect: str) -> sa.Select[Any]:
    if comparison.kind == "attribute":
        return sa.select(runs.c.id).where(compare(runs.c.run_uuid, comparison, dialect))
    table = TABLES[comparison.kind]
    return sa.select(table.c.run_id).where(table.c.key == comparison.key, in_range(comparison, dialect))
