"""Runs in the order of a search, read from an index piece by piece until a page is full.

A database that is asked for a page of a large experiment by a metric, or by conditions, tends to read every run. So the
numbers of runs are read from the index first, as many as the page may need, and the page is read among these alone.
A piece holds whole groups, all runs that share a value, so that what comes later belongs behind it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runyard.db.conditions import as_number
from runyard.db.kept import kept
from runyard.db.transaction import Transaction
from runyard.search.nodes import Comparison, Condition, OrderTerm
from runyard.tracking.runs.conditions import View, meets_by_number
from runyard.tracking.runs.nested_values import has_below
from runyard.tracking.runs.ranges import TABLES, in_index, in_range, indexed, is_numeric
from runyard.tracking.runs.stretches import Begin, Stretches
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
    yield from valued(tx, Stretches(started, (), tests, ascending=False), start, step, alike)


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


def _of_key(conditions: Sequence[Condition], term: OrderTerm) -> list[Comparison]:
    """The conditions on the key that runs are ordered by."""
    comparisons = (each for each in conditions if isinstance(each, Comparison))
    return [each for each in comparisons if (each.kind, each.key) == (term.kind, term.key)]


def _others(conditions: Sequence[Condition], term: OrderTerm) -> list[Condition]:
    """The conditions that do not bound the walk: one by values keeps to the ranges of conditions on its key."""
    bounding = () if term.numeric else [each for each in _of_key(conditions, term) if bounds(each)]
    return [each for each in conditions if each not in bounding]


@kept
def _with_key(conditions: Sequence[Condition], view: View, term: OrderTerm, dialect: str) -> Stretches:
    """The runs in view that match and have a value of what they are ordered by: a number, where it is read as one."""
    table = TABLES[term.kind]
    value: sa.ColumnElement[Any] = table.c.value
    if term.kind != "metric":
        value = as_number(value, dialect) if term.numeric else indexed(value, dialect)
    chosen = sa.select(table.c.run_id, value).where(table.c.key == term.key)
    if term.kind == "metric" or term.numeric:
        chosen = chosen.where(value.is_not(None))
    own = () if term.numeric else [each for each in _of_key(conditions, term) if bounds(each)]
    tests = meets_by_number(_others(conditions, term), view, dialect, table.c.run_id)
    return Stretches(chosen, [(each.operator, in_range(each, dialect)) for each in own], tests, term.ascending)


def by_value(
    tx: Transaction,
    view: View,
    conditions: Sequence[Condition],
    term: OrderTerm,
    key: Sequence[Any] | None,
    step: Step,
    newest: bool = True,
) -> Iterator[Piece]:
    """Numbers of runs by a metric, param or tag; those without a value come last, NaN before those without the key.

    Parameters
    ----------
    key: The sort key of the run behind which it begins, as page tokens hold it.
    newest: Whether runs of the same value come newest first, and an index has those in view in this order.

    Raises
    ------
    WalkTooLongError: Too many runs have the same value.
    """
    own = _of_key(conditions, term)
    rank, first = (int(key[0]), key[1]) if key is not None else (0, None)
    lacking_rank = 2 if term.kind == "metric" else 1
    if rank == 0 and not any(comparison.operator == "IS NULL" for comparison in own):
        yield from valued(tx, _with_key(conditions, view, term, tx.dialect), first, step, of_term(term))
    if rank < lacking_rank == 2 and not any(map(bounds, own)):
        table = TABLES[term.kind]
        without = sa.select(table.c.run_id).where(table.c.key == term.key, table.c.value.is_(None))
        yield limited(tx, without, MAX_GROUP)
    if any(comparison.operator != "IS NULL" for comparison in own):
        return
    start = key[2] if key is not None and rank == lacking_rank else None
    yield from _lacking(tx, view, conditions, term, start, step, newest)


def by_numeral(
    tx: Transaction,
    view: View,
    conditions: Sequence[Condition],
    term: OrderTerm,
    key: Sequence[Any] | None,
    step: Step,
    newest: bool = True,
) -> Iterator[Piece]:
    """Numbers of runs by a param that is read as a number; then those where it is none, then those without it.

    Parameters
    ----------
    key, newest: As of `by_value`.

    Raises
    ------
    WalkTooLongError: Too many runs have the same value.
    """
    own = _of_key(conditions, term)
    rank = int(key[0]) if key is not None else 0
    if not any(comparison.operator == "IS NULL" for comparison in own):
        if rank == 0:
            first = None if key is None else key[1]
            yield from valued(tx, _with_key(conditions, view, term, tx.dialect), first, step, of_term(term))
        if rank < 2:
            first = key[2] if key is not None and rank else None
            tests = meets_by_number(conditions, view, tx.dialect, TABLES[term.kind].c.run_id)
            yield from _texts(tx, term, tests, first, step)
    if any(comparison.operator != "IS NULL" for comparison in own):
        return
    start = key[3] if key is not None and rank == 2 else None
    yield from _lacking(tx, view, conditions, term, start, step, newest)


def _texts(
    tx: Transaction, term: OrderTerm, tests: Sequence[sa.ColumnElement[bool]], first: str | None, step: Step
) -> Iterator[Piece]:
    """Numbers of the runs whose param is not a number, by its text: those that stand among the numbers, and behind."""
    table = TABLES[term.kind]
    text, of_key = indexed(table.c.value, tx.dialect), table.c.key == term.key
    chosen = sa.select(table.c.run_id, text).where(of_key)
    no_numbers = chosen.where(as_number(table.c.value, tx.dialect).is_(None), among_numbers(table.c.value, tx.dialect))
    last = [(">=", text >= sa.literal_column(f"'{BEHIND_NUMBERS}'", sa.Text()))]
    among = Stretches(no_numbers, (), tests, term.ascending)
    behind = Stretches(chosen, last, tests, term.ascending)
    if not term.ascending:
        yield from valued(tx, behind, first, step, of_term(term))
        yield from valued(tx, among, first, step, of_term(term))
        return
    if first is None or first < BEHIND_NUMBERS:
        yield from valued(tx, among, first, step, of_term(term))
        first = None
    yield from valued(tx, behind, first, step, of_term(term))


def _lacking(
    tx: Transaction,
    view: View,
    conditions: Sequence[Condition],
    term: OrderTerm,
    start: int | None,
    step: Step,
    newest: bool,
) -> Iterator[Piece]:
    """Numbers of the runs without a metric, param or tag, newest first or as a group."""
    table = TABLES[term.kind]
    has = sa.exists().where(table.c.run_id == runs.c.id, table.c.key == term.key)
    lacking = [*view.shown(tx.dialect), ~has]
    if term.below:
        lacking.append(~has_below(term.key))
    if newest:
        tests = meets_by_number(_others(conditions, term), view, tx.dialect, runs.c.id)
        yield from newest_first(tx, lacking, tests, start, step)
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


def valued(tx: Transaction, stretches: Stretches, first: Any, step: Step, grouped: Grouped) -> Iterator[Piece]:
    """Numbers of runs in the order of their values, from a value on.

    Each piece is what matches on a stretch of the index, read in its order, up to the number that is wanted.

    Raises
    ------
    WalkTooLongError: There is more than it may look at.
    """
    begin = None
    if first is not None:
        begin = Begin(first[:INDEXED_LENGTH] if isinstance(first, str) else first)
    while True:
        least, end = stretches.ends(tx, begin, step.entries)
        if least is None:
            return
        if not step.entries:
            raise WalkTooLongError
        if least == end:
            yield grouped(least, stretches.alike(least))
            begin = Begin(least, behind=True)
            continue
        rows, more = _whole_groups(tx, stretches, begin, end, step.wanted)
        if end is None and not more:  # there were fewer: what comes behind them is not as rare as these seem to be
            step.entries = len(rows)
        yield Tested(row[0] for row in rows)
        if more:
            begin = Begin(rows[-1][1], behind=True)
        elif end is None:
            return
        else:
            begin = Begin(end)


def _whole_groups(
    tx: Transaction, stretches: Stretches, begin: Begin | None, end: Any, wanted: int
) -> tuple[list[Any], bool]:
    """The first matching entries of a stretch, as many as are wanted without the last, unfinished group, or all.

    Returns also whether there are more.
    """
    rows = stretches.matching(tx, begin, end, wanted + 1)
    if len(rows) <= wanted:
        return rows, False
    whole = [row for row in rows if row[1] != rows[-1][1]]
    return (whole, True) if whole else (stretches.matching(tx, begin, end, None), False)
