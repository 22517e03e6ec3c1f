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
from runyard.tracking.runs.nested_values import has_below
from runyard.tracking.runs.ranges import TABLES, in_index, in_range, indexed, is_numeric
from runyard.tracking.runs.tables import BEHIND_NUMBERS, INDEXED_LENGTH, among_numbers, runs

MAX_GROUP = 5_000
"""Runs of one value that are read at once."""


@dataclass(frozen=True)
class Group:
    """A piece that is all runs with one value of what they are ordered by, or without one.

    Attributes
    ----------
    numbers: Selects their numbers, of those that are not in view as well.
    shared: What the sort columns of the first term are for all of them.
    condition: What these runs meet, and no others; None where that is not told by a comparison.
    """

    numbers: sa.Select[Any]
    shared: tuple[Any, ...] = ()
    condition: Comparison | None = None


class Tested(list[int]):
    """A piece of runs that are in view and meet all conditions."""


Piece = list[int] | Tested | Group
"""The numbers of the next runs in order, or all runs of the next value."""


_LOWER, _UPPER = frozenset((">", ">=")), frozenset(("<", "<="))

Tests = Callable[[sa.ColumnElement[int]], Sequence[sa.ColumnElement[bool]]]
"""The conditions on the run of a number."""


@dataclass
class Step:
    """How far to go for the next piece; the reader of the pieces changes it between them.

    Attributes
    ----------
    entries: Entries of the index to look at. When there are more and it is 0, the walk has been too long.
    wanted: Number of runs that match to stop at.
    last: What they are ordered by of the last run of a page that another walk has filled: nothing behind it is wanted.
    """

    entries: int
    wanted: int
    last: Any = None


Walk = Callable[[Step], Iterator[Piece]]
"""Leads through runs in order, as far as its steps go."""

Grouped = Callable[[Any, sa.Select[Any]], Group]
"""Makes a group of a value, and of the statement that selects the numbers of its runs."""


class WalkTooLongError(Exception):
    """A walk would look at too many runs."""


def newest_first(
    tx: Transaction,
    chosen: Sequence[sa.ColumnElement[bool]],
    tests: Sequence[sa.ColumnElement[bool]],
    start: int | None,
    step: Step,
) -> Iterator[Piece]:
    """Numbers of runs by start time, newest first.

    Parameters
    ----------
    chosen: The conditions on the runs to look at, which an index has in this order.
    tests: All conditions.
    start: The start time where it begins; the newest run without one.

    Raises
    ------
    WalkTooLongError: There are more than the walk may look at.
    """
    started = sa.select(runs.c.id, runs.c.start_time).where(*chosen)
    yield from valued(tx, started, (), tests, False, start, step, alike)


def alike(_value: Any, numbers: sa.Select[Any]) -> Group:
    """Runs that took the same time, or started at the same one: no comparison finds just these."""
    return Group(numbers)


def of_term(term: OrderTerm) -> Grouped:
    """Groups of runs by a metric, param or tag."""

    def group(value: Any, numbers: sa.Select[Any]) -> Group:
        if is_cut(value):
            return Group(numbers)
        in_order = numbers.order_by(numbers.selected_columns[0])  # as the index has them
        return Group(in_order, _shared(term, value), Comparison(term.kind, term.key, "=", value))

    return group


def bounds(comparison: Comparison) -> bool:
    """Whether a condition is a range of the index of a key by which runs are ordered as what they are."""
    return in_index(comparison) and (comparison.kind == "metric" or not is_numeric(comparison))


def is_cut(value: Any) -> bool:
    """Whether a text from an index may be the part of a longer one."""
    return isinstance(value, str) and len(value) == INDEXED_LENGTH


