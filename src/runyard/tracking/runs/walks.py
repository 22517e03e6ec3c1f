"""Runs in the order of a search, read from an index piece by piece until a page is full.

A database that is asked for a page of a large experiment by a metric, or by conditions, tends to read every run. So the
numbers of runs are read from the index first, as many as the page may need, and the page is read among these alone.
A piece holds whole groups, all runs that share a value, so that what comes later belongs behind it.
"""

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runyard.db.conditions import as_number
from runyard.db.transaction import Transaction
from runyard.search.nodes import Comparison, OrderTerm
from runyard.tracking.runs.ranges import TABLES, in_index, in_range, indexed
from runyard.tracking.runs.tables import BEHIND_NUMBERS, INDEXED_LENGTH, LASTED, among_numbers, runs

MAX_GROUP = 5_000
"""Runs of one value that are read at once."""


@dataclass(frozen=True)
class Group:
    """A piece that is all runs with one value of a metric, param or tag, or with one name or end time.

    Attributes
    ----------
    numbers: Selects their numbers, of those that are not in view as well.
    """

    value: Any
    numbers: sa.Select[Any]


class Tested(list[int]):
    """A piece of runs that are in view and meet all conditions."""


Piece = list[int] | Tested | Group
"""The numbers of the next runs in order, or all runs of the next value."""


_LOWER, _UPPER = frozenset((">", ">=")), frozenset(("<", "<="))

_ROUNDED, _MAX_TIME = 2048.0, 2.0**62

Tests = Callable[[sa.ColumnElement[int]], Sequence[sa.ColumnElement[bool]]]
"""The conditions on the run of a number."""


@dataclass
class Step:
    """How far to go for the next piece; the reader of the pieces changes it between them.

    Attributes
    ----------
    entries: Entries of the index to look at. When there are more and it is 0, the walk has been too long.
    wanted: Number of runs that match to stop at.
    """

    entries: int
    wanted: int


Walk = Callable[[Step], Iterator[Piece]]
"""Leads through runs in order, as far as its steps go."""


class WalkTooLongError(Exception):
    """A walk would look at too many runs."""


def newest_first(
    tx: Transaction, chosen: Sequence[sa.ColumnElement[bool]], start: int | None, step: Step
) -> Iterator[Piece]:
    """Numbers of runs by start time, newest first.

    Parameters
    ----------
    chosen: The conditions on them.
    start: The start time where it begins; the newest run without one.

    Raises
    ------
    WalkTooLongError: Too many runs started in the same millisecond, or there are more than the walk may look at.
    """
    bound = [] if start is None else [runs.c.start_time <= start]
    started = runs.c.start_time
    while step.entries:
        newest = sa.select(runs.c.id, started).where(*chosen, *bound).order_by(started.desc())
        rows = tx.execute(newest.limit(step.entries + 1)).all()
        if len(rows) <= step.entries:
            yield [row[0] for row in rows]
            return
        whole = [row for row in rows if row[1] != rows[-1][1]]
        if not whole:
            break
        yield [row[0] for row in whole]
        bound = [started < whole[-1][1]]
    raise WalkTooLongError


def _of_key(comparisons: Sequence[Comparison], term: OrderTerm) -> list[Comparison]:
    """The conditions on the key that runs are ordered by."""
    return [comparison for comparison in comparisons if (comparison.kind, comparison.key) == (term.kind, term.key)]


def by_value(
    tx: Transaction,
    shown: Sequence[sa.ColumnElement[bool]],
    tests: Tests,
    term: OrderTerm,
    comparisons: Sequence[Comparison],
    key: Sequence[Any] | None,
    step: Step,
    only: bool = True,
) -> Iterator[Piece]:
    """Numbers of runs by a metric, param or tag; those without a value come last, NaN before those without the key.

    Parameters
    ----------
    shown: The conditions on experiment and lifecycle stage.
    tests: All other conditions but those that bound the walk, with those on experiment and lifecycle stage.
    comparisons: The conditions of the search; those on the same key bound the walk.
    key: The sort key of the run behind which it begins, as page tokens hold it.
    only: Whether nothing else is ordered by, so that runs of the same value come newest first.

    Raises
    ------
    WalkTooLongError: Too many runs have the same value.
    """
    own = _of_key(comparisons, term)
    rank, first = (int(key[0]), key[1]) if key is not None else (0, None)
    lacking_rank = 2 if term.kind == "metric" else 1
    table = TABLES[term.kind]
    of_key = table.c.key == term.key
    if rank == 0 and not any(comparison.operator == "IS NULL" for comparison in own):
        value = table.c.value if term.kind == "metric" else indexed(table.c.value, tx.dialect)
        chosen = sa.select(table.c.run_id, value).where(of_key)
        if term.kind == "metric":
            chosen = chosen.where(value.is_not(None))
        ranges = [(each.operator, in_range(each, tx.dialect)) for each in own if in_index(each)]
        yield from _valued(tx, chosen, ranges, tests(table.c.run_id), term.ascending, first, step)
    if rank < lacking_rank == 2 and not any(map(in_index, own)):
        yield limited(tx, sa.select(table.c.run_id).where(of_key, table.c.value.is_(None)), MAX_GROUP)
    if any(comparison.operator != "IS NULL" for comparison in own):
        return
    yield from _lacking(tx, shown, term, key[2] if key is not None and rank == lacking_rank else None, step, only)


