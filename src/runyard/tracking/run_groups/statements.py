"""The statements that group runs: one row a group, made by the database."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runyard.db.conditions import as_number, binary, number
from runyard.tracking.inputs.tables import dataset_inputs, datasets
from runyard.tracking.metrics.tables import metric_series
from runyard.tracking.run_groups.keys import GroupKey, GroupOrder
from runyard.tracking.runs.ranges import TABLES
from runyard.tracking.runs.tables import runs

BOUND = 1e140
"""Values beyond it have no standard deviation: their squares leave the range of doubles."""
SCALE = 2.0**-40
"""PostgreSQL refuses what leaves the range of doubles: it adds up values that were made smaller by this."""
_TINY = 1e-290
"""What would be lost by that."""


@dataclass(frozen=True)
class Grouping:
    """What is asked of the database.

    Attributes
    ----------
    chosen: The conditions on rows of `runs`.
    sparse: Whether these are a small part of the runs of the store.
    """

    chosen: Sequence[sa.ColumnElement[bool]]
    keys: Sequence[GroupKey]
    metrics: Sequence[str]
    order: GroupOrder
    dialect: str
    sparse: bool = False

    def groups(self, limit: int, offset: int) -> sa.Select[Any]:
        """Selects a page of groups: their values, runs, what each metric comes to; then how many groups and runs.

        Of a metric it selects how many runs have it and how many have a number, mean, deviation, minimum and maximum.
        The deviation is the variance with PostgreSQL, and the sum of squares with SQLite, which has none.
        """
        grouped = self._grouped()
        source: sa.FromClause = grouped
        spread = None
        if self.dialect == "sqlite" and self.order.what == "sd":
            spread = self.squares(self.order.metric).subquery("spread")
            same = (
                grouped.c[f"k{place}"].is_not_distinct_from(spread.c[f"k{place}"]) for place in range(len(self.keys))
            )
            source = grouped.outerjoin(spread, sa.and_(*same))
        everything = (sa.func.count().over(), sa.func.sum(grouped.c.n).over())
        page = sa.select(*grouped.c, *everything).select_from(source)
        return page.order_by(*self._ordered(grouped, spread)).limit(limit).offset(offset or None)

    def squares(self, metric: str) -> sa.Select[Any]:
        """Selects for each group of several numbers the sum of the squares of what is left of its mean, for SQLite."""
        keys, source = self._source()
        source, table = self._with_metric(source, metric, "m")
        found = sa.select(*keys, table.c.value.label("x")).select_from(source).where(*self.chosen)
        rows = found.where(table.c.value.is_not(None)).cte("found")
        names = [key.name for key in keys]
        each = sa.select(*(rows.c[name] for name in names), sa.func.avg(rows.c.x).label("mean"))
        means = each.group_by(*(rows.c[name] for name in names)).cte("means")
        left = rows.c.x - means.c.mean
        same = sa.and_(*(rows.c[name].is_not_distinct_from(means.c[name]) for name in names))
        squares = (sa.func.sum(left * left) - sa.func.sum(left) * sa.func.sum(left) / sa.func.count()).label("squares")
        chosen = sa.select(*(rows.c[name] for name in names), squares, sa.func.count().label("n"))
        return chosen.select_from(rows.join(means, same)).group_by(*(rows.c[name] for name in names))

    def _grouped(self) -> sa.Subquery:
        keys, source = self._source()
        columns: list[sa.ColumnElement[Any]] = [*keys, sa.func.count().label("n")]
        for place, metric in enumerate(self.metrics):
            source, table = self._with_metric(source, metric, f"m{place}")
            columns += (made.label(f"{name}{place}") for name, made in self._figures(table).items())
        grouped = sa.select(*columns).select_from(source).where(*self.chosen).group_by(*(key.element for key in keys))
        return grouped.subquery("grouped")

    def _figures(self, table: sa.FromClause) -> dict[str, sa.ColumnElement[Any]]:
        value = table.c.value
        bounds = {"min": sa.func.min(value), "max": sa.func.max(value)}
        counts = {"has": sa.func.count(table.c.run_id), "numbers": sa.func.count(value)}
        if self.dialect == "sqlite":
            return {**counts, "mean": sa.func.avg(value), "sd": sa.func.sum(value * value), **bounds}
        tiny, huge = sa.func.abs(value) < number(_TINY), sa.func.abs(value) > number(BOUND)
        infinite: sa.ColumnElement[float] = sa.literal_column("'Infinity'::float8", sa.Double())
        small = sa.case((tiny, number(0.0)), else_=value * number(SCALE))
        total = sa.func.nullif(sa.func.sum(small), sa.literal_column("'NaN'::float8", sa.Double()))
        spread = sa.func.var_samp(sa.case((huge, infinite), else_=value))
        return {
            **counts,
            "mean": total / sa.func.nullif(sa.func.count(value), number(0)),
            "sd": sa.func.nullif(spread, sa.literal_column("'NaN'::float8", sa.Double())),
            **bounds,
        }

    def _source(self) -> tuple[list[sa.Label[Any]], sa.FromClause]:
        """The labelled columns of the keys, and the tables that they are in."""
        source: sa.FromClause = runs
        columns: list[sa.Label[Any]] = []
        for place, key in enumerate(self.keys):
            source, column = self._with_key(source, key, f"g{place}")
            columns.append(column.label(f"k{place}"))
        return columns, source

    def _ordered(self, grouped: sa.Subquery, spread: sa.Subquery | None) -> list[sa.ColumnElement[Any]]:
        by_values = [
            term
            for place in range(len(self.keys))
            for term in self._by_value(grouped.c[f"k{place}"], self.order.what == "group" and not self.order.ascending)
        ]
        if self.order.what == "group":
            return by_values
        if self.order.what == "runs":
            column: sa.ColumnElement[Any] = grouped.c.n
        elif spread is not None:
            column = sa.case((spread.c.n > number(1), spread.c.squares / (spread.c.n - number(1))))
        else:
            column = grouped.c[f"{self.order.what}{self.metrics.index(self.order.metric)}"]
        missing = sa.case((column.is_(None), number(1)), else_=number(0))
        return [missing, column.asc() if self.order.ascending else column.desc(), *by_values]

    def _by_value(self, column: sa.ColumnElement[Any], descending: bool) -> list[sa.ColumnElement[Any]]:
        numeral, text = as_number(column, self.dialect), binary(column, self.dialect)
        rank = sa.case((column.is_(None), number(2)), (numeral.is_(None), number(1)), else_=number(0))
        zero = sa.func.coalesce(numeral, number(0.0))
        return [rank, zero.desc(), text.desc()] if descending else [rank, zero, text]

    def _with_metric(self, source: sa.FromClause, metric: str, name: str) -> tuple[sa.FromClause, sa.FromClause]:
        return self._with_value(source, metric_series, metric, name)

    def _with_key(self, source: sa.FromClause, key: GroupKey, name: str) -> tuple[sa.FromClause, sa.ColumnElement[Any]]:
        if key.kind == "attribute":
            return source, sa.func.nullif(runs.c[key.key], sa.literal_column("''", sa.Text()))
        if key.kind == "dataset":
            both = datasets.c.name + sa.literal_column("' ('") + datasets.c.digest + sa.literal_column("')'")
            value = datasets.c[key.key] if key.key else both
            used = dataset_inputs.join(datasets, datasets.c.id == dataset_inputs.c.dataset_id)
            chosen = sa.select(dataset_inputs.c.run_id, value.label("value")).select_from(used).distinct()
            found = chosen.subquery(name)
            return source.outerjoin(found, found.c.run_id == runs.c.id), found.c.value
        source, table = self._with_value(source, TABLES[key.kind.removesuffix("s")], key.key, name)
        return source, table.c.value

    def _with_value(
        self, source: sa.FromClause, values: sa.Table, key: str, name: str
    ) -> tuple[sa.FromClause, sa.FromClause]:
        """Joins what runs have of a key."""
        if not (self.sparse and self.dialect == "postgresql"):
            table = _named(values, name)
            return source.outerjoin(table, sa.and_(table.c.run_id == runs.c.id, table.c.key == key)), table
        # PostgreSQL would read the key's values of all runs; with an offset it looks up those of each.
        chosen = sa.select(values.c.run_id, values.c.value).where(values.c.run_id == runs.c.id, values.c.key == key)
        found = chosen.correlate(runs).offset(number(0)).lateral(name)
        return source.outerjoin(found, sa.true()), found


@functools.cache
def _named(table: sa.Table, name: str) -> sa.FromClause:
    """A table under another name, made once: that takes as long as to read a hundred of its rows."""
    return table.alias(name)
