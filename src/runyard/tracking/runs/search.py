"""Finding runs: conditions on their own columns, metrics, params, tags and datasets, in any order, a page at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runyard.db.conditions import binary, number, plannable
from runyard.db.dialects import one_of
from runyard.db.paging import Page, SortColumn
from runyard.db.transaction import Transaction
from runyard.search.fields import RUN_FIELDS
from runyard.search.nodes import Comparison, Condition, OrderTerm
from runyard.search.parser import parse_filter, parse_order_by
from runyard.tracking.experiments.messages import experiment_number
from runyard.tracking.experiments.search import shown_stage
from runyard.tracking.runs.conditions import ATTRIBUTES, condition_on, tests
from runyard.tracking.runs.ranges import TABLES, few_runs, in_index
from runyard.tracking.runs.tables import INDEXED_LENGTH, runs
from runyard.tracking.runs.walks import (
    MAX_PIECE,
    Group,
    GroupTooLargeError,
    Piece,
    Size,
    by_end,
    by_name,
    by_value,
    limited,
)

NEWEST = OrderTerm("attribute", "start_time", ascending=False)

MAX_WALKED = 5_000
"""Runs that a page may look at in the order of an index, before the database looks at all at once."""

_SPARE = 20
"""Runs that a first piece holds beyond what a page needs, for those that are deleted or share the last value."""


def search_run_ids(
    tx: Transaction,
    experiment_ids: Sequence[str],
    view_type: str,
    text: str | None,
    order_by: Sequence[str],
    max_results: int,
    page_token: str | None,
) -> tuple[list[int], str | None]:
    """Internal numbers of a page of runs, and the next page's token. A number of statements that has a bound.

    Raises
    ------
    InvalidParameter: The filter, the order or the token is not valid.
    """
    terms = parse_order_by(order_by, RUN_FIELDS)
    source, columns = _order(terms, tx.dialect)
    shown = _shown(tx, experiment_ids, view_type)
    conditions = parse_filter(text, RUN_FIELDS)
    every = sa.select(runs.c.id).select_from(source)
    matching = every.where(*shown, *plannable([condition_on(each, tx.dialect) for each in conditions], tx.dialect))
    query = ("runs", sorted(set(experiment_ids)), view_type, text or "", list(order_by))
    page = Page(columns, query, max_results, page_token)
    return page.cut(
        _rows(tx, page, every, matching, _Search(terms, conditions, tuple(shown), experiment_ids, view_type))
    )


@dataclass(frozen=True)
class _Search:
    """What is asked.

    Attributes
    ----------
    shown: The conditions on experiment and lifecycle stage.
    """

    terms: Sequence[OrderTerm]
    conditions: Sequence[Condition]
    shown: Sequence[sa.ColumnElement[bool]]
    experiment_ids: Sequence[str]
    view_type: str

    @property
    def comparisons(self) -> list[Comparison]:
        """The conditions that are comparisons, not alternatives or words."""
        return [each for each in self.conditions if isinstance(each, Comparison)]

    @property
    def several(self) -> bool:
        """Whether it asks for runs of several experiments: an index has those of one in order."""
        return len(set(self.experiment_ids)) > 1


def _rows(
    tx: Transaction, page: Page, every: sa.Select[Any], matching: sa.Select[Any], search: _Search
) -> Sequence[Any]:
    """The rows of a page: among few runs, in the order of an index, or as the database finds them, whichever works."""
    if not search.conditions and not search.terms:
        return page.rows(tx, matching)
    known = every.where(*_shown(tx, search.experiment_ids, search.view_type, tested=True))
    few = few_runs(tx, search.conditions, search.shown, search.several)
    if few is not None:
        return page.rows(tx, known.where(one_of(tx, runs.c.id, few), *tests(search.conditions, tx.dialect)))
    if search.terms and search.terms[0] != NEWEST:
        term = search.terms[0]
        # A walk by a key keeps to the ranges of conditions on it.
        bounding = [
            each for each in search.comparisons if (each.kind, each.key) == (term.kind, term.key) and in_index(each)
        ]
        left = [each for each in search.conditions if term.kind not in TABLES or each not in bounding]
        tested = tests(left, tx.dialect)
        rows = _walked(tx, page, known.where(*tested), every.where(*search.shown, *tested), search)
    elif search.several:
        rows = None
    else:
        tested = tests(search.conditions, tx.dialect)
        rows = _newest(tx, page, every.where(*search.shown, *tested), search)
    return page.rows(tx, matching) if rows is None else rows


def _newest(tx: Transaction, page: Page, tested: sa.Select[Any], search: _Search) -> list[Any] | None:
    """The rows of a page that begins with the newest run, from the next few thousand; None when it needs more."""
    bound, more = _next_newest(tx, search, int(page.start.key[0]) if page.start.key is not None else None)
    rows = page.rows(tx, tested.where(*bound))
    return rows if not more or len(rows) == page.wanted else None


def _next_newest(tx: Transaction, search: _Search, start: int | None) -> tuple[Sequence[sa.ColumnElement[bool]], bool]:
    """The start times of the next few thousand runs, newest first, and whether there are more. One statement."""
    started = runs.c.start_time
    bound = [] if start is None else [started <= start]
    in_view = sa.select(started).where(*search.shown, *bound).order_by(started.desc())
    last = tx.scalar(in_view.limit(1).offset(MAX_WALKED))
    return (bound, False) if last is None else ([*bound, started >= last], True)


def _walked(
    tx: Transaction, page: Page, tested: sa.Select[Any], newest: sa.Select[Any], search: _Search
) -> list[Any] | None:
    """The rows of a page, found by walking through runs in order; None when that takes too long, or has no index.

    Parameters
    ----------
    tested: Selects matching runs among those of given numbers.
    newest: Selects matching runs, to be read newest first.
    """
    wanted = page.start.offset + page.wanted
    size = Size(wanted * (2 if search.conditions else 1) + _SPARE)
    walk = _walk(tx, page.start.key, search, size)
    if walk is None or wanted > MAX_WALKED:
        return None
    found: list[Any] = []
    walked = 0
    try:
        for piece in walk:
            if isinstance(piece, Group):
                walked += MAX_PIECE
                found += _of_group(tx, page, tested, newest, search, piece, wanted - len(found))
            elif piece:
                walked += len(piece)
                found += page.leading(tx, tested.where(one_of(tx, runs.c.id, piece)), wanted - len(found))
            if len(found) >= wanted:
                break
            if walked >= MAX_WALKED:
                return None
            needed = (wanted - len(found)) * walked // max(len(found), 1)
            if walked + needed > MAX_WALKED and not isinstance(piece, Group) and 2 * len(piece) > size.runs:
                return None  # one in many matches: what is left would be walked in vain
            size.runs = min(max(needed * 5 // 4, 2 * size.runs), MAX_WALKED)
    except GroupTooLargeError:
        return None
    return found[page.start.offset :]


def _of_group(
    tx: Transaction,
    page: Page,
    tested: sa.Select[Any],
    newest: sa.Select[Any],
    search: _Search,
    group: Group,
    wanted: int,
) -> list[Any]:
    """The first rows among the runs that share a value: newest first, those of a large group are soon found.

    Raises
    ------
    GroupTooLargeError: They are neither few nor found soon.
    """
    term, key = search.terms[0], page.start.key
    shortened = isinstance(group.value, str) and len(group.value) == INDEXED_LENGTH
    if len(search.terms) == 1 and term.kind in TABLES and not shortened:
        begun = key is not None and key[:2] == (0, group.value)
        bound, more = _next_newest(tx, search, key[2] if key is not None and begun else None)
        has_value = tests([Comparison(term.kind, term.key, "=", group.value)], tx.dialect)
        rows = page.leading(tx, newest.where(*bound, *has_value), wanted, same=2)
        if not more or len(rows) == wanted:
            return rows
    return page.leading(tx, tested.where(one_of(tx, runs.c.id, limited(tx, group.numbers))), wanted)


def _walk(tx: Transaction, key: Sequence[Any] | None, search: _Search, size: Size) -> Iterator[Piece] | None:
    first, only = search.terms[0], len(search.terms) == 1
    if first.kind in TABLES:
        return by_value(tx, search.shown, first, search.comparisons, key, size, only)
    if search.several:  # an index has the runs of each experiment in order, not those of several
        return None
    if first.key == "run_name":
        return by_name(tx, search.shown[0], first.ascending, key[0] if key is not None else None, size)
    return by_end(tx, search.shown, first.ascending, key, size, only) if first.key == "end_time" else None


def count_runs(tx: Transaction, experiment_ids: Sequence[str], view_type: str, text: str | None) -> int:
    """The number of matching runs. One statement."""
    conditions = matching_runs(tx, experiment_ids, view_type, text)
    return int(tx.scalar(sa.select(sa.func.count()).select_from(runs).where(*conditions)))


def matching_runs(
    tx: Transaction, experiment_ids: Sequence[str], view_type: str, text: str | None
) -> list[sa.ColumnElement[bool]]:
    """The conditions on `runs` that a search stands for."""
    asked = [condition_on(condition, tx.dialect) for condition in parse_filter(text, RUN_FIELDS)]
    return [*_shown(tx, experiment_ids, view_type), *plannable(asked, tx.dialect)]


def _shown(
    tx: Transaction, experiment_ids: Sequence[str], view_type: str, tested: bool = False
) -> list[sa.ColumnElement[bool]]:
    """Whether a run is of these experiments and in view; `tested` for runs that are known by number."""
    numbers = sorted({experiment_number(experiment_id) for experiment_id in experiment_ids})
    # The sum keeps databases from reading all runs of the experiment instead of these.
    experiment = runs.c.experiment_id + number(0) if tested else runs.c.experiment_id
    return [
        experiment == numbers[0] if len(numbers) == 1 else one_of(tx, experiment, numbers),
        shown_stage(runs.c.lifecycle_stage, view_type),
    ]


def _order(terms: Sequence[OrderTerm], dialect: str) -> tuple[sa.FromClause, list[SortColumn]]:
    """Where the sort keys come from, and the sort columns, none of which is ever NULL.

    Missing values come last in both directions: a rank goes before each value. Ties go newest first, then by id.
    """
    source: sa.FromClause = runs
    columns: list[SortColumn] = []
    for place, term in enumerate(terms):
        if term.kind == "attribute":
            columns += _attribute_columns(term, dialect)
            continue
        table = TABLES[term.kind].alias(f"sort_{place}")
        source = source.outerjoin(table, sa.and_(table.c.run_id == runs.c.id, table.c.key == term.key))
        columns += _joined_columns(table, term, dialect)
    named = {term.key for term in terms if term.kind == "attribute"}
    if "start_time" not in named:
        columns.append(SortColumn(runs.c.start_time, "integer", descending=True, indexed=True))
    if "run_id" not in named:
        columns.append(SortColumn(binary(runs.c.run_uuid, dialect), "text"))
    return source, columns


def _attribute_columns(term: OrderTerm, dialect: str) -> list[SortColumn]:
    column, descending = ATTRIBUTES[term.key], not term.ascending
    if term.key == "end_time":
        rank = sa.case((column.is_(None), number(1)), else_=number(0))
        return [SortColumn(rank, "integer"), SortColumn(sa.func.coalesce(column, number(0)), "integer", descending)]
    if term.key == "start_time":
        return [SortColumn(column, "integer", descending, indexed=True)]
    return [SortColumn(binary(column, dialect), "text", descending)]


def _joined_columns(table: sa.FromClause, term: OrderTerm, dialect: str) -> list[SortColumn]:
    missing, descending = table.c.run_id.is_(None), not term.ascending
    if term.kind == "metric":
        rank = sa.case((missing, number(2)), (table.c.value.is_(None), number(1)), else_=number(0))
        return [
            SortColumn(rank, "integer"),
            SortColumn(sa.func.coalesce(table.c.value, number(0.0)), "number", descending),
        ]
    rank = sa.case((missing, number(1)), else_=number(0))
    text = sa.func.coalesce(table.c.value, sa.literal_column("''", sa.Text()))
    return [SortColumn(rank, "integer"), SortColumn(binary(text, dialect), "text", descending)]
