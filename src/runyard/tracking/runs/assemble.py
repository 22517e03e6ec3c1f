"""Puts runs together as the protocol shows them: a fixed number of statements however many runs."""

from collections.abc import Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from runyard.db.selecting import one_of
from runyard.db.transaction import Transaction
from runyard.protocol.performing import Raw
from runyard.tracking.inputs.rows import dataset_inputs_of, model_inputs_of
from runyard.tracking.metrics import series
from runyard.tracking.metrics.tables import metric_series
from runyard.tracking.runs.tables import runs


def runs_on_wire(tx: Transaction, numbers: Sequence[int]) -> list[orjson.Fragment]:
    """The runs with these internal numbers, in this order, as JSON. Four statements."""
    metrics: dict[int, list[dict[str, Any]]] = {}
    for run, key, value, timestamp, step in series.latest(tx, one_of(tx, metric_series.c.run_id, numbers)):
        metrics.setdefault(run, []).append({"key": key, "value": value, "timestamp": timestamp, "step": step})
    datasets = dataset_inputs_of(tx, numbers)
    models = model_inputs_of(tx, numbers)
    shown = {}
    for row in tx.execute(sa.select(*_COLUMNS).where(one_of(tx, runs.c.id, numbers))):
        data = row.document
        if row.id in metrics:
            members = f'"metrics":{orjson.dumps(metrics[row.id]).decode()}'
            data = f"{members},{data}" if data else members
        inputs = {
            **({"dataset_inputs": datasets[row.id]} if row.id in datasets else {}),
            **({"model_inputs": models[row.id]} if row.id in models else {}),
        }
        whole = {"info": info(row), "data": orjson.Fragment(f"{{{data}}}"), "inputs": inputs}
        shown[row.id] = orjson.Fragment(orjson.dumps(whole))
    return [shown[number] for number in numbers if number in shown]


_COLUMNS = (
    runs.c.id,
    runs.c.run_uuid,
    runs.c.experiment_id,
    runs.c.name,
    runs.c.user_id,
    runs.c.status,
    runs.c.start_time,
    runs.c.end_time,
    runs.c.artifact_uri,
    runs.c.lifecycle_stage,
    runs.c.document,
)


def info(row: Any) -> dict[str, Any]:
    """A run's row as RunInfo on the wire."""
    return {
        "run_uuid": row.run_uuid,
        "experiment_id": str(row.experiment_id),
        "run_name": row.name,
        "user_id": row.user_id,
        "status": row.status,
        "start_time": row.start_time,
        **({"end_time": row.end_time} if row.end_time is not None else {}),
        "artifact_uri": row.artifact_uri,
        "lifecycle_stage": row.lifecycle_stage,
        "run_id": row.run_uuid,
    }


def run_info(tx: Transaction, number: int) -> dict[str, Any]:
    """RunInfo of one run."""
    return info(tx.execute(sa.select(*_COLUMNS).where(runs.c.id == number)).one())


def one_run(tx: Transaction, number: int) -> Raw:
    """The answer that shows one run."""
    return Raw(orjson.dumps({"run": runs_on_wire(tx, [number])[0]}))
