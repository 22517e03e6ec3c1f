"""Removes deleted runs, logged models and experiments for good: for `runyard gc`, and runs for a server too.

This cannot be undone. Each step may be repeated, by whom it was begun or by another who removes at the same time.
"""

import functools
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from runyard.db.cascades import Removal
from runyard.db.dialects import VALUES, among, bound, one_of, one_of_values
from runyard.db.facts import ARTIFACTS_DESTINATION, fact
from runyard.db.jobs import Administer, Inspect, Unfinished, long_enough
from runyard.db.transaction import Prepared, Transaction
from runyard.tracking.experiments.messages import experiment_number
from runyard.tracking.experiments.stages import DELETED
from runyard.tracking.inputs.tables import dataset_inputs, datasets
from runyard.tracking.logged_models.tables import logged_models
from runyard.tracking.origins.operations import remove_unused_texts
from runyard.tracking.removal.candidates import Removable, find, find_models, find_runs
from runyard.tracking.removal.claims import claim_rows
from runyard.tracking.removal.experiments import (
    Check,
    ExperimentClaim,
    claim_experiment,
    release_experiment,
    remove_emptied,
    remove_models,
)
from runyard.tracking.removal.needs import Needed, reason_to_keep_model, reasons_to_keep_runs
from runyard.tracking.runs.tables import runs
from runyard.tracking.runs.texts import forget

__all__ = ["Claim", "ExperimentClaim", "Needed", "Removable", "Remover"]


PIECE = 50
"""Runs whose rows are removed at a time: about 10 ms of work."""
PIECES = 4
"""That many pieces are removed in one transaction where no server does it: it takes a fifth less of the processor."""


@dataclass(frozen=True)
class Claim:
    """Which of some runs or logged models cannot be restored from now on.

    Attributes
    ----------
    kept: Why the others must stay, by id.
    with_experiment: Ids of claimed runs that were deleted with their experiment.
    begun_before: Ids of claimed runs whose removal had begun already: they may have lost artifacts.
    time: The time that the runs were marked with; another one once somebody else has claimed them.
    """

    kept: dict[str, str]
    with_experiment: frozenset[str] = frozenset()
    begun_before: frozenset[str] = frozenset()
    time: int = 0


