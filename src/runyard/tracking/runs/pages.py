"""Pages of runs whose numbers an index tells: statements are compiled once for each order, not for each search."""

import functools
import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.dialects import VALUES, among, bound, one_of
from runyard.db.paging import TYPES, Page, SortColumn, behind
from runyard.db.transaction import Prepared, Transaction
from runyard.search.nodes import Comparison, Condition, OrderTerm
from runyard.tracking.runs.conditions import View
from runyard.tracking.runs.orders import in_order, is_by_duration
from runyard.tracking.runs.ranges import MAX_FOUND, TABLES, WIDE_SECONDS, indexed, wide_ranges
from runyard.tracking.runs.tables import INDEXED_LENGTH, runs


class RunPage(Page):
    """A page of runs.

    Parameters
    ----------
    terms: What they are ordered by.
    now: The time until which runs that go on have lasted.
    columns, query, max_results, page_token: As of `Page`; the columns are those of the terms.

    Raises
    ------
    InvalidParameter: The token is not one of this query.
    """

    def __init__(
        self,
        terms: Sequence[OrderTerm],
        now: int,
        columns: Sequence[SortColumn],
        query: Sequence[object],
        max_results: int,
        page_token: str | None,
    ) -> None:
        super().__init__(columns, query, max_results, page_token)
        # The statement has the time in it where runs are ordered by it, so that each is asked once.
        self._terms, self._now = tuple(terms), now if is_by_duration(terms) else None

    def of_known(self, tx: Transaction, numbers: Sequence[int], view: View) -> list[Any]:
        """The rows of this page where the runs of these numbers match, those that are in view. One statement."""
        offset = self.start.offset
        return self.among(tx, numbers, offset + self.wanted, view)[offset:] if numbers else []

    def among(self, tx: Transaction, numbers: Sequence[int], limit: int, view: View | None = None) -> list[Any]:
        """The first rows after the key where the page begins, of the runs of these numbers. One statement.

        Parameters
        ----------
        view: Those that are not in this view are left out; it has no place in the tree.
        """
        key = self.start.key
        if self._now is not None:
            every, _ = in_order(self._terms, tx.dialect, self._now)
            seen = view.shown(tx.dialect, tested=True) if view else []
            return self.leading(tx, every.where(one_of(tx, runs.c.id, numbers), *seen), limit)
        make = _first_among if view is None or view.may_be_kept else _first_among.__wrapped__
        statement = make(self._terms, key is not None, view, tx.dialect)
        return statement.rows(tx, bound(tx, numbers), *(key or ()), limit)


@functools.lru_cache(256)
def _first_among(terms: tuple[OrderTerm, ...], later: bool, view: View | None, dialect: str) -> Prepared:
    """Selects the first of some runs in an order, with their sort keys.

    Parameters
    ----------
    later: Whether they come behind a key.
    view: Those that are not in this view are left out; it has no place in the tree.
    """
    every, columns = in_order(terms, dialect, 0)
    seen = view.shown(dialect, tested=True) if view else []
    if view and view.view_type == "ALL":
        seen.pop()  # every stage is shown, and a list of them could not be prepared
    names = [f"after_{place}" for place in range(len(columns))] if later else []
    key = [sa.bindparam(name, type_=TYPES[column.kind]) for name, column in zip(names, columns, strict=False)]
    chosen = (
        every.add_columns(*(column.expression for column in columns))
        .where(among(dialect, runs.c.id), *seen, *(behind(columns, key) if later else ()))
        .order_by(*(column.ordered() for column in columns))
        .limit(sa.bindparam("most"))
    )
    return Prepared(chosen, VALUES, *names, "most")


def runs_of_text(tx: Transaction, conditions: Sequence[Condition], view: View) -> list[int] | None:
    """Numbers of the runs that have a name, or a param or tag of a value, where nothing else is asked for.

    Some may be out of view. None where they are many, and where the condition is another.
    """
    first = conditions[0] if len(conditions) == 1 and view.place is None else None
    if not isinstance(first, Comparison) or first.operator != "=" or not isinstance(first.value, str):
        return None
    named = (first.kind, first.key) == ("attribute", "run_name") and len(view.experiments) == 1
    if len(first.value) >= INDEXED_LENGTH or not (named or first.kind in {"param", "tag"}):
        return None
    wide, name = wide_ranges(tx), (MAX_FOUND, first)
    if wide.get(name, 0.0) > time.monotonic():
        return None
    place = view.experiments[0] if named else first.key
    found = _of_text(first.kind, tx.dialect).rows(tx, place, first.value, MAX_FOUND + 1)
    if len(found) <= MAX_FOUND:
        return [number for (number,) in found]
    wide[name] = time.monotonic() + WIDE_SECONDS
    return None


@functools.cache
def _of_text(kind: str, dialect: str) -> Prepared:
    """Selects the runs of a short text as an index has it."""
    place: sa.BindParameter[Any] = sa.bindparam("place")
    text = sa.bindparam("text", type_=sa.Text())
    if kind == "attribute":
        chosen = sa.select(runs.c.id).where(runs.c.experiment_id == place, indexed(runs.c.name, dialect) == text)
    else:
        table = TABLES[kind]
        chosen = sa.select(table.c.run_id).where(table.c.key == place, indexed(table.c.value, dialect) == text)
        chosen = chosen.order_by(table.c.run_id)  # that of the index, or PostgreSQL reads all of the range or the table
    return Prepared(chosen.limit(sa.bindparam("most")), "place", "text", "most")