def _shared(term: OrderTerm, value: Any) -> tuple[Any, ...]:
    """What the sort columns of a term are for all runs with a value of it; None: for those without."""
    if value is None:
        zero: Any = 0.0 if term.kind == "metric" else ""
        return (2, 0.0, "") if term.numeric else (2 if term.kind == "metric" else 1, zero)
    if not term.numeric:
        return (0, value)
    return (1, 0.0, value) if isinstance(value, str) else (0, value, "")


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
    newest: bool = True,
) -> Iterator[Piece]:
    """Numbers of runs by a metric, param or tag; those without a value come last, NaN before those without the key.

    Parameters
    ----------
    shown: The conditions on experiment and lifecycle stage.
    tests: All other conditions but those that bound the walk, with those on experiment and lifecycle stage.
    comparisons: The conditions of the search; those on the same key bound the walk.
    key: The sort key of the run behind which it begins, as page tokens hold it.
    newest: Whether runs of the same value come newest first, and an index has those in view in this order.

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
        ranges = [(each.operator, in_range(each, tx.dialect)) for each in own if bounds(each)]
        yield from valued(tx, chosen, ranges, tests(table.c.run_id), term.ascending, first, step, of_term(term))
    if rank < lacking_rank == 2 and not any(map(bounds, own)):
        yield limited(tx, sa.select(table.c.run_id).where(of_key, table.c.value.is_(None)), MAX_GROUP)
    if any(comparison.operator != "IS NULL" for comparison in own):
        return
    yield from _lacking(
        tx, shown, tests, term, key[2] if key is not None and rank == lacking_rank else None, step, newest
    )


def by_numeral(
    tx: Transaction,
    shown: Sequence[sa.ColumnElement[bool]],
    tests: Tests,
    term: OrderTerm,
    comparisons: Sequence[Comparison],
    key: Sequence[Any] | None,
    step: Step,
    newest: bool = True,
) -> Iterator[Piece]:
    """Numbers of runs by a param that is read as a number; then those where it is none, then those without it.

    Parameters
    ----------
    shown, tests, comparisons, key, newest: As of `by_value`.

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
            yield from valued(tx, chosen, (), tests(table.c.run_id), term.ascending, first, step, of_term(term))
        if rank < 2:
            first = key[2] if key is not None and rank else None
            yield from _texts(tx, table, term, tests(table.c.run_id), first, step)
    if any(comparison.operator != "IS NULL" for comparison in own):
        return
    yield from _lacking(tx, shown, tests, term, key[3] if key is not None and rank == 2 else None, step, newest)


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
        yield from valued(tx, chosen, behind, tests, False, first, step, of_term(term))
        yield from valued(tx, among, (), tests, False, first, step, of_term(term))
        return
    if first is None or first < BEHIND_NUMBERS:
        yield from valued(tx, among, (), tests, True, first, step, of_term(term))
        first = None
    yield from valued(tx, chosen, behind, tests, True, first, step, of_term(term))


def _lacking(
    tx: Transaction,
    shown: Sequence[sa.ColumnElement[bool]],
    tests: Tests,
    term: OrderTerm,
    start: int | None,
    step: Step,
    newest: bool,
) -> Iterator[Piece]:
    """Numbers of the runs without a metric, param or tag, newest first or as a group."""
    table = TABLES[term.kind]
    lacking = [*shown, ~sa.exists().where(table.c.run_id == runs.c.id, table.c.key == term.key)]
    if term.below:
        lacking.append(~has_below(term.key))
    if newest:
        yield from newest_first(tx, lacking, tests(runs.c.id), start, step)
    else:
        condition = None if term.below else Comparison(term.kind, term.key, "IS NULL", None)
        yield Group(sa.select(runs.c.id).where(*lacking), _shared(term, None), condition)


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


def valued(  # long: one walk, whose statements differ by where it is
    tx: Transaction,
    chosen: sa.Select[Any],
    ranges: Sequence[tuple[str, sa.ColumnElement[bool]]],
    tests: Sequence[sa.ColumnElement[bool]],
    ascending: bool,
    first: Any,
    step: Step,
    grouped: Grouped,
) -> Iterator[Piece]:
    """Numbers of runs that a statement selects with their values, in the order of these, from a value on.

    Each piece is what matches on a stretch of the index, read in its order, up to the number that is wanted.

    Parameters
    ----------
    chosen: Selects the entries of the index.
    ranges: Conditions on the value that bound the walk, each with its operator.
    tests: Conditions on the run.

    Raises
    ------
    WalkTooLongError: There is more than it may look at.
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
        ends = [values.scalar_subquery(), values.offset(step.entries).scalar_subquery()]
        [[least, end]] = tx.tuples(sa.select(*ends))
        if least is None:
            return
        if not step.entries:
            raise WalkTooLongError
        if least == end:
            yield grouped(least, chosen.where(value == least))
            begin = [behind(value, least)]
            continue
        if end is not None:
            left = [each for each in left if each[0] not in far]
            entries = chosen.where(*(condition for _, condition in left), *begin, before(value, end)).order_by(
                direction
            )
        rows, more = _whole_groups(tx, entries.where(*tests), step.wanted)
        if end is None and not more:  # there were fewer: what comes behind them is not as rare as these seem to be
            step.entries = len(rows)
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
    rows = tx.tuples(chosen.limit(wanted + 1))
    if len(rows) <= wanted:
        return rows, False
    whole = [row for row in rows if row[1] != rows[-1][1]]
    return (whole, True) if whole else (tx.tuples(chosen), False)
