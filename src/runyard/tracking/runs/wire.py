"""Assembles runs for answers, with a fixed number of statements."""

from collections.abc import Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from runyard.db.dialects import VALUES, among, bound
from runyard.db.transaction import Prepared, Transaction
from runyard.protocol.answer import Raw
from runyard.tracking.inputs.wire import dataset_inputs_of, models_of
from runyard.tracking.metrics import series
from runyard.tracking.origins.silence import beat_while_running, lost_since
from runyard.tracking.runs.tables import runs

INFO = (
    runs.c.run_uuid,
    runs.c.experiment_id,
    runs.c.name,
    runs.c.user_id,
    runs.c.status,
    runs.c.start_time,
    runs.c.end_time,
    runs.c.artifact_uri,
    runs.c.lifecycle_stage,
)
"""The columns that `info` takes, in its order."""

_runs_by_number = Prepared(
    lambda dialect: sa.select(runs.c.id, runs.c.document, beat_while_running, *INFO).where(among(dialect, runs.c.id)),
    VALUES,
)
_info_by_number = Prepared(sa.select(beat_while_running, *INFO).where(runs.c.id == sa.bindparam("run")), "run")


def runs_on_wire(tx: Transaction, numbers: Sequence[int]) -> list[str]:
    """The runs with these internal numbers, in this order, as JSON texts. Four statements."""
    metrics = series.latest(tx, numbers)
    datasets = dataset_inputs_of(tx, numbers)
    models, outputs = models_of(tx, numbers)
    shown = {}
    for number, document, beat, *columns in _runs_by_number.rows(tx, bound(tx, numbers)):
        inputs = {
            **({"dataset_inputs": datasets[number]} if number in datasets else {}),
            **({"model_inputs": models[number]} if number in models else {}),
        }
        put_out = outputs.get(number)
        shown[number] = run_on_wire(
            info(*columns) | lost_since(beat, tx.now_ms), document, metrics.get(number), inputs, put_out
        )
    return [shown[number] for number in numbers if number in shown]


def run_on_wire(
    run_info: dict[str, Any],
    document: str,
    metrics: str | None,
    inputs: dict[str, Any],
    model_outputs: list[dict[str, Any]] | None = None,
) -> str:
    """One run as JSON text; `document` is the text kept with it, the members params and tags of its data."""
    data = document
    if metrics:
        members = f'"metrics":[{metrics}]'
        data = f"{members},{document}" if document else members
    used = orjson.dumps(inputs).decode() if inputs else "{}"
    made = f',"outputs":{orjson.dumps({"model_outputs": model_outputs}).decode()}' if model_outputs else ""
    # A page has a thousand of these: to put texts together takes a third of the time of dumping an object.
    return f'{{"info":{orjson.dumps(run_info).decode()},"data":{{{data}}},"inputs":{used}{made}}}'


def info(
    run_uuid: str,
    experiment_id: int,
    name: str,
    user_id: str,
    status: str,
    start_time: int,
    end_time: int | None,
    artifact_uri: str,
    lifecycle_stage: str,
) -> dict[str, Any]:
    """A run's columns as RunInfo on the wire."""
    return {
        "run_uuid": run_uuid,
        "experiment_id": str(experiment_id),
        "run_name": name,
        "user_id": user_id,
        "status": status,
        "start_time": start_time,
        **({"end_time": end_time} if end_time is not None else {}),
        "artifact_uri": artifact_uri,
        "lifecycle_stage": lifecycle_stage,
        "run_id": run_uuid,
    }


def run_info(tx: Transaction, number: int) -> dict[str, Any]:
    """RunInfo of one run."""
    [[beat, *columns]] = _info_by_number.rows(tx, number)
    return info(*columns) | lost_since(beat, tx.now_ms)


def one_run(tx: Transaction, number: int) -> Raw:
    """The answer that shows one run."""
    return answer_with(runs_on_wire(tx, [number])[0])


def answer_with(run: str) -> Raw:
    """The answer that has the JSON text of one run."""
    return Raw(f'{{"run":{run}}}'.encode())
