"""Runs in the order of a search, read from an index piece by piece until a page is full.

A database that is asked for a page of a large experiment by a metric, or by conditions, tends to read every run. So the
numbers of runs are read from the index first, as many as the page may need, and the page is read among these alone.
A piece holds whole groups, all runs that share a value, so that what comes later belongs behind it.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.transaction import Transaction
from runyard.search.nodes import Comparison, OrderTerm
from runyard.tracking.metrics.tables import metric_series
from runyard.tracking.runs.ranges import TABLES, in_index, in_range, indexed
from runyard.tracking.runs.tables import INDEXED_LENGTH, runs

MAX_GROUP = 5_000
"""Runs of one value that are read at once; an experiment with larger groups is left to the database."""


class Size:
    """How many runs the next piece should hold; the reader of the pieces changes it between them."""

    def __init__(self, runs: int) -> None:
        self.runs = runs


class GroupTooLargeError(Exception):
    """A value is shared by more runs than a piece may hold."""


def newest_first(
    tx: Transaction, shown: Sequence[sa.ColumnElement[bool]], start: int | None, size: Size
) -> Iterator[list[int]]:
    """Numbers of runs by start time, newest first.

    Parameters
    ----------
    shown: The conditions on experiment and lifecycle stage.
    start: The start time where it begins; the newest run without one.

    Raises
    ------
    GroupTooLargeError: Too many runs started in the same millisecond.
    """
    bound = [] if start is None else [runs.c.start_time <= start]
    started = runs.c.start_time
    while True:
        chosen = sa.select(runs.c.id, started).where(*shown, *bound).order_by(started.desc())
        rows, more = _whole_groups(tx, chosen, size)
        yield [row[0] for row in rows]
        if not more:
            return
        bound = [started < rows[-1][1]]


def by_value(
    tx: Transaction,
    shown: Sequence[sa.ColumnElement[bool]],
    term: OrderTerm,
    comparisons: Sequence[Comparison],
    key: Sequence[Any] | None,
    size: Size,
    only: bool = True,
) -> Iterator[list[int]]:
    """Numbers of runs by a metric, param or tag; those without a value come last, NaN before those without the key.

    Parameters
    ----------
    shown: The conditions on experiment and lifecycle stage.
    comparisons: The conditions of the search; those on the same key bound the walk.
    key: The sort key of the run behind which it begins, as page tokens hold it.
    only: Whether nothing else is ordered by, so that runs of the same value come newest first.

    Raises
    ------
    GroupTooLargeError: Too many runs have the same value.
    """
    own = [comparison for comparison in comparisons if (comparison.kind, comparison.key) == (term.kind, term.key)]
    rank, first = (int(key[0]), key[1]) if key is not None else (0, None)
    lacking_rank = 2 if term.kind == "metric" else 1
    if rank == 0 and not any(comparison.operator == "IS NULL" for comparison in own):
        yield from _valued(tx, term, own, first, size)
    if rank < lacking_rank == 2 and not any(map(in_index, own)):
        of_key = (metric_series.c.key == term.key, metric_series.c.value.is_(None))
        yield _limited(tx, sa.select(metric_series.c.run_id).where(*of_key))
    if any(comparison.operator != "IS NULL" for comparison in own):
        return
    table = TABLES[term.kind]
    lacking = [*shown, ~sa.exists().where(table.c.run_id == runs.c.id, table.c.key == term.key)]
    if only:
        yield from newest_first(tx, lacking, key[2] if key is not None and rank == lacking_rank else None, size)
    else:
        yield _limited(tx, sa.select(runs.c.id).where(*lacking))


def _limited(tx: Transaction, chosen: sa.Select[Any]) -> list[int]:
    rows = tx.execute(chosen.limit(MAX_GROUP + 1)).all()
    if len(rows) > MAX_GROUP:
        raise GroupTooLargeError
    return [row[0] for row in rows]


def _valued(tx: Transaction, term: OrderTerm, own: Sequence[Comparison], first: Any, size: Size) -> Iterator[list[int]]:
    table = TABLES[term.kind]
    metric = term.kind == "metric"
    value = table.c.value if metric else indexed(table)
    stretch = [
        table.c.key == term.key,
        *(in_range(comparison, tx.dialect) for comparison in own if in_index(comparison)),
    ]
    if metric:
        stretch.append(value.is_not(None))
    bound: list[sa.ColumnElement[bool]] = []
    if first is not None:
        begins = first if metric else first[:INDEXED_LENGTH]
        bound = [value >= begins if term.ascending else value <= begins]
    while True:
        chosen = sa.select(table.c.run_id, value).where(*stretch, *bound)
        chosen = chosen.order_by(value.asc() if term.ascending else value.desc())
        rows, more = _whole_groups(tx, chosen, size)
        yield [row[0] for row in rows]
        if not more:
            return
        last = rows[-1][1]
        bound = [value > last if term.ascending else value < last]


def _whole_groups(tx: Transaction, chosen: sa.Select[Any], size: Size) -> tuple[list[Any], bool]:
    """The first rows of a statement without the last, unfinished group, and whether there are more rows."""
    for limit in (size.runs, MAX_GROUP):
        rows = list(tx.execute(chosen.limit(limit + 1)))
        if len(rows) <= limit:
            return rows, False
        last = rows[-1][1]
        whole = [row for row in rows if row[1] != last]
        if whole:
            return whole, True
    raise GroupTooLargeError
