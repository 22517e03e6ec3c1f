"""Runs in the order of a search, read from an index piece by piece until a page is full.

A database that is asked for a page of a large experiment by a metric, or by conditions, tends to read every run. So the
numbers of runs are read from the index first, as many as the page may need, and the page is read among these alone.
A piece holds whole groups, all runs that share a value, so that what comes later belongs behind it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runyard.db.transaction import Transaction
from runyard.search.nodes import Comparison, OrderTerm
from runyard.tracking.runs.ranges import TABLES, in_index, in_range, indexed
from runyard.tracking.runs.tables import INDEXED_LENGTH, runs

MAX_GROUP = 5_000
"""Runs of one value that are read at once."""

MAX_PIECE = 1_000
"""Runs of one value that a piece holds by number. Of larger groups it holds the value."""


@dataclass(frozen=True)
class Group:
    """A piece that is all runs with one value of a metric, param or tag."""

    value: Any
    numbers: sa.Select[Any]


Piece = list[int] | Group
"""The numbers of the next runs in order, or all runs of the next value."""


class Size:
    """How many runs the next piece should hold; the reader of the pieces changes it between them."""

    def __init__(self, runs: int) -> None:
        self.runs = runs


class GroupTooLargeError(Exception):
    """A value is shared by more runs than a piece may hold."""


def newest_first(
    tx: Transaction, shown: Sequence[sa.ColumnElement[bool]], start: int | None, size: Size
) -> Iterator[Piece]:
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
        if not rows and more:
            raise GroupTooLargeError
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
) -> Iterator[Piece]:
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
    table = TABLES[term.kind]
    of_key = table.c.key == term.key
    if rank == 0 and not any(comparison.operator == "IS NULL" for comparison in own):
        stretch = [of_key, *(in_range(comparison, tx.dialect) for comparison in own if in_index(comparison))]
        if term.kind == "metric":
            stretch.append(table.c.value.is_not(None))
        value = table.c.value if term.kind == "metric" else indexed(table.c.value, tx.dialect)
        yield from _valued(tx, sa.select(table.c.run_id, value).where(*stretch), value, term.ascending, first, size)
    if rank < lacking_rank == 2 and not any(map(in_index, own)):
        yield limited(tx, sa.select(table.c.run_id).where(of_key, table.c.value.is_(None)))
    if any(comparison.operator != "IS NULL" for comparison in own):
        return
    lacking = [*shown, ~sa.exists().where(table.c.run_id == runs.c.id, table.c.key == term.key)]
    if only:
        yield from newest_first(tx, lacking, key[2] if key is not None and rank == lacking_rank else None, size)
    else:
        yield limited(tx, sa.select(runs.c.id).where(*lacking))


def limited(tx: Transaction, chosen: sa.Select[Any]) -> list[int]:
    """The numbers that a statement selects.

    Raises
    ------
    GroupTooLargeError: They are too many.
    """
    rows = tx.execute(chosen.limit(MAX_GROUP + 1)).all()
    if len(rows) > MAX_GROUP:
        raise GroupTooLargeError
    return [row[0] for row in rows]


def by_name(
    tx: Transaction, experiment: sa.ColumnElement[bool], ascending: bool, first: str | None, size: Size
) -> Iterator[Piece]:
    """Numbers of the runs of one experiment by name, from a name on.

    Raises
    ------
    GroupTooLargeError: Too many runs have the same name.
    """
    name = indexed(runs.c.name, tx.dialect)
    yield from _valued(tx, sa.select(runs.c.id, name).where(experiment), name, ascending, first, size)


def by_end(
    tx: Transaction,
    shown: Sequence[sa.ColumnElement[bool]],
    ascending: bool,
    key: Sequence[Any] | None,
    size: Size,
    only: bool,
) -> Iterator[Piece]:
    """Numbers of the runs of one experiment by end time; those that have not ended come last.

    Parameters
    ----------
    shown, key, only: As of `by_value`; the first part of `key` is whether the run has not ended.

    Raises
    ------
    GroupTooLargeError: Too many runs ended in the same millisecond.
    """
    end = runs.c.end_time
    if key is None or key[0] == 0:
        ended = sa.select(runs.c.id, end).where(shown[0], end.is_not(None))
        yield from _valued(tx, ended, end, ascending, None if key is None else key[1], size)
    if only:
        yield from newest_first(tx, [*shown, end.is_(None)], key[2] if key is not None and key[0] else None, size)
    else:
        yield limited(tx, sa.select(runs.c.id).where(*shown, end.is_(None)))


def _valued(
    tx: Transaction, chosen: sa.Select[Any], value: sa.ColumnElement[Any], ascending: bool, first: Any, size: Size
) -> Iterator[Piece]:
    """Numbers of runs that a statement selects with their values, in the order of these, from a value on."""
    ordered = chosen.order_by(value.asc() if ascending else value.desc())
    bounded = ordered
    if first is not None:
        begin = first[:INDEXED_LENGTH] if isinstance(first, str) else first
        bounded = ordered.where(value >= begin if ascending else value <= begin)
    while True:
        rows, more = _whole_groups(tx, bounded, size)
        if not rows and more:
            last = tx.execute(bounded.limit(1)).one()[1]
            yield Group(last, chosen.where(value == last))
        else:
            yield [row[0] for row in rows]
            if not more:
                return
            last = rows[-1][1]
        bounded = ordered.where(value > last if ascending else value < last)


def _whole_groups(tx: Transaction, chosen: sa.Select[Any], size: Size) -> tuple[list[Any], bool]:
    """The first rows of a statement without the last, unfinished group, and whether there are more rows.

    No rows when the first group is too large.
    """
    for limit in (size.runs, max(size.runs, MAX_PIECE)):
        rows = list(tx.execute(chosen.limit(limit + 1)))
        if len(rows) <= limit:
            return rows, False
        whole = [row for row in rows if row[1] != rows[-1][1]]
        if whole:
            return whole, True
    return [], True
