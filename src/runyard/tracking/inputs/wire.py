"""What runs used and put out, as the protocol shows it."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.dialects import VALUES, among, bound
from runyard.db.transaction import Prepared, Transaction
from runyard.tracking.inputs.tables import dataset_input_tags, dataset_inputs, datasets, model_inputs
from runyard.tracking.logged_models.tables import model_outputs

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


def has_dataset_inputs(run: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Whether a run used datasets, by its internal number."""
    return sa.exists().where(dataset_inputs.c.run_id == run)


def has_models(run: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Whether a run used models, or put some out."""
    return sa.or_(sa.exists().where(model_inputs.c.run_id == run), sa.exists().where(model_outputs.c.run_id == run))


_inputs_of_runs = Prepared(_inputs_statement, VALUES)
_inputs_of = model_inputs.c
_outputs_of = model_outputs.c


def _models_statement(dialect: str) -> sa.CompoundSelect[Any]:
    """Models that runs used, without a step, and models they put out, by step."""
    used = sa.select(_inputs_of.run_id, _inputs_of.model_id, sa.null().label("step"))
    put_out = sa.select(_outputs_of.run_id, _outputs_of.model_id, _outputs_of.step)
    either = sa.union_all(
        used.where(among(dialect, _inputs_of.run_id)), put_out.where(among(dialect, _outputs_of.run_id))
    )
    return either.order_by("run_id", "step", "model_id")


_models_of_runs = Prepared(_models_statement, VALUES)


def dataset_inputs_of(tx: Transaction, numbers: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Dataset inputs of some runs on the wire, by run number, in the order they were logged. One statement."""
    inputs: dict[int, dict[int, dict[str, Any]]] = {}
    for run, number, *fields, key, value in _inputs_of_runs.rows(tx, bound(tx, numbers)):
        shown = {name: text for name, text in zip(DATASET_FIELDS, fields, strict=True) if text is not None}
        entry = inputs.setdefault(run, {}).setdefault(number, {"dataset": shown})
        if key is not None:
            entry.setdefault("tags", []).append({"key": key, "value": value})
    return {run: list(entries.values()) for run, entries in inputs.items()}


Models = dict[int, list[dict[str, Any]]]


def models_of(tx: Transaction, numbers: Sequence[int]) -> tuple[Models, Models]:
    """Model inputs and model outputs of some runs on the wire, by run number. One statement."""
    inputs: Models = {}
    outputs: Models = {}
    for run, model_id, step in _models_of_runs.rows(tx, bound(tx, numbers)):
        if step is None:
            inputs.setdefault(run, []).append({"model_id": model_id})
        else:
            outputs.setdefault(run, []).append({"model_id": model_id, "step": step})
    return inputs, outputs
