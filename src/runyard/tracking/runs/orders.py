"""What runs are ordered by, in SQL."""

import functools
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.conditions import as_number, binary, number
from runyard.db.paging import SortColumn, decode_token
from runyard.search.fields import RUN_FIELDS
from runyard.search.nodes import OrderTerm
from runyard.search.parser import parse_order_by
from runyard.tracking.runs.conditions import ATTRIBUTES, lasted
from runyard.tracking.runs.nested_values import best_below, has_below
from runyard.tracking.runs.ranges import TABLES
from runyard.tracking.runs.tables import runs

NEWEST = OrderTerm("attribute", "start_time", ascending=False)


def is_newest_first(order_by: Sequence[str]) -> bool:
    """Whether an order is by start times, the newest first, and by nothing else.

    Raises
    ------
    InvalidParameter: The order is not valid.
    """
    return parse_order_by(order_by, RUN_FIELDS) in ([], [NEWEST])


def time_of(page_token: str | None) -> int | None:
    """When the first page of a search by duration was read, as the token of a later one holds it."""
    after = decode_token(page_token).get("after") if page_token else None
    last = after[-1] if isinstance(after, list) and after else None
    return last if isinstance(last, int) else None


def is_by_duration(terms: Sequence[OrderTerm]) -> bool:
    """Whether the time matters to an order: runs that go on have lasted until then."""
    return any((term.kind, term.key) == ("attribute", "duration") for term in terms)


def in_order(terms: Sequence[OrderTerm], dialect: str, now: int) -> tuple[sa.Select[Any], tuple[SortColumn, ...]]:
    """Selects the numbers of all runs, with what they are sorted by; and the sort columns, none of which is ever NULL.

    Missing values come last in both directions: a rank goes before each value. Ties go newest first, then by id.

    Parameters
    ----------
    now: The time until which runs that go on have lasted.
    """
    make = _in_order.__wrapped__ if is_by_duration(terms) else _in_order
    return make(tuple(terms), dialect, now if is_by_duration(terms) else 0)


@functools.lru_cache(256)
def _in_order(terms: tuple[OrderTerm, ...], dialect: str, now: int) -> tuple[sa.Select[Any], tuple[SortColumn, ...]]:
    source: sa.FromClause = runs
    columns: list[SortColumn] = []
    for place, term in enumerate(terms):
        if term.kind == "attribute":
            columns += _attribute_columns(term, dialect, now)
            continue
        table = _sorted_by(term.kind, place)
        source = source.outerjoin(table, sa.and_(table.c.run_id == runs.c.id, table.c.key == term.key))
        columns += _joined_columns(table, term, dialect)
    named = {term.key for term in terms if term.kind == "attribute"}
    if "start_time" not in named:
        columns.append(SortColumn(runs.c.start_time, "integer", descending=True, indexed=True))
    if "run_id" not in named:
        columns.append(SortColumn(binary(runs.c.run_uuid, dialect), "text"))
    if "duration" in named:  # for the token
        columns.append(SortColumn(sa.literal(now, sa.BigInteger), "integer"))
    return sa.select(runs.c.id).select_from(source), tuple(columns)


@functools.cache
def _sorted_by(kind: str, place: int) -> sa.FromClause:
    """The table that the term at a place is ordered by."""
    return TABLES[kind].alias(f"sort_{place}")


def _attribute_columns(term: OrderTerm, dialect: str, now: int) -> list[SortColumn]:
    descending = not term.ascending
    if term.key == "duration":
        return [SortColumn(lasted(now), "number", descending)]
    column = ATTRIBUTES[term.key]
    if term.key == "end_time":
        rank = sa.case((column.is_(None), number(1)), else_=number(0))
        return [SortColumn(rank, "integer"), SortColumn(sa.func.coalesce(column, number(0)), "integer", descending)]
    if term.key == "start_time":
        return [SortColumn(column, "integer", descending, indexed=True)]
    return [SortColumn(binary(column, dialect), "text", descending)]


def _joined_columns(table: sa.FromClause, term: OrderTerm, dialect: str) -> list[SortColumn]:
    missing, descending = table.c.run_id.is_(None), not term.ascending
    if term.kind == "metric":
        lacking = missing & ~has_below(term.key) if term.below else missing
        value = sa.case((missing, best_below(term)), else_=table.c.value) if term.below else table.c.value
        rank = sa.case((lacking, number(2)), (~missing & table.c.value.is_(None), number(1)), else_=number(0))
        return [SortColumn(rank, "integer"), SortColumn(sa.func.coalesce(value, number(0.0)), "number", descending)]
    empty = sa.literal_column("''", sa.Text())
    if not term.numeric:
        rank = sa.case((missing, number(1)), else_=number(0))
        text = sa.func.coalesce(table.c.value, empty)
        return [SortColumn(rank, "integer"), SortColumn(binary(text, dialect), "text", descending)]
    numeral = as_number(table.c.value, dialect)
    rank = sa.case((missing, number(2)), (numeral.is_(None), number(1)), else_=number(0))
    text = sa.func.coalesce(sa.case((numeral.is_(None), table.c.value)), empty)
    return [
        SortColumn(rank, "integer"),
        SortColumn(sa.func.coalesce(numeral, number(0.0)), "number", descending),
        SortColumn(binary(text, dialect), "text", descending),
    ]
