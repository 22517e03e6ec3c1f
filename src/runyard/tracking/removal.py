"""Removing deleted runs, logged models and experiments for good: what `runyard gc` does.

There is no way back, and no route to it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runyard.db.engine import open_engines
from runyard.db.schema import ensure_schema
from runyard.db.transaction import StoreSettings, Transaction
from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.tracking.experiments.messages import experiment_number
from runyard.tracking.experiments.tables import experiments
from runyard.tracking.inputs.tables import dataset_inputs, datasets
from runyard.tracking.logged_models.tables import logged_models
from runyard.tracking.runs.tables import runs

_DELETED = "deleted"


@dataclass(frozen=True)
class DeletedRun:
    """A run that can be removed."""

    run_id: str
    name: str
    experiment_id: str
    artifact_uri: str


@dataclass(frozen=True)
class DeletedModel:
    """A logged model that can be removed."""

    model_id: str
    name: str
    experiment_id: str
    artifact_uri: str


@dataclass(frozen=True)
class DeletedExperiment:
    """An experiment that can be removed, once its runs and logged models are."""

    experiment_id: str
    name: str


@dataclass(frozen=True)
class Removable:
    """What a removal would take away."""

    runs: list[DeletedRun]
    models: list[DeletedModel]
    experiments: list[DeletedExperiment]


class Remover:
    """Finds what is marked as deleted, and removes it a run at a time.

    A run's rows go first, in one transaction with everything that hangs on them; its artifacts are the caller's to
    delete afterwards. So nobody is ever shown a run whose artifacts are gone, and one restored meanwhile keeps them.
    """

    def __init__(self, store: sa.Engine) -> None:
        self._store = store

    def find(self, deleted_before: int | None, run_ids: Sequence[str], experiment_ids: Sequence[str]) -> Removable:
        """What is deleted: all of it, or of the runs and experiments named.

        Parameters
        ----------
        deleted_before: Only what was deleted before this time, in milliseconds.
        run_ids: Only these runs.
        experiment_ids: Only these experiments, with all of their runs and logged models.

        Raises
        ------
        DoesNotExist: A run or experiment that was named is not there.
        InvalidParameter: It is not deleted, or not for long enough.
        """
        with self._transaction() as tx:
            everything = not run_ids and not experiment_ids
            found_experiments = _find_experiments(tx, deleted_before, experiment_ids, everything=everything)
            found_runs = _find_runs(tx, deleted_before, run_ids, everything=everything)
            found_models = _find_models(tx, deleted_before) if everything else []
            for experiment in found_experiments:
                found_runs += _runs_of(tx, experiment)
                found_models += _models_of(tx, experiment)
        return Removable(
            list({run.run_id: run for run in found_runs}.values()),
            list({model.model_id: model for model in found_models}.values()),
            found_experiments,
        )

    def remove_run(self, run_id: str) -> bool:
        """Remove a run's rows if it is still marked as deleted; False when it was restored or removed meanwhile."""
        with self._transaction() as tx:
            chosen = sa.select(runs.c.id).where(runs.c.run_uuid == run_id, runs.c.lifecycle_stage == _DELETED)
            number = tx.scalar(chosen.with_for_update())
            if number is None:
                return False
            tx.execute(sa.delete(runs).where(runs.c.id == number))
            return True

    def remove_model(self, model_id: str) -> bool:
        """Remove a logged model's rows; False when it is needed again: restored with its experiment, or registered."""
        with self._transaction() as tx:
            chosen = sa.select(logged_models.c.id).where(logged_models.c.model_id == model_id, *_REMOVABLE_MODELS)
            number = tx.scalar(chosen.with_for_update(of=logged_models))
            if number is None:
                return False
            tx.execute(sa.delete(logged_models).where(logged_models.c.id == number))
            return True

    def remove_experiment(self, experiment_id: str) -> bool:
        """Remove an experiment if it is still marked as deleted and has no runs and logged models left."""
        number = experiment_number(experiment_id)
        with self._transaction() as tx:
            chosen = sa.select(experiments.c.lifecycle_stage).where(experiments.c.experiment_id == number)
            stage = tx.scalar(chosen.with_for_update())
            left = sum(
                int(tx.scalar(sa.select(sa.func.count()).where(table.c.experiment_id == number)))
                for table in (runs, logged_models)
            )
            if stage != _DELETED or left:
                return False
            tx.execute(sa.delete(experiments).where(experiments.c.experiment_id == number))
            return True

    def remove_unused_datasets(self) -> int:
        """Remove datasets that no run uses any more; returns how many."""
        with self._transaction() as tx:
            used = sa.select(dataset_inputs.c.dataset_id).where(dataset_inputs.c.dataset_id == datasets.c.id)
            return int(tx.execute(sa.delete(datasets).where(~used.exists())).rowcount)

    @contextmanager
    def _transaction(self) -> Iterator[Transaction]:
        with self._store.begin() as connection:
            yield Transaction(connection, StoreSettings(""))


@contextmanager
def open_remover(uri: str) -> Iterator[Remover]:
    """A remover on the database at `uri`, which must have the present schema."""
    engines = open_engines(uri)
    try:
        ensure_schema(engines, StoreSettings("runyard-artifacts"))
        yield Remover(engines.writing)
    finally:
        engines.dispose()


