"""What metrics come to in the runs that are nested in some runs."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.core.wire import wire_double
from runyard.db.dialects import one_of, one_of_values
from runyard.db.transaction import Transaction
from runyard.tracking.metrics.tables import metric_series
from runyard.tracking.run_trees.messages import MAX_VALUES
from runyard.tracking.runs.tables import runs


def ranges_below(tx: Transaction, run_ids: Sequence[str], keys: Sequence[str]) -> list[dict[str, Any]]:
    """Ranges of metrics below runs, as the protocol shows them: the runs, some nested in them, their metrics."""
    columns = (runs.c.id, runs.c.run_uuid, runs.c.experiment_id, runs.c.lifecycle_stage)
    named = one_of_values(tx.dialect, runs.c.run_uuid, run_ids)
    parents = {row.id: row for row in tx.execute(sa.select(*columns).where(named))}
    above = _children(tx, parents, MAX_VALUES // len(keys))
    if not above:
        return []
    series = metric_series.c
    chosen = sa.select(series.run_id, series.key, series.value).where(
        one_of(tx, series.run_id, list(above)), one_of_values(tx.dialect, series.key, keys), series.value.is_not(None)
    )
    values: dict[tuple[int, str], list[float]] = {}
    for number, key, value in tx.execute(chosen):
        values.setdefault((above[number], key), []).append(value)
    return [
        {
            "run_id": parents[parent].run_uuid,
            "key": key,
            "least": wire_double(min(found)),
            "greatest": wire_double(max(found)),
            "runs": len(found),
        }
        for (parent, key), found in values.items()
    ]


def _children(tx: Transaction, parents: dict[int, Any], most: int) -> dict[int, int]:
    """The parents of runs that are nested in some, by the number of the nested run: of those parents that fit."""
    homes = {row.experiment_id for row in parents.values()}
    stages = {row.lifecycle_stage for row in parents.values()}
    chosen = (
        sa.select(runs.c.id, runs.c.parent_id)
        .where(
            runs.c.experiment_id.in_(homes),
            runs.c.lifecycle_stage.in_(stages),
            one_of(tx, runs.c.parent_id, list(parents)),
        )
        .order_by(runs.c.parent_id)
        .limit(most + 1)
    )
    rows = tx.execute(chosen).all()
    cut = rows[-1].parent_id if len(rows) > most else None  # more of its children may be behind the limit
    return {row.id: row.parent_id for row in rows if row.parent_id != cut}
