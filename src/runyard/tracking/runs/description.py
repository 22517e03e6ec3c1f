"""What the runs of a search have in common: their number, and the keys of their metrics and params.

All of it is bounded, so that a page which shows it costs the same for a thousand runs and for a million: the keys are
those of the newest runs that match, and the runs are counted up to a number, or among the newest.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.conditions import number
from runyard.db.dialects import one_of
from runyard.db.transaction import Prepared, Transaction
from runyard.tracking.metrics.tables import metric_series
from runyard.tracking.runs.conditions import View, meets
from runyard.tracking.runs.keys import described_of
from runyard.tracking.runs.messages import DescribeRuns
from runyard.tracking.runs.newest import meets_newest
from runyard.tracking.runs.ranges import in_index, runs_in_range
from runyard.tracking.runs.search import MAX_TOGETHER, Search, few_candidates, next_newest, search_of, search_run_ids
from runyard.tracking.runs.tables import params, runs

MAX_DESCRIBED = 1000
"""Runs whose keys are counted when there is no filter."""
MAX_DESCRIBED_MATCHES = 300
"""Runs whose keys are counted when there is a filter, with which runs may have to be tested one by one."""
FEWEST_MATCHES, MAX_BETWEEN = 100, 5_000
"""Where more runs than the second are between the newest matches, fewer of these are described: those of a page."""
MAX_COUNTED = 100_000
"""Runs that are counted without a filter; an index holds them side by side."""
MAX_MATCHES = 5000
"""Runs that are counted with a filter."""
MAX_TESTED = 10_000
"""Runs, the newest, that are tested one by one to count those that match."""
MAX_FURTHER = 300
"""Names of keys of other runs."""
Found = tuple[list[int], str | None]
"""A page of runs, as `search_run_ids` finds it."""
_THERE = sa.literal_column("1", sa.Integer()).label("there")


def _keys(table: sa.Table) -> sa.Select[Any]:
    """The first keys of a table, by one seek each in the index on key and value."""
    rows = table.alias()
    found = sa.select(sa.func.min(table.c.key).label("key")).cte("found", recursive=True)
    following = sa.select(sa.func.min(rows.c.key)).where(rows.c.key > found.c.key).correlate(found).scalar_subquery()
    found = found.union_all(sa.select(following).where(found.c.key.is_not(None)))
    return sa.select(found.c.key).where(found.c.key.is_not(None)).limit(sa.bindparam("most", type_=sa.Integer))


_first_metric_keys = Prepared(_keys(metric_series), "most")
_first_param_keys = Prepared(_keys(params), "most")


def describe(tx: Transaction, message: DescribeRuns, newest: Found | None = None) -> dict[str, Any]:
    """The answer to `DescribeRuns`. Five statements, and a few more when more runs match than are described.

    Parameters
    ----------
    newest: A page of the newest runs that match, where one was read already.

    Raises
    ------
    InvalidParameter: The filter is not valid.
    """
    found, token = _newest_found(tx, message, newest)
    described, keys = described_of(tx, found, active=message.run_view_type == "ACTIVE_ONLY")
    total, more = count_bounded(tx, _search(tx, message)) if token else (0, False)
    total = max(total, len(found))
    answer: dict[str, Any] = {
        "runs": total,
        "more": more,
        "described": described,
        "metric_keys": [{"key": key, "runs": count} for key, count in keys.metrics],
        "param_keys": [dict(entry) for entry in keys.params],
    }
    if described < total:
        answer["further_metric_keys"] = _further(tx, _first_metric_keys, {key for key, _ in keys.metrics})
        answer["further_param_keys"] = _further(tx, _first_param_keys, {entry["key"] for entry in keys.params})
    return answer


def _search(tx: Transaction, message: DescribeRuns) -> Search:
    return search_of(tx, message.experiment_ids, message.run_view_type, message.filter)


def _newest_found(tx: Transaction, message: DescribeRuns, newest: Found | None) -> Found:
    """The runs to describe, and a token when there are more. Fewer where they are far between: all runs are tested."""
    question = (message.experiment_ids, message.run_view_type, message.filter)
    if newest and newest[1] is None and len(newest[0]) <= FEWEST_MATCHES:
        return newest
    if not message.filter:
        return search_run_ids(tx, *question, [], MAX_DESCRIBED, None)
    if newest is None or len(newest[0]) != FEWEST_MATCHES:
        newest = search_run_ids(tx, *question, [], FEWEST_MATCHES, None)
    found, token = newest
    if token is None or _far_between(tx, message, found[-1]):
        return found, token
    return search_run_ids(tx, *question, [], MAX_DESCRIBED_MATCHES, None)


def _far_between(tx: Transaction, message: DescribeRuns, last: int) -> bool:
    """Whether many runs were started after this one."""
    started = sa.select(runs.c.start_time).where(runs.c.id == last).scalar_subquery()
    shown = search_of(tx, message.experiment_ids, message.run_view_type, None).view.shown(tx.dialect)
    later = sa.select(runs.c.id).where(*shown, runs.c.start_time >= started).order_by(runs.c.start_time.desc())
    return tx.execute(later.limit(1).offset(MAX_BETWEEN)).first() is not None


def count_bounded(tx: Transaction, search: Search) -> tuple[int, bool]:
    """The number of matching runs up to a bound, and whether there may be more."""
    view, conditions = search.view, search.conditions
    shown = view.shown(tx.dialect)
    if not conditions:
        return _counted(tx, _in_view(view, tx.dialect), MAX_COUNTED)
    few = few_candidates(tx, search)
    if few is not None:
        known = [one_of(tx, runs.c.id, few), *view.shown(tx.dialect, tested=True)]
        return _counted(tx, sa.select(runs.c.id).where(*known, *meets(conditions, tx.dialect)), MAX_MATCHES)
    if len(conditions) == 1 and conditions == search.comparisons and in_index(search.comparisons[0]):
        found = runs_in_range(search.comparisons[0], tx.dialect, shown).limit(MAX_MATCHES + 1).subquery()
        in_view = sa.case((view.has(found.c[0], tx.dialect), number(1)))
        entries, matching = tx.execute(sa.select(sa.func.count(), sa.func.count(in_view)).select_from(found)).one()
        if entries <= MAX_MATCHES or matching > MAX_MATCHES // 2:
            return min(matching, MAX_MATCHES), entries > MAX_MATCHES
        # Most of the range is of other experiments: this one's own runs may all be tested instead.
    bound, more = next_newest(tx, search, None, MAX_TESTED)
    counted, over = _counted(tx, _newest([*shown, *bound, *meets_newest(tx, conditions, view, bound)]), MAX_MATCHES)
    return counted, over or more


def _newest(conditions: Sequence[sa.ColumnElement[bool]]) -> sa.Select[Any]:
    """Selects runs in an order that an index has: PostgreSQL would sweep the table, past those of other experiments.

    Of each no more than that it is there, which SQLite counts in half the time.
    """
    return sa.select(_THERE).where(*conditions).order_by(runs.c.start_time.desc())


def _in_view(view: View, dialect: str) -> sa.Select[Any] | sa.CompoundSelect[Any]:
    """Selects runs to count, those of each experiment and stage from an index that holds them side by side."""
    parts = view.parts()
    if len(parts) > 2 * MAX_TOGETHER:
        return _newest(view.shown(dialect))
    chosen = [_in_part(part, dialect) for part in parts]
    if len(chosen) == 1:
        return chosen[0]
    each = [one.limit(MAX_COUNTED + 1).subquery() for one in chosen]
    return sa.union_all(*(sa.select(part.c.there) for part in each))


def _in_part(part: View, dialect: str) -> sa.Select[Any]:
    """Selects the runs of one experiment and stage.

    PostgreSQL has a small index of these, in no order; SQLite goes along that of the newest runs.
    """
    shown = part.shown(dialect)
    return sa.select(_THERE).where(*shown) if dialect == "postgresql" else _newest(shown)


def _counted(tx: Transaction, chosen: sa.Select[Any] | sa.CompoundSelect[Any], most: int) -> tuple[int, bool]:
    """The number of rows that a statement selects up to a bound, and whether there are more."""
    counted = int(tx.scalar(sa.select(sa.func.count()).select_from(chosen.limit(most + 1).subquery())))
    return min(counted, most), counted > most


def _further(tx: Transaction, first: Prepared, known: set[str]) -> list[str]:
    """Keys of the store that are not among the known ones, in order."""
    keys = (row[0] for row in first.rows(tx, MAX_FURTHER + len(known)))
    return [key for key in keys if key not in known][:MAX_FURTHER]