class Remover:
    """Finds what is marked as deleted, and removes it some hundred runs or logged models at a time, in three steps.

    First the rows are claimed: from then on they cannot be restored. Then their artifacts are the caller's to delete.
    Last go their rows, with everything that hangs on them. So no run without its artifacts is shown as active, and a
    removal that failed half way is done again by the next one, which finds the rows still there.

    Parameters
    ----------
    administer: Performs each step: the gate's.
    inspect: Performs what only reads: the gate's.
    needed: Creates the object that knows which runs and logged models are needed, given the artifact destination.

    Attributes
    ----------
    noted_destination: Where the server keeps artifacts, as it noted when it started; None if none has.
    """

    def __init__(self, administer: Administer, inspect: Inspect, needed: Callable[[str | None], Needed]) -> None:
        self._administer, self._inspect = administer, inspect
        self.noted_destination = inspect(lambda tx: fact(tx, ARTIFACTS_DESTINATION))
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

        return self._inspect(work)

    def claim_runs(self, run_ids: Sequence[str]) -> Claim:
        """Begin to remove runs."""

        def work(tx: Transaction) -> Claim:
            found = find_runs(tx, run_ids)
            self._needed.refresh(tx)
            deleted = [run for run in found if run.lifecycle_stage == DELETED]
            reasons = reasons_to_keep_runs(tx, self._needed, deleted)
            going = [run.number for run in deleted if run.run_id not in reasons]
            chosen = one_of(tx, runs.c.id, going)
            flagged = tx.execute(sa.select(runs.c.run_uuid).where(chosen, runs.c.deleted_with_experiment)).scalars()
            begun = tx.execute(sa.select(runs.c.run_uuid).where(chosen, runs.c.removal_time.is_not(None))).scalars()
            kept = _others(run_ids, [run.run_id for run in deleted]) | reasons
            return Claim(kept, frozenset(flagged), frozenset(begun), claim_rows(tx, going))

        return self._administer(work)

    def release_runs(self, run_ids: Sequence[str], claim: Claim) -> None:
        """Give up claimed runs of which nothing was deleted yet, so that they can be restored again.

        Those that others claimed too, before or since, stay claimed: they may have deleted something.
        """
        own = [run_id for run_id in run_ids if run_id not in claim.begun_before]

        def work(tx: Transaction) -> None:
            for with_experiment in (False, True):
                some = [run_id for run_id in own if (run_id in claim.with_experiment) is with_experiment]
                chosen = (one_of_values(tx.dialect, runs.c.run_uuid, some), runs.c.removal_time == claim.time)
                values = {"removal_time": None, "deleted_with_experiment": with_experiment}
                tx.execute(sa.update(runs).where(*chosen).values(values))

        self._administer(work)

    def remove_runs(self, run_ids: Sequence[str]) -> None:
        """Remove the rows of runs that were claimed, in transactions that no write waits long for."""
        self._administer(lambda tx: remove_rows(tx, list(run_ids), PIECES))

    def claim_models(self, model_ids: Sequence[str]) -> Claim:
        """Begin to remove logged models, which are deleted from then on."""

        def work(tx: Transaction) -> Claim:
            found = find_models(tx, model_ids)
            self._needed.refresh(tx)
            deleted = [model for model in found if model.is_deleted]
            reasons = {model.model_id: reason_to_keep_model(self._needed, model) for model in deleted}
            going = [model.number for model in deleted if reasons[model.model_id] is None]
            deleted_time = sa.func.coalesce(logged_models.c.deleted_time, tx.now_ms)
            chosen = sa.update(logged_models).where(one_of(tx, logged_models.c.id, going))
            tx.execute(chosen.values(lifecycle_stage=DELETED, deleted_time=deleted_time))
            kept = {model_id: reason for model_id, reason in reasons.items() if reason is not None}
            return Claim(_others(model_ids, reasons) | kept)

        return self._administer(work)

    def remove_models(self, model_ids: Sequence[str]) -> None:
        """Remove the rows of logged models that were claimed."""
        self._administer(lambda tx: remove_models(tx, list(model_ids)))

    def claim_experiment(self, experiment_id: str) -> ExperimentClaim:
        """Begin to remove an experiment: nothing of it can be restored from now on.

        Raises
        ------
        DoesNotExist: It is gone.
        InvalidParameter: It is not deleted any more.
        Conflict: Something of it must stay.
        """
        number = experiment_number(experiment_id)
        check = Check(self._needed, None, lambda claim: claim)
        found: ExperimentClaim = self._administer(lambda tx: claim_experiment(tx, number, check))
        return found

    def release_experiment(self, experiment_id: str, claim: ExperimentClaim) -> None:
        """Let an experiment that was claimed be restored again, unless others have claimed it too."""
        self._administer(lambda tx: release_experiment(tx, experiment_number(experiment_id), claim))

    def remove_experiment(self, experiment_id: str) -> str | None:
        """Remove an experiment; returns the reason if it must stay."""
        reason: str | None = self._administer(lambda tx: remove_emptied(tx, experiment_number(experiment_id)))
        return reason

    def remove_unused_datasets(self) -> int:
        """Remove datasets that no run uses any more; returns their number."""

        def work(tx: Transaction) -> int:
            used = sa.select(dataset_inputs.c.dataset_id).where(dataset_inputs.c.dataset_id == datasets.c.id)
            return int(tx.execute(sa.delete(datasets).where(~used.exists())).rowcount)

        return self._administer(work)

    def remove_unused_texts(self) -> int:
        """Remove lists of packages, machines and patches that no run has any more; returns their number."""
        return self._administer(remove_unused_texts)


_claimed = Prepared(
    lambda dialect: (
        sa.select(runs.c.id)
        .where(among(dialect, runs.c.run_uuid), runs.c.removal_time.is_not(None))
        .order_by(runs.c.id)
    ),
    VALUES,
)
_removal = functools.cache(lambda: Removal(runs.c.id))  # all tables are known by then


def remove_rows(tx: Transaction, run_ids: list[str], pieces: int = 1) -> Unfinished:
    """Remove the rows of claimed runs, for some milliseconds, and leave the others to the next transaction.

    Parameters
    ----------
    pieces: Of how much work a transaction is made, as `long_enough` takes it.
    """
    return _rows_left(run_ids, pieces, cascades=tx.dialect != "sqlite" or not _removal().is_complete(tx))


def _rows_left(run_ids: list[str], pieces: int, *, cascades: bool) -> Unfinished:
    step = functools.partial(_remove_rows, run_ids=run_ids, pieces=pieces, cascades=cascades)
    return Unfinished(step, cascades)


def _remove_rows(tx: Transaction, run_ids: list[str], pieces: int, cascades: bool) -> Unfinished | None:
    began = time.monotonic()
    if not cascades and not _removal().is_complete(tx):
        return _rows_left(run_ids, pieces, cascades=True)
    while run_ids:
        some, run_ids = run_ids[:PIECE], run_ids[PIECE:]
        numbers = [row[0] for row in _claimed.rows(tx, bound(tx, some))]
        forget(tx, numbers)
        for statement in _removal().statements:
            statement.run(tx, bound(tx, numbers))
        if long_enough(began, pieces):
            break
    return _rows_left(run_ids, pieces, cascades=cascades) if run_ids else None


def _others(ids: Sequence[str], deleted: Collection[str]) -> dict[str, str]:
    """The reason to keep what is not among the deleted."""
    known = set(deleted)
    return {one: "it is not deleted any more" for one in ids if one not in known}
