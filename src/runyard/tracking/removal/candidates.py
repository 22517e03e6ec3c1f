"""Finds what is deleted and may be removed for good, and what must stay, with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runyard.db.dialects import one_of_values
from runyard.db.transaction import Transaction
from runyard.exceptions import Conflict, DoesNotExist, InvalidParameter
from runyard.tracking.experiments.messages import experiment_number
from runyard.tracking.experiments.stages import DELETED
from runyard.tracking.experiments.tables import experiments
from runyard.tracking.logged_models.tables import logged_models
from runyard.tracking.removal.needs import (
    MODEL_IS_DELETED,
    DeletedModel,
    DeletedRun,
    Needed,
    reason_to_keep_model,
    reasons_to_keep_runs,
)
from runyard.tracking.runs.tables import runs


@dataclass(frozen=True)
class DeletedExperiment:
    """An experiment that may be removed, once its runs and logged models are."""

    experiment_id: str
    name: str


@dataclass(frozen=True)
class Kept:
    """What is deleted and must stay.

    Attributes
    ----------
    what: ``run``, ``logged model`` or ``experiment``.
    reason: Why, and what to do about it.
    """

    what: str
    id: str
    name: str
    experiment_id: str
    reason: str


@dataclass(frozen=True)
class Removable:
    """What a removal would remove, and what is deleted and would stay."""

    runs: list[DeletedRun]
    models: list[DeletedModel]
    experiments: list[DeletedExperiment]
    kept: list[Kept]


def find(
    tx: Transaction, needed: Needed, before: int | None, run_ids: Sequence[str], experiment_ids: Sequence[str]
) -> Removable:
    """What is deleted; `Remover.find` describes the parameters and errors."""
    everything = not run_ids and not experiment_ids
    chosen = _find_experiments(tx, before, experiment_ids, everything=everything)
    found_runs = _find_runs(tx, before, run_ids, everything=everything)
    found_models = _find_models(tx, before) if everything else []
    for experiment in chosen:
        number = int(experiment.experiment_id)
        found_runs += _runs(tx, runs.c.experiment_id == number)
        found_models += _models(tx, logged_models.c.experiment_id == number)
    unique_runs = {run.run_id: run for run in found_runs}.values()
    unique_models = {model.model_id: model for model in found_models}.values()
    return _parted(tx, needed, list(unique_runs), list(unique_models), chosen, {*run_ids, *experiment_ids})


def _parted(
    tx: Transaction,
    needed: Needed,
    found_runs: list[DeletedRun],
    found_models: list[DeletedModel],
    chosen: list[DeletedExperiment],
    named: set[str],
) -> Removable:
    """What may be removed and what must stay."""
    kept: list[Kept] = []
    models, leaving_runs, leaving = [], [], set[str]()
    for model in found_models:
        reason = reason_to_keep_model(needed, model)
        if reason is None:
            models.append(model)
            leaving.add(model.model_id)
        else:
            kept.append(Kept("logged model", model.model_id, model.name, model.experiment_id, reason))
    reasons = reasons_to_keep_runs(tx, needed, found_runs, leaving)
    for run in found_runs:
        reason = reasons.get(run.run_id)
        if reason is None and run.lifecycle_stage != DELETED:
            reason = "it is not deleted; delete it first"  # restored, in an experiment that is deleted
        if reason is None:
            leaving_runs.append(run)
        else:
            kept.append(Kept("run", run.run_id, run.name, run.experiment_id, reason))
    staying = {one.experiment_id: one for one in reversed(kept)}
    for experiment in chosen:
        first = staying.get(experiment.experiment_id)
        if first:
            reason = f"{first.what} {first.id} stays in it"
            kept.append(Kept("experiment", experiment.experiment_id, experiment.name, "", reason))
    for one in kept:
        if one.id in named:
            detail = "; ".join(f"{each.what} {each.id}: {each.reason}" for each in kept)
            raise Conflict(f"{one.what.capitalize()} {one.id} cannot be removed; nothing was. {detail}.")
    left = [experiment for experiment in chosen if experiment.experiment_id not in staying]
    return Removable(leaving_runs, models, left, kept)


_MODEL_COLUMNS = (
    logged_models.c.id,
    logged_models.c.model_id,
    logged_models.c.name,
    logged_models.c.experiment_id,
    logged_models.c.artifact_location,
    logged_models.c.source_run_id,
    logged_models.c.deleted_time,
    MODEL_IS_DELETED.label("is_deleted"),
)
_FROM_MODELS = logged_models.join(experiments, experiments.c.experiment_id == logged_models.c.experiment_id)


def _find_models(tx: Transaction, before: int | None) -> list[DeletedModel]:
    conditions = [logged_models.c.lifecycle_stage == DELETED]
    if before is not None:
        conditions.append(logged_models.c.deleted_time < before)
    return _models(tx, *conditions)


def _models(tx: Transaction, *conditions: sa.ColumnElement[bool]) -> list[DeletedModel]:
    chosen = sa.select(*_MODEL_COLUMNS).select_from(_FROM_MODELS).where(*conditions).order_by(logged_models.c.id)
    return [_as_model(row) for row in tx.execute(chosen)]


def find_models(tx: Transaction, model_ids: Sequence[str]) -> list[DeletedModel]:
    """Logged models, deleted or not, to be changed; those that are not there are left out."""
    some = one_of_values(tx.dialect, logged_models.c.model_id, model_ids)
    chosen = sa.select(*_MODEL_COLUMNS).select_from(_FROM_MODELS).where(some).order_by(logged_models.c.id)
    return [_as_model(row) for row in tx.execute(chosen.with_for_update(of=logged_models))]


def _as_model(row: Any) -> DeletedModel:
    number, model_id, name, experiment_id, location, run_id, deleted_time, is_deleted = row
    return DeletedModel(number, model_id, name, str(experiment_id), location, run_id, deleted_time, bool(is_deleted))


_RUN_COLUMNS = (
    runs.c.id,
    runs.c.run_uuid,
    runs.c.name,
    runs.c.experiment_id,
    runs.c.artifact_uri,
    runs.c.lifecycle_stage,
)


def _as_run(row: Any) -> DeletedRun:
    return DeletedRun(row.id, row.run_uuid, row.name, str(row.experiment_id), row.artifact_uri, row.lifecycle_stage)


def _runs(tx: Transaction, *conditions: sa.ColumnElement[bool]) -> list[DeletedRun]:
    return [_as_run(row) for row in tx.execute(sa.select(*_RUN_COLUMNS).where(*conditions).order_by(runs.c.id))]


def find_runs(tx: Transaction, run_ids: Sequence[str]) -> list[DeletedRun]:
    """Runs, deleted or not, to be changed; those that are not there are left out."""
    chosen = sa.select(*_RUN_COLUMNS).where(one_of_values(tx.dialect, runs.c.run_uuid, run_ids)).order_by(runs.c.id)
    return [_as_run(row) for row in tx.execute(chosen.with_for_update())]


def _find_runs(tx: Transaction, before: int | None, run_ids: Sequence[str], *, everything: bool) -> list[DeletedRun]:
    if not everything:
        return [_named_run(tx, run_id, before) for run_id in run_ids]
    conditions = [runs.c.lifecycle_stage == DELETED]
    if before is not None:
        conditions.append(runs.c.deleted_time < before)
    return _runs(tx, *conditions)


def _named_run(tx: Transaction, run_id: str, before: int | None) -> DeletedRun:
    columns = (*_RUN_COLUMNS, runs.c.deleted_time)
    row = tx.execute(sa.select(*columns).where(runs.c.run_uuid == run_id)).first()
    if row is None:
        raise DoesNotExist(
            f"No run has the id {run_id!r}. List deleted runs with: runyard runs list --view deleted_only"
        )
    if row.lifecycle_stage != DELETED:
        raise InvalidParameter(f"Run {run_id!r} is not deleted. Delete it first: runyard runs delete --run-id {run_id}")
    if before is not None and row.deleted_time >= before:
        raise InvalidParameter(f"Run {run_id!r} was deleted too recently for --older-than. Leave it out, or wait.")
    return _as_run(row)


def _find_experiments(
    tx: Transaction, before: int | None, experiment_ids: Sequence[str], *, everything: bool
) -> list[DeletedExperiment]:
    columns = (experiments.c.experiment_id, experiments.c.name)
    if everything:
        chosen = sa.select(*columns).where(experiments.c.lifecycle_stage == DELETED)
        if before is not None:
            chosen = chosen.where(experiments.c.last_update_time < before)
        return [DeletedExperiment(str(row[0]), row[1]) for row in tx.execute(chosen.order_by(columns[0]))]
    return [_named_experiment(tx, experiment_id, before) for experiment_id in experiment_ids]


def _named_experiment(tx: Transaction, experiment_id: str, before: int | None) -> DeletedExperiment:
    chosen = sa.select(experiments).where(experiments.c.experiment_id == experiment_number(experiment_id))
    row = tx.execute(chosen).first()
    if row is None:
        raise DoesNotExist(f"No experiment has the id {experiment_id}. List them with: runyard experiments search")
    if row.lifecycle_stage != DELETED:
        raise InvalidParameter(
            f"Experiment {experiment_id} is not deleted. Delete it first: runyard experiments delete -x {experiment_id}"
        )
    if before is not None and row.last_update_time >= before:
        raise InvalidParameter(f"Experiment {experiment_id} was deleted too recently for --older-than. Leave it out.")
    return DeletedExperiment(str(row.experiment_id), row.name)
