"""What the runs of a search have in common: their number, and the keys of their metrics and params.

All of it is bounded, so that a page which shows it costs the same for a thousand runs and for a million: the keys are
those of the newest runs that match, and the runs are counted up to a number.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.dialects import VALUES, among, bound
from runyard.db.transaction import Prepared, Transaction
from runyard.tracking.metrics.tables import metric_series
from runyard.tracking.runs.messages import DescribeRuns
from runyard.tracking.runs.search import matching_runs, search_run_ids
from runyard.tracking.runs.tables import indexed_part, params, runs

MAX_DESCRIBED = 1000
"""Runs whose keys are counted when there is no filter."""
MAX_DESCRIBED_MATCHES = 300
"""Runs whose keys are counted when there is a filter, with which runs may have to be tested one by one."""
MAX_ROWS = 60_000
"""Metrics and params that are looked at; where runs have many, fewer runs are described."""
MAX_COUNTED = 100_000
"""Runs that are counted without a filter; an index holds them side by side."""
MAX_MATCHES = 5000
"""Runs that are counted with a filter, which may have to be tested run by run."""
MAX_FURTHER = 300
"""Names of keys of other runs."""
_SAMPLE = 10


def _rows_of(dialect: str, table: sa.Table) -> sa.ScalarSelect[Any]:
    chosen = sa.select(sa.func.count()).select_from(table).where(among(dialect, table.c.run_id))
    return chosen.scalar_subquery()


_widths = Prepared(lambda dialect: sa.select(_rows_of(dialect, metric_series) + _rows_of(dialect, params)), VALUES)
_metric_keys = Prepared(
    lambda dialect: (
        sa.select(metric_series.c.key, sa.func.count())
        .where(among(dialect, metric_series.c.run_id))
        .group_by(metric_series.c.key)
        .order_by(metric_series.c.key)
    ),
    VALUES,
)
_param_keys = Prepared(
    lambda dialect: (
        sa.select(params.c.key, sa.func.count(), sa.func.count(sa.distinct(indexed_part)))
        .where(among(dialect, params.c.run_id))
        .group_by(params.c.key)
        .order_by(params.c.key)
    ),
    VALUES,
)


def _keys(table: sa.Table) -> sa.Select[Any]:
    """The first keys of a table, by one seek each in the index on key and value."""
    rows = table.alias()
    found = sa.select(sa.func.min(table.c.key).label("key")).cte("found", recursive=True)
    following = sa.select(sa.func.min(rows.c.key)).where(rows.c.key > found.c.key).correlate(found).scalar_subquery()
    found = found.union_all(sa.select(following).where(found.c.key.is_not(None)))
    return sa.select(found.c.key).where(found.c.key.is_not(None)).limit(sa.bindparam("most", type_=sa.Integer))


_first_metric_keys = Prepared(_keys(metric_series), "most")
_first_param_keys = Prepared(_keys(params), "most")


def describe(tx: Transaction, message: DescribeRuns) -> dict[str, Any]:
    """The answer to `DescribeRuns`. Four statements, up to seven when more runs match than are described.

    Raises
    ------
    InvalidParameter: The filter is not valid.
    """
    question = (message.experiment_ids, message.run_view_type, message.filter)
    most = MAX_DESCRIBED_MATCHES if message.filter else MAX_DESCRIBED
    found, token = search_run_ids(tx, *question, [], most, None)
    described = found[: _affordable(tx, found)]
    numbers = bound(tx, described)
    metric_keys = _metric_keys.rows(tx, numbers)
    param_keys = _param_keys.rows(tx, numbers)
    total, more = _count(tx, message) if token else (len(found), False)
    answer: dict[str, Any] = {
        "runs": total,
        "more": more,
        "described": len(described),
        "metric_keys": [{"key": key, "runs": count} for key, count in metric_keys],
        "param_keys": [{"key": key, "runs": count, "distinct": values} for key, count, values in param_keys],
    }
    if len(described) < total:
        answer["further_metric_keys"] = _further(tx, _first_metric_keys, metric_keys)
        answer["further_param_keys"] = _further(tx, _first_param_keys, param_keys)
    return answer


def _affordable(tx: Transaction, found: Sequence[int]) -> int:
    """How many of the runs to look at, by the number of metrics and params that a few of them have."""
    sample = found[:: max(1, len(found) // _SAMPLE)]
    row = _widths.row(tx, bound(tx, sample)) if sample else None
    rows = row[0] if row else 0
    return max(1, MAX_ROWS * len(sample) // rows) if rows else len(found)


def _count(tx: Transaction, message: DescribeRuns) -> tuple[int, bool]:
    """The number of matching runs up to a bound, and whether there are more."""
    most = MAX_MATCHES if message.filter else MAX_COUNTED
    conditions = matching_runs(tx, message.experiment_ids, message.run_view_type, message.filter)
    newest: sa.Select[Any] = (
        sa.select(sa.literal_column("1")).select_from(runs).where(*conditions).order_by(runs.c.start_time.desc())
    )
    # In an order that an index has: PostgreSQL would sweep the table, past all runs of other experiments.
    counted = int(tx.scalar(sa.select(sa.func.count()).select_from(newest.limit(most + 1).subquery())))
    return min(counted, most), counted > most


def _further(tx: Transaction, first: Prepared, known: Sequence[tuple[Any, ...]]) -> list[str]:
    """Keys of the store that are not among the known ones, in order."""
    names = {row[0] for row in known}
    keys = (row[0] for row in first.rows(tx, MAX_FURTHER + len(names)))
    return [key for key in keys if key not in names][:MAX_FURTHER]
