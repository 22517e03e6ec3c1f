"""Assembles runs for answers, with a fixed number of statements."""

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from runyard.db.dialects import VALUES, among, bound
from runyard.db.transaction import Prepared, Transaction
from runyard.tracking.inputs.wire import dataset_inputs_of, has_dataset_inputs, has_models, models_of
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


def _runs_by_number(dialect: str) -> sa.Select[Any]:
    carried = (runs.c.document, series.latest_of_run(dialect, runs.c.id))
    uses = (has_dataset_inputs(runs.c.id), has_models(runs.c.id))
    return sa.select(runs.c.id, *carried, *uses, beat_while_running, *INFO).where(among(dialect, runs.c.id))


_runs = Prepared(_runs_by_number, VALUES)
_info_by_number = Prepared(sa.select(beat_while_running, *INFO).where(runs.c.id == sa.bindparam("run")), "run")


class _Info(msgspec.Struct, gc=False):
    """RunInfo on the wire."""

    run_uuid: str
    experiment_id: str
    run_name: str
    user_id: str
    status: str
    start_time: int
    artifact_uri: str
    lifecycle_stage: str
    run_id: str
    end_time: int | msgspec.UnsetType
    lost_since: int | msgspec.UnsetType = msgspec.UNSET


class _Run(msgspec.Struct, gc=False):
    """A run on the wire. A page has a thousand: of dictionaries, it takes several times as long to encode them."""

    info: _Info
    data: msgspec.Raw
    inputs: dict[str, Any]
    outputs: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


to_json = msgspec.json.Encoder().encode
"""Encodes answers with runs in them."""
_NO_INPUTS: dict[str, Any] = {}


def runs_on_wire(tx: Transaction, numbers: Sequence[int]) -> list[_Run]:
    """The runs with these internal numbers, in this order, as `to_json` encodes them. One statement, or up to three."""
    shown, using, connected = dict[int, _Run](), list[int](), list[int]()
    for number, document, metrics, used_datasets, has_some_models, beat, *columns in _runs.rows(tx, bound(tx, numbers)):
        shown[number] = run_on_wire(info(lost_since(beat, tx.now_ms), *columns), document, metrics)
        if used_datasets:
            using.append(number)
        if has_some_models:
            connected.append(number)
    if using:
        for number, datasets in dataset_inputs_of(tx, using).items():
            shown[number].inputs = {"dataset_inputs": datasets}
    if connected:
        used, put_out = models_of(tx, connected)
        for number, models in used.items():
            shown[number].inputs = shown[number].inputs | {"model_inputs": models}
        for number, models in put_out.items():
            shown[number].outputs = {"model_outputs": models}
    return [shown[number] for number in numbers if number in shown]


def run_on_wire(run_info: _Info, document: str, metrics: str | None = None) -> _Run:
    """One run that neither used nor put out anything.

    Parameters
    ----------
    document: The text kept with it, the members params and tags of its data.
    metrics: Its latest metrics as JSON objects with commas between.
    """
    if metrics:
        document = f'"metrics":[{metrics}],{document}' if document else f'"metrics":[{metrics}]'
    return _Run(run_info, msgspec.Raw(f"{{{document}}}"), _NO_INPUTS)


def info(
    lost: int | None,
    run_uuid: str,
    experiment_id: int,
    name: str,
    user_id: str,
    status: str,
    start_time: int,
    end_time: int | None,
    artifact_uri: str,
    lifecycle_stage: str,
) -> _Info:
    """A run's columns as RunInfo on the wire.

    Parameters
    ----------
    lost: Since when the run is lost, in milliseconds since 1970; None of one that is not.
    """
    return _Info(
        run_uuid, str(experiment_id), name, user_id, status, start_time, artifact_uri, lifecycle_stage, run_uuid,
        msgspec.UNSET if end_time is None else end_time,
        msgspec.UNSET if lost is None else lost,
    )  # fmt: skip


def run_info(tx: Transaction, number: int) -> _Info:
    """RunInfo of one run."""
    [[beat, *columns]] = _info_by_number.rows(tx, number)
    return info(lost_since(beat, tx.now_ms), *columns)


def one_run(tx: Transaction, number: int) -> bytes:
    """The answer that shows one run."""
    [run] = runs_on_wire(tx, [number])
    return to_json({"run": run})