_versions = sa.table("model_versions", sa.column("logged_model_id"))  # the registry's, which builds on this package
_REMOVABLE_MODELS = (
    sa.or_(
        logged_models.c.lifecycle_stage == _DELETED,
        sa.exists().where(
            experiments.c.experiment_id == logged_models.c.experiment_id, experiments.c.lifecycle_stage == _DELETED
        ),
    ),
    ~sa.exists().where(_versions.c.logged_model_id == logged_models.c.model_id),
)
"""Deleted, or of a deleted experiment, and no version of a registered model."""

_MODEL_COLUMNS = (
    logged_models.c.model_id,
    logged_models.c.name,
    logged_models.c.experiment_id,
    logged_models.c.artifact_location,
)


def _find_models(tx: Transaction, before: int | None) -> list[DeletedModel]:
    chosen = sa.select(*_MODEL_COLUMNS).where(logged_models.c.lifecycle_stage == _DELETED, *_REMOVABLE_MODELS)
    if before is not None:
        chosen = chosen.where(logged_models.c.deleted_time < before)
    return [_as_model(row) for row in tx.execute(chosen.order_by(logged_models.c.id))]


def _models_of(tx: Transaction, experiment: DeletedExperiment) -> list[DeletedModel]:
    number = int(experiment.experiment_id)
    chosen = sa.select(*_MODEL_COLUMNS).where(logged_models.c.experiment_id == number, *_REMOVABLE_MODELS)
    return [_as_model(row) for row in tx.execute(chosen.order_by(logged_models.c.id))]


def _as_model(row: Any) -> DeletedModel:
    return DeletedModel(row.model_id, row.name, str(row.experiment_id), row.artifact_location)


_RUN_COLUMNS = (runs.c.run_uuid, runs.c.name, runs.c.experiment_id, runs.c.artifact_uri)


def _as_run(row: Any) -> DeletedRun:
    return DeletedRun(row.run_uuid, row.name, str(row.experiment_id), row.artifact_uri)


def _find_runs(tx: Transaction, before: int | None, run_ids: Sequence[str], *, everything: bool) -> list[DeletedRun]:
    if everything:
        chosen = sa.select(*_RUN_COLUMNS).where(runs.c.lifecycle_stage == _DELETED)
        if before is not None:
            chosen = chosen.where(runs.c.deleted_time < before)
        return [_as_run(row) for row in tx.execute(chosen.order_by(runs.c.id))]
    return [_named_run(tx, run_id, before) for run_id in run_ids]


def _named_run(tx: Transaction, run_id: str, before: int | None) -> DeletedRun:
    columns = (*_RUN_COLUMNS, runs.c.lifecycle_stage, runs.c.deleted_time)
    row = tx.execute(sa.select(*columns).where(runs.c.run_uuid == run_id)).first()
    if row is None:
        raise DoesNotExist(
            f"No run has the id {run_id!r}. List deleted runs with: runyard runs list --view deleted_only"
        )
    if row.lifecycle_stage != _DELETED:
        raise InvalidParameter(f"Run {run_id!r} is not deleted. Delete it first: runyard runs delete --run-id {run_id}")
    if before is not None and row.deleted_time >= before:
        raise InvalidParameter(f"Run {run_id!r} was deleted too recently for --older-than. Leave it out, or wait.")
    return _as_run(row)


def _find_experiments(
    tx: Transaction, before: int | None, experiment_ids: Sequence[str], *, everything: bool
) -> list[DeletedExperiment]:
    columns = (experiments.c.experiment_id, experiments.c.name)
    if everything:
        chosen = sa.select(*columns).where(experiments.c.lifecycle_stage == _DELETED)
        if before is not None:
            chosen = chosen.where(experiments.c.last_update_time < before)
        return [DeletedExperiment(str(row[0]), row[1]) for row in tx.execute(chosen.order_by(columns[0]))]
    return [_named_experiment(tx, experiment_id, before) for experiment_id in experiment_ids]


def _named_experiment(tx: Transaction, experiment_id: str, before: int | None) -> DeletedExperiment:
    chosen = sa.select(experiments).where(experiments.c.experiment_id == experiment_number(experiment_id))
    row = tx.execute(chosen).first()
    if row is None:
        raise DoesNotExist(f"No experiment has the id {experiment_id}. List them with: runyard experiments search")
    if row.lifecycle_stage != _DELETED:
        raise InvalidParameter(
            f"Experiment {experiment_id} is not deleted. Delete it first: runyard experiments delete -x {experiment_id}"
        )
    if before is not None and row.last_update_time >= before:
        raise InvalidParameter(f"Experiment {experiment_id} was deleted too recently for --older-than. Leave it out.")
    return DeletedExperiment(str(row.experiment_id), row.name)


def _runs_of(tx: Transaction, experiment: DeletedExperiment) -> list[DeletedRun]:
    chosen = sa.select(*_RUN_COLUMNS).where(runs.c.experiment_id == int(experiment.experiment_id))
    return [_as_run(row) for row in tx.execute(chosen.order_by(runs.c.id))]