def by_numeral(
    tx: Transaction,
    shown: Sequence[sa.ColumnElement[bool]],
    tests: Tests,
    term: OrderTerm,
    comparisons: Sequence[Comparison],
    key: Sequence[Any] | None,
    step: Step,
    only: bool = True,
) -> Iterator[Piece]:
    """Numbers of runs by a param that is read as a number; then those where it is none, then those without it.

    Parameters
    ----------
    shown, tests, comparisons, key, only: As of `by_value`.

    Raises
    ------
    WalkTooLongError: Too many runs have the same value.
    """
    own = _of_key(comparisons, term)
    rank = int(key[0]) if key is not None else 0
    table = TABLES[term.kind]
    of_key, numeral = table.c.key == term.key, as_number(table.c.value, tx.dialect)
    if not any(comparison.operator == "IS NULL" for comparison in own):
        if rank == 0:
            chosen = sa.select(table.c.run_id, numeral).where(of_key, numeral.is_not(None))
            first = None if key is None else key[1]
            yield from _valued(tx, chosen, (), tests(table.c.run_id), term.ascending, first, step)
        if rank < 2:
            first = key[2] if key is not None and rank else None
            yield from _texts(tx, table, term, tests(table.c.run_id), first, step)
    if any(comparison.operator != "IS NULL" for comparison in own):
        return
    yield from _lacking(tx, shown, term, key[3] if key is not None and rank == 2 else None, step, only)


def _texts(
    tx: Transaction,
    table: sa.FromClause,
    term: OrderTerm,
    tests: Sequence[sa.ColumnElement[bool]],
    first: str | None,
    step: Step,
) -> Iterator[Piece]:
    """Numbers of the runs whose param is not a number, by its text: those that stand among the numbers, and behind."""
    text, of_key = indexed(table.c.value, tx.dialect), table.c.key == term.key
    chosen = sa.select(table.c.run_id, text).where(of_key)
    among = chosen.where(as_number(table.c.value, tx.dialect).is_(None), among_numbers(table.c.value, tx.dialect))
    behind = [(">=", text >= sa.literal_column(f"'{BEHIND_NUMBERS}'", sa.Text()))]
    if not term.ascending:
        yield from _valued(tx, chosen, behind, tests, False, first, step)
        yield from _valued(tx, among, (), tests, False, first, step)
        return
    if first is None or first < BEHIND_NUMBERS:
        yield from _valued(tx, among, (), tests, True, first, step)
        first = None
    yield from _valued(tx, chosen, behind, tests, True, first, step)


def _lacking(
    tx: Transaction,
    shown: Sequence[sa.ColumnElement[bool]],
    term: OrderTerm,
    start: int | None,
    step: Step,
    newest: bool,
) -> Iterator[Piece]:
    """Numbers of the runs without a metric, param or tag, newest first or in any order."""
    table = TABLES[term.kind]
    lacking = [*shown, ~sa.exists().where(table.c.run_id == runs.c.id, table.c.key == term.key)]
    if newest:
        yield from newest_first(tx, lacking, start, step)
    else:
        yield limited(tx, sa.select(runs.c.id).where(*lacking), MAX_GROUP)


def limited(tx: Transaction, chosen: sa.Select[Any], most: int) -> list[int]:
    """The numbers that a statement selects.

    Raises
    ------
    WalkTooLongError: They are too many.
    """
    rows = tx.execute(chosen.limit(most + 1)).all()
    if len(rows) > most:
        raise WalkTooLongError
    return [row[0] for row in rows]


def by_name(
    tx: Transaction, experiment: sa.ColumnElement[bool], tests: Tests, ascending: bool, first: str | None, step: Step
) -> Iterator[Piece]:
    """Numbers of the runs of one experiment by name, from a name on.

    Raises
    ------
    WalkTooLongError: Too many runs have the same name.
    """
    chosen = sa.select(runs.c.id, indexed(runs.c.name, tx.dialect)).where(experiment)
    yield from _valued(tx, chosen, (), tests(runs.c.id), ascending, first, step)


