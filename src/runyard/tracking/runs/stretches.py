"""Entries of an index, read in the order of their values a stretch at a time."""

import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from runyard.db.transaction import Transaction

_LOWER, _UPPER = frozenset((">", ">=")), frozenset(("<", "<="))


class Begin(NamedTuple):
    """Where a stretch begins: with a value, or right behind it."""

    value: Any
    behind: bool = False


class Stretches:
    """The statements that read entries of an index. Each is made when it is first needed, and may be kept for later.

    Parameters
    ----------
    chosen: Selects the entries, each the number of a run and its value.
    ranges: Conditions on the value that bound them, each with its operator.
    tests: Conditions on the run.
    ascending: Whether the least value comes first.
    """

    def __init__(
        self,
        chosen: sa.Select[Any],
        ranges: Sequence[tuple[str, sa.ColumnElement[bool]]],
        tests: Sequence[sa.ColumnElement[bool]],
        ascending: bool,
    ) -> None:
        self._chosen, self._ranges, self._tests, self._ascending = chosen, ranges, tests, ascending
        self._value: sa.ColumnElement[Any] = chosen.selected_columns[1]
        self._made: dict[tuple[bool | None, bool | None, bool], sa.Select[Any]] = {}

    def alike(self, value: Any) -> sa.Select[Any]:
        """Selects the entries of one value."""
        return self._chosen.where(self._value == value)

    def ends(self, tx: Transaction, begin: Begin | None, entries: int) -> tuple[Any, Any]:
        """The first value from here on, and that of the entry this number of entries behind; None where none is."""
        name = (begin and begin.behind, None, False)
        statement = self._made.get(name)
        if statement is None:
            values = self._entries(begin, ended=False).with_only_columns(self._value).limit(1)
            behind = values.offset(sa.bindparam("entries"))
            statement = self._made[name] = sa.select(values.scalar_subquery(), behind.scalar_subquery())
        [(first, end)] = tx.tuples(statement, {"begin": begin and begin.value, "entries": entries})
        return first, end

    def matching(self, tx: Transaction, begin: Begin | None, end: Any, most: int | None) -> list[Any]:
        """The entries from here to a value, or to the last one, whose runs match."""
        name = (begin and begin.behind, end is not None, most is not None)
        statement = self._made.get(name)
        if statement is None:
            statement = self._entries(begin, ended=end is not None).where(*self._tests)
            if most is not None:
                statement = statement.limit(sa.bindparam("most"))
            self._made[name] = statement
        return tx.tuples(statement, {"begin": begin and begin.value, "end": end, "most": most})

    def _entries(self, begin: Begin | None, *, ended: bool) -> sa.Select[Any]:
        # Of two bounds on the same side SQLite uses the first it sees, so there is one only: the values that a walk
        # has come to are in its range.
        value, ascending = self._value, self._ascending
        near, far = (_LOWER, _UPPER) if ascending else (_UPPER, _LOWER)
        left = [each for name, each in self._ranges if not (begin and name in near) and not (ended and name in far)]
        if begin is not None:
            inside = operator.gt if begin.behind else operator.ge
            outside = operator.lt if begin.behind else operator.le
            left.append((inside if ascending else outside)(value, sa.bindparam("begin", type_=value.type)))
        if ended:
            before = operator.lt if ascending else operator.gt
            left.append(before(value, sa.bindparam("end", type_=value.type)))
        return self._chosen.where(*left).order_by(value.asc() if ascending else value.desc())
