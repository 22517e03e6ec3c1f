"""Which columns a table of runs could have."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.transaction import Transaction
from runyard.tracking.metrics.tables import metric_series
from runyard.tracking.runs.search import matching_runs
from runyard.tracking.runs.tables import indexed_part, params, runs


def describe(tx: Transaction, experiment_ids: Sequence[str], view_type: str, text: str | None) -> dict[str, Any]:
    """Keys of metrics and params of the matching runs: how many runs have each, and how many values.

    Three statements.

    Values of params are told apart by their first 200 characters.
    """
    chosen = sa.select(runs.c.id).where(*matching_runs(tx, experiment_ids, view_type, text))
    number = tx.scalar(sa.select(sa.func.count()).select_from(chosen.subquery()))
    distinct = sa.func.count(sa.distinct(indexed_part))
    metric_keys = tx.execute(
        sa.select(metric_series.c.key, sa.func.count())
        .where(metric_series.c.run_id.in_(chosen))
        .group_by(metric_series.c.key)
        .order_by(metric_series.c.key)
    )
    param_keys = tx.execute(
        sa.select(params.c.key, sa.func.count(), distinct)
        .select_from(params)
        .where(params.c.run_id.in_(chosen))
        .group_by(params.c.key)
        .order_by(params.c.key)
    )
    return {
        "runs": number,
        "metric_keys": [{"key": key, "runs": count} for key, count in metric_keys],
        "param_keys": [{"key": key, "runs": count, "distinct": values} for key, count, values in param_keys],
    }
