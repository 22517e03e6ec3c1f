"""Metric points of logged models: each point that named a model is kept with it, with its run and dataset."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.core.limits import shown
from runyard.db.dialects import VALUES, among, bound, upsert
from runyard.db.transaction import Prepared, Transaction
from runyard.exceptions import BadRequest
from runyard.tracking.logged_models.tables import logged_model_metrics, logged_models
from runyard.tracking.metrics.entities import Point
from runyard.tracking.runs.tables import runs

_points = logged_model_metrics.c
_MAX_DOUBLE = 1.7976931348623157e308

_of_models = Prepared(
    lambda dialect: (
        sa.select(
            _points.logged_model_id,
            _points.key,
            _points.value,
            _points.timestamp,
            _points.step,
            _points.dataset_name,
            _points.dataset_digest,
            runs.c.run_uuid,
        )
        .join(runs, runs.c.id == _points.run_id)
        .where(among(dialect, _points.logged_model_id))
        .order_by(_points.key, _points.timestamp, _points.step, _points.id)
    ),
    VALUES,
)


def append_to_models(tx: Transaction, run: int, points: Sequence[Point]) -> None:
    """Keep points with the logged models they name.

    Raises
    ------
    BadRequest: A model does not exist.
    """
    named = sorted({str(point.model_id) for point in points})
    chosen = sa.select(logged_models.c.model_id, logged_models.c.id).where(logged_models.c.model_id.in_(named))
    numbers = {model_id: number for model_id, number in tx.execute(chosen)}  # noqa: C416  (rows, to the type checker)
    for model_id in named:
        if model_id not in numbers:
            raise BadRequest(f"No logged model has the id {shown(model_id)}; nothing was stored.")
    rows = [
        {
            "logged_model_id": numbers[str(point.model_id)],
            "run_id": run,
            "key": point.key,
            "value": point.value if point.value == point.value else None,
            "timestamp": point.timestamp,
            "step": point.step,
            "dataset_name": point.dataset_name or "",
            "dataset_digest": point.dataset_digest or "",
        }
        for point in points
    ]
    tx.execute(upsert(tx, logged_model_metrics).on_conflict_do_nothing(), rows)


def metrics_of(tx: Transaction, models: Sequence[tuple[int, str]]) -> dict[int, list[dict[str, Any]]]:
    """The points of some logged models as the protocol shows them, by internal number. One statement.

    Parameters
    ----------
    models: Internal number and id of each.
    """
    ids = dict(models)
    found: dict[int, list[dict[str, Any]]] = {}
    for number, key, value, timestamp, step, name, digest, run_id in _of_models.rows(tx, bound(tx, list(ids))):
        found.setdefault(number, []).append(
            {
                "key": key,
                "value": _on_wire(value),
                "timestamp": timestamp,
                "step": step,
                **({"dataset_name": name} if name else {}),
                **({"dataset_digest": digest} if digest else {}),
                "model_id": ids[number],
                "run_id": run_id,
            }
        )
    return found


def _on_wire(value: float | None) -> float | str:
    if value is None:
        return "NaN"
    if -_MAX_DOUBLE <= value <= _MAX_DOUBLE:
        return value
    return "Infinity" if value > 0 else "-Infinity"
