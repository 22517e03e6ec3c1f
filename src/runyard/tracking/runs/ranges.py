"""Conditions on runs that are one range of an index: what they find is read from there when it is little."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.conditions import binary, compare, number
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
_ATTRIBUTES = {"run_id": {"=", "IN"}, "run_name": {"="}, "status": {"="}}


def indexed(column: sa.ColumnElement[str], dialect: str) -> sa.ColumnElement[str]:
    """The part of a text that is indexed, as the indexes of `tables.py` have it."""
    return binary(sa.func.substr(column, number(1), number(INDEXED_LENGTH)), dialect)


def in_index(comparison: Comparison) -> bool:
    """Whether the runs that a condition finds are one range of an index."""
    if comparison.kind == "attribute":
        return comparison.operator in _ATTRIBUTES.get(comparison.key, ())
    if comparison.kind == "metric":
        return comparison.operator in _ORDERED
    return comparison.kind in TABLES and comparison.operator == "="


def in_range(comparison: Comparison, dialect: str) -> sa.ColumnElement[bool]:
    """The condition on the table of metrics, params or tags that bounds the range, besides that on the key."""
    table = TABLES[comparison.kind]
    if comparison.kind == "metric":
        return compare(table.c.value, comparison, dialect)
    return equal_text(table.c.value, str(comparison.value), dialect)


def equal_text(column: sa.ColumnElement[str], text: str, dialect: str) -> sa.ColumnElement[bool]:
    """Whether a column has this text. The index tells; only a longer text needs a look at all of it."""
    first = indexed(column, dialect) == text[:INDEXED_LENGTH]
    if len(text) < INDEXED_LENGTH:
        return first
    # Compared with a plain column, SQLite would put the text into the condition above and not see the index any more.
    return sa.and_(first, column.concat(sa.literal_column("''")) == text)


def few_runs(
    tx: Transaction, comparisons: Sequence[Comparison], shown: Sequence[sa.ColumnElement[bool]], several: bool
) -> list[int] | None:
    """Numbers of the runs among which all matches are; None when there are many, and no condition finds few of them.

    One statement for each condition that is in an index, three at most, and one for all runs.

    Parameters
    ----------
    shown: The conditions on experiment and lifecycle stage.
    several: Whether they are on several experiments.
    """
    in_view = sa.select(runs.c.id).where(*shown)
    if not several:
        in_view = in_view.order_by(runs.c.start_time.desc())  # so that PostgreSQL does not read the whole table
    ranges = sorted(filter(in_index, comparisons), key=lambda comparison: comparison.operator not in {"=", "IN"})
    choices = [_range(comparison, tx.dialect, shown) for comparison in ranges[:MAX_RANGES]]
    for chosen in [*choices, in_view]:
        found = tx.execute(chosen.limit(MAX_FOUND + 1)).all()
        if len(found) <= MAX_FOUND:
            return [row[0] for row in found]
    return None


def _range(comparison: Comparison, dialect: str, shown: Sequence[sa.ColumnElement[bool]]) -> sa.Select[Any]:
    if comparison.kind != "attribute":
        table = TABLES[comparison.kind]
        chosen = sa.select(table.c.run_id).where(table.c.key == comparison.key, in_range(comparison, dialect))
        # In the order of the index, or PostgreSQL reads the whole table where it believes that many match.
        return chosen.order_by(table.c.value) if comparison.kind == "metric" else chosen
    chosen = sa.select(runs.c.id)
    if comparison.key == "run_name":
        return chosen.where(shown[0], equal_text(runs.c.name, str(comparison.value), dialect))
    if comparison.key == "status":
        return chosen.where(*shown, compare(runs.c.status, comparison, dialect))
    return chosen.where(compare(runs.c.run_uuid, comparison, dialect))
