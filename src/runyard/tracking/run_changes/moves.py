"""Moves runs to another experiment, with what hangs on them."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from runyard.core.tags import PARENT_TAG
from runyard.db.dialects import one_of, one_of_values
from runyard.db.transaction import Transaction
from runyard.exceptions import RunyardException
from runyard.tracking.experiments.operations import find_experiment
from runyard.tracking.experiments.stages import ACTIVE, DELETED, refuse_while_changing
from runyard.tracking.inputs.entities import Dataset
from runyard.tracking.inputs.operations import dataset_number
from runyard.tracking.inputs.tables import dataset_inputs, datasets
from runyard.tracking.logged_models.tables import logged_models
from runyard.tracking.runs.ranges import indexed
from runyard.tracking.runs.tables import runs, tags


def refuse_unsettled(tx: Transaction, experiments: Iterable[int]) -> dict[int, RunyardException]:
    """Experiments whose runs are on their way to be deleted or restored with them, with the error that says so.

    The others do not begin to before this transaction ends: they would take along a run that has left.
    """
    refusals: dict[int, RunyardException] = {}
    for number in sorted(experiments):
        try:
            find_experiment(tx, str(number))
            for stage in (DELETED, ACTIVE):
                refuse_while_changing(tx, number, stage)
        except RunyardException as error:
            refusals[number] = error
    return refusals


def move(tx: Transaction, found: Sequence[Any], target: int) -> list[str]:
    """Move runs that are elsewhere, and return the ids of those that are directly below them.

    Parameters
    ----------
    found: Rows of runs, locked, with number and id.
    target: The number of an experiment that is active.
    """
    if not found:
        return []
    numbers, run_ids = [row.id for row in found], [row.run_uuid for row in found]
    tx.execute(sa.update(runs).where(one_of(tx, runs.c.id, numbers)).values(experiment_id=target))
    of_runs = one_of_values(tx.dialect, logged_models.c.source_run_id, run_ids)
    tx.execute(sa.update(logged_models).where(of_runs).values(experiment_id=target))
    _move_datasets(tx, numbers, target)
    return _children(tx, run_ids)


def _move_datasets(tx: Transaction, numbers: Sequence[int], target: int) -> None:
    """Let runs use the datasets of their experiment: those of another go with it."""
    columns = [datasets.c[name] for name in ("name", "digest", "source_type", "source", "schema", "profile")]
    used = sa.select(dataset_inputs.c.id, *columns).join(datasets, datasets.c.id == dataset_inputs.c.dataset_id)
    elsewhere = (one_of(tx, dataset_inputs.c.run_id, numbers), datasets.c.experiment_id != target)
    for row in tx.execute(used.where(*elsewhere).order_by(dataset_inputs.c.id)).mappings().all():
        known = dataset_number(tx, target, Dataset(**{column.name: row[column.name] for column in columns}))
        chosen = sa.update(dataset_inputs).where(dataset_inputs.c.id == row["id"])
        tx.execute(chosen.values(dataset_id=known))


def _children(tx: Transaction, run_ids: Sequence[str]) -> list[str]:
    parents = one_of_values(tx.dialect, indexed(tags.c.value, tx.dialect), [run_id[:200] for run_id in run_ids])
    chosen = sa.select(runs.c.run_uuid, tags.c.value).join(tags, tags.c.run_id == runs.c.id)
    known = set(run_ids)
    below = tx.execute(chosen.where(tags.c.key == PARENT_TAG, parents).order_by(runs.c.id))
    return [run_id for run_id, parent in below if parent in known]
