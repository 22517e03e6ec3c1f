"""Reading what runs used."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.selecting import NUMBERS, among, bound
from runyard.db.transaction import Prepared, Transaction
from runyard.tracking.inputs.tables import dataset_input_tags, dataset_inputs, datasets, model_inputs

DATASET_FIELDS = ("name", "digest", "source_type", "source", "schema", "profile")


def _inputs_statement(dialect: str) -> sa.Select[Any]:
    return (
        sa.select(
            dataset_inputs.c.run_id,
            dataset_inputs.c.id,
            *(datasets.c[name] for name in DATASET_FIELDS),
            dataset_input_tags.c.key,
            dataset_input_tags.c.value,
        )
        .join(datasets, datasets.c.id == dataset_inputs.c.dataset_id)
        .outerjoin(dataset_input_tags, dataset_input_tags.c.input_id == dataset_inputs.c.id)
        .where(among(dialect, dataset_inputs.c.run_id))
        .order_by(dataset_inputs.c.id, dataset_input_tags.c.key)
    )


_inputs_of_runs = Prepared(_inputs_statement, NUMBERS)
_models_of_runs = Prepared(
    lambda dialect: sa.select(model_inputs.c.run_id, model_inputs.c.model_id).where(
        among(dialect, model_inputs.c.run_id)
    ),
    NUMBERS,
)


def dataset_inputs_of(tx: Transaction, numbers: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Dataset inputs of some runs on the wire, by run number, in the order they were logged. One statement."""
    inputs: dict[int, dict[int, dict[str, Any]]] = {}
    for run, number, *fields, key, value in _inputs_of_runs.rows(tx, bound(tx, numbers)):
        shown = {name: text for name, text in zip(DATASET_FIELDS, fields, strict=True) if text is not None}
        entry = inputs.setdefault(run, {}).setdefault(number, {"dataset": shown})
        if key is not None:
            entry.setdefault("tags", []).append({"key": key, "value": value})
    return {run: list(entries.values()) for run, entries in inputs.items()}


def model_inputs_of(tx: Transaction, numbers: Sequence[int]) -> dict[int, list[dict[str, str]]]:
    """Model inputs of some runs on the wire, by run number. One statement."""
    inputs: dict[int, list[dict[str, str]]] = {}
    for run, model_id in _models_of_runs.rows(tx, bound(tx, numbers)):
        inputs.setdefault(run, []).append({"model_id": model_id})
    return inputs