def by_end(
    tx: Transaction,
    experiment: sa.ColumnElement[bool],
    tests: Tests,
    ascending: bool,
    key: Sequence[Any] | None,
    step: Step,
    only: bool,
) -> Iterator[Piece]:
    """Numbers of the runs of one experiment by end time; those that have not ended come last.

    Parameters
    ----------
    tests, key, only: As of `by_value`; the first part of `key` is whether the run has not ended.

    Raises
    ------
    WalkTooLongError: Too many runs ended in the same millisecond.
    """
    end = runs.c.end_time
    if key is None or key[0] == 0:
        ended = sa.select(runs.c.id, end).where(experiment, end.is_not(None))
        yield from _valued(tx, ended, (), tests(runs.c.id), ascending, None if key is None else key[1], step)
    if only:
        yield from _open(tx, experiment, tests, False, key[2] if key is not None and key[0] else None, step)
    else:
        yield limited(tx, sa.select(runs.c.id).where(experiment, end.is_(None)), MAX_GROUP)


def by_duration(
    tx: Transaction, experiment: sa.ColumnElement[bool], tests: Tests, ascending: bool, first: float | None, step: Step
) -> Iterator[Piece]:
    """Numbers of the runs of one experiment that have ended, by how long they took, from a duration on.

    Raises
    ------
    WalkTooLongError: Too many runs took the same time.
    """
    chosen = sa.select(runs.c.id, LASTED).where(experiment, runs.c.end_time.is_not(None))
    yield from _valued(tx, chosen, (), tests(runs.c.id), ascending, first, step)


def by_age(
    tx: Transaction, experiment: sa.ColumnElement[bool], tests: Tests, ascending: bool, since: float | None, step: Step
) -> Iterator[Piece]:
    """Numbers of the runs of one experiment that go on, the youngest first or the oldest, from a start time on.

    Raises
    ------
    WalkTooLongError: Too many runs started in the same millisecond.
    """
    first = None
    if since is not None:  # durations of very odd times are rounded: a little earlier costs nothing
        first = int(max(min(since + (_ROUNDED if ascending else -_ROUNDED), _MAX_TIME), -_MAX_TIME))
    yield from _open(tx, experiment, tests, not ascending, first, step)


def _open(
    tx: Transaction, experiment: sa.ColumnElement[bool], tests: Tests, ascending: bool, first: int | None, step: Step
) -> Iterator[Piece]:
    """Numbers of the runs of one experiment that go on, by start time, from one on."""
    chosen = sa.select(runs.c.id, runs.c.start_time).where(experiment, runs.c.end_time.is_(None))
    yield from _valued(tx, chosen, (), tests(runs.c.id), ascending, first, step)


def _valued(  # long: one walk, whose statements differ by where it is
    tx: Transaction,
    chosen: sa.Select[Any],
    ranges: Sequence[tuple[str, sa.ColumnElement[bool]]],
    tests: Sequence[sa.ColumnElement[bool]],
    ascending: bool,
    first: Any,
    step: Step,
) -> Iterator[Piece]:
    """Numbers of runs that a statement selects with their values, in the order of these, from a value on.

    Each piece is what matches on a stretch of the index, read in its order, up to the number that is wanted.

    Parameters
    ----------
    chosen: Selects the entries of the index.
    ranges: Conditions on the value that bound the walk, each with its operator.
    tests: Conditions on the run.
    """
    value = chosen.selected_columns[1]
    from_here, behind = (operator.ge, operator.gt) if ascending else (operator.le, operator.lt)
    before, direction = (operator.lt, value.asc()) if ascending else (operator.gt, value.desc())
    near, far = (_LOWER, _UPPER) if ascending else (_UPPER, _LOWER)
    begin: list[sa.ColumnElement[bool]] = []
    if first is not None:
        begin = [from_here(value, first[:INDEXED_LENGTH] if isinstance(first, str) else first)]
    while True:
        # Of two bounds on the same side SQLite uses the first it sees, so there is one only: the values that a walk
        # has come to are in its range.
        left = [each for each in ranges if not begin or each[0] not in near]
        entries = chosen.where(*(condition for _, condition in left), *begin).order_by(direction)
        values = entries.with_only_columns(value).limit(1)
        least = tx.scalar(values)
        if least is None:
            return
        if not step.entries:
            raise WalkTooLongError
        end = tx.scalar(values.offset(step.entries))
        if least == end:
            yield Group(least, chosen.where(value == least))
            begin = [behind(value, least)]
            continue
        if end is not None:
            left = [each for each in left if each[0] not in far]
            entries = chosen.where(*(condition for _, condition in left), *begin, before(value, end)).order_by(
                direction
            )
        rows, more = _whole_groups(tx, entries.where(*tests), step.wanted)
        yield Tested(row[0] for row in rows)
        if more:
            begin = [behind(value, rows[-1][1])]
        elif end is None:
            return
        else:
            begin = [from_here(value, end)]


def _whole_groups(tx: Transaction, chosen: sa.Select[Any], wanted: int) -> tuple[list[Any], bool]:
    """The first rows of a statement, as many as are wanted without the last, unfinished group, or all.

    Returns also whether there are more.
    """
    rows = list(tx.execute(chosen.limit(wanted + 1)))
    if len(rows) <= wanted:
        return rows, False
    whole = [row for row in rows if row[1] != rows[-1][1]]
    return (whole, True) if whole else (list(tx.execute(chosen)), False)
