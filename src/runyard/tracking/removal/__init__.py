"""Removes deleted runs, logged models and experiments for good, for `runyard gc`.

This cannot be undone, and no route leads to it: the gate performs it for the owner of the database only.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import sqlalchemy as sa

from runyard.db.facts import ARTIFACTS_DESTINATION, fact
from runyard.db.transaction import Transaction
from runyard.tracking.experiments.messages import experiment_number
from runyard.tracking.experiments.stages import DELETED
from runyard.tracking.experiments.tables import experiments
from runyard.tracking.inputs.tables import dataset_inputs, datasets
from runyard.tracking.logged_models.tables import logged_models
from runyard.tracking.removal.candidates import Removable, find, find_model, find_run
from runyard.tracking.removal.needs import Needed, reason_to_keep_model, reason_to_keep_run
from runyard.tracking.runs.tables import runs

__all__ = ["Needed", "Removable", "Remover"]

T = TypeVar("T")


class Administer(Protocol):
    """Performs work in a transaction, as `Gate.administer` does."""

    def __call__(self, work: Callable[[Transaction], T]) -> T:
        """Perform it, and return what it returns."""


class Remover:
    """Finds what is marked as deleted, and removes it a run or logged model at a time, in three steps.

    First the row is claimed: from then on it cannot be restored. Then its artifacts are the caller's to delete. Last
    go its rows, with everything that hangs on them. So no run without its artifacts is shown as active, and a
    removal that failed half way is done again by the next one, which finds the row still there.

    Parameters
    ----------
    administer: Performs each step: the gate's.
    needed: Creates the object that knows which runs and logged models are needed, given the artifact destination.

    Attributes
    ----------
    noted_destination: Where the server keeps artifacts, as it noted when it started; None if none has.
    """

    def __init__(self, administer: Administer, needed: Callable[[str | None], Needed]) -> None:
        self._administer = administer
        self.noted_destination = administer(lambda tx: fact(tx, ARTIFACTS_DESTINATION))
        self._needed = needed(self.noted_destination)

    def find(self, deleted_before: int | None, run_ids: Sequence[str], experiment_ids: Sequence[str]) -> Removable:
        """Everything that is deleted, or only the given runs and experiments.

        Parameters
        ----------
        deleted_before: Only what was deleted before this time, in milliseconds.
        run_ids: Only these runs.
        experiment_ids: Only these experiments, with all of their runs and logged models.

        Raises
        ------
        DoesNotExist: A given run or experiment does not exist.
        InvalidParameter: It is not deleted, or not for long enough.
        Conflict: It is needed by something that is not deleted.
        """

        def work(tx: Transaction) -> Removable:
            self._needed.refresh(tx)
            return find(tx, self._needed, deleted_before, run_ids, experiment_ids)

        return self._administer(work)

    def claim_run(self, run_id: str) -> str | None:
        """Begin to remove a run; returns the reason if it must stay."""

        def work(tx: Transaction) -> str | None:
            run = find_run(tx, run_id, to_change=True)
            if run is None or run.lifecycle_stage != DELETED:
                return "it is not deleted any more"
            self._needed.refresh(tx)
            reason = reason_to_keep_run(tx, self._needed, run)
            if reason is None:
                values = {"removal_time": tx.now_ms, "deleted_with_experiment": False}
                tx.execute(sa.update(runs).where(runs.c.run_uuid == run_id).values(values))
            return reason

        return self._administer(work)

    def remove_run(self, run_id: str) -> None:
        """Remove the rows of a run that was claimed."""
        chosen = sa.delete(runs).where(runs.c.run_uuid == run_id, runs.c.removal_time.is_not(None))
        self._administer(lambda tx: tx.execute(chosen))

    def claim_model(self, model_id: str) -> str | None:
        """Begin to remove a logged model, which is deleted from then on; returns the reason if it must stay."""

        def work(tx: Transaction) -> str | None:
            model = find_model(tx, model_id, to_change=True)
            if model is None or not model.is_deleted:
                return "it is not deleted any more"
            self._needed.refresh(tx)
            reason = reason_to_keep_model(tx, self._needed, model)
            if reason is None:
                values = {"lifecycle_stage": DELETED, "deleted_time": model.deleted_time or tx.now_ms}
                tx.execute(sa.update(logged_models).where(logged_models.c.model_id == model_id).values(values))
            return reason

        return self._administer(work)

    def remove_model(self, model_id: str) -> None:
        """Remove the rows of a logged model that was claimed."""
        chosen = (logged_models.c.model_id == model_id, logged_models.c.lifecycle_stage == DELETED)
        self._administer(lambda tx: tx.execute(sa.delete(logged_models).where(*chosen)))

    def remove_experiment(self, experiment_id: str) -> str | None:
        """Remove an experiment; returns the reason if it must stay."""
        number = experiment_number(experiment_id)

        def work(tx: Transaction) -> str | None:
            chosen = sa.select(experiments.c.lifecycle_stage).where(experiments.c.experiment_id == number)
            if tx.scalar(chosen.with_for_update()) != DELETED:
                return "it is not deleted any more"
            for table, what in ((runs, "runs"), (logged_models, "logged models")):
                left = tx.scalar(sa.select(sa.func.count()).where(table.c.experiment_id == number))
                if left:
                    return f"it still has {left} {what}"
            tx.execute(sa.delete(experiments).where(experiments.c.experiment_id == number))
            return None

        return self._administer(work)

    def remove_unused_datasets(self) -> int:
        """Remove datasets that no run uses any more; returns their number."""

        def work(tx: Transaction) -> int:
            used = sa.select(dataset_inputs.c.dataset_id).where(dataset_inputs.c.dataset_id == datasets.c.id)
            return int(tx.execute(sa.delete(datasets).where(~used.exists())).rowcount)

        return self._administer(work)
