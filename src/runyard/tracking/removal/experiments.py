"""Removes deleted experiments for good, with all of their runs and logged models.

A note keeps everything in such an experiment from being restored or registered. Then a walk looks for what must stay, a
piece of some milliseconds at a time. If there is any, the note is taken back, and nothing has changed. Else the
experiment is claimed: what removes it, a server or `runyard gc`, takes one page of logged models and runs after the
other, deletes their artifacts and then their rows, and the row of the experiment last. Each step may be repeated.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from runyard.core.lifecycle import LifecycleStage
from runyard.db.dialects import one_of, one_of_values
from runyard.db.jobs import Unfinished, long_enough
from runyard.db.transaction import Transaction
from runyard.exceptions import Conflict, DoesNotExist, InvalidParameter, RunyardException, Unavailable
from runyard.tracking.experiments.entities import Experiment
from runyard.tracking.experiments.stages import (
    ACTIVE,
    CHECKING,
    DELETED,
    REMOVING,
    RUNS_IN_ORDER,
    Change,
    Order,
    changing_experiments,
    forget_change,
    go_on,
    next_of,
    note_change,
    removed_experiments,
    unfinished_change,
)
from runyard.tracking.experiments.tables import experiment_tags, experiments
from runyard.tracking.inputs.tables import datasets
from runyard.tracking.logged_models.tables import logged_models
from runyard.tracking.removal.candidates import find_models, find_runs
from runyard.tracking.removal.claims import Claimed, OwnArtifacts, claim_rows
from runyard.tracking.removal.needs import Needed, reason_to_keep_model, reasons_to_keep_runs
from runyard.tracking.runs.tables import runs

PIECE = 100
"""Runs or logged models that are looked at, and datasets that are removed, at a time: some milliseconds of work."""
PIECE_OF_MODELS = 20
"""Logged models whose rows, with those of their metrics, are removed at a time."""
REASONS = 5
"""What must stay and is named in an error."""
DEFAULT_EXPERIMENT = 0

MODELS_IN_ORDER: Order = (logged_models.c.creation_time, logged_models.c.model_id)
_LOOKED_AT = (
    (MODELS_IN_ORDER, ACTIVE),
    (MODELS_IN_ORDER, DELETED),
    (RUNS_IN_ORDER, ACTIVE),
    (RUNS_IN_ORDER, DELETED),
)


@dataclass(frozen=True)
class ExperimentClaim:
    """That an experiment can neither be restored nor changed from now on.

    Attributes
    ----------
    time: When it was claimed, in milliseconds; a later time once somebody else has claimed it.
    begun_before: Whether somebody had claimed it before: some of it may be gone.
    """

    time: int
    begun_before: bool


@dataclass(frozen=True)
class Check:
    """What keeps an experiment from being claimed.

    Attributes
    ----------
    own: What the server keeps, if it is one that removes the experiment: artifacts elsewhere keep it.
    answer: Makes the result of a claim.
    """

    needed: Needed
    own: OwnArtifacts | None
    answer: Callable[[ExperimentClaim], Any]


def claim_experiment(tx: Transaction, number: int, check: Check) -> Any:
    """Begin to remove a deleted experiment; the result is `check.answer`'s, or `Unfinished`.

    Raises
    ------
    DoesNotExist: There is no such experiment.
    InvalidParameter: It is not deleted, or only `runyard gc` can remove it.
    Conflict: Something of it must stay. Nothing has changed.
    """
    columns = (experiments.c.lifecycle_stage, experiments.c.last_update_time)
    row = tx.execute(sa.select(*columns).where(experiments.c.experiment_id == number).with_for_update()).first()
    if row is None:
        raise DoesNotExist(f"No experiment has the id {number}. Search the deleted experiments for its name.")
    if row.lifecycle_stage != DELETED:
        raise InvalidParameter(f"Experiment {number} is not deleted. Delete it first.")
    if check.own is not None and check.own.nowhere:
        raise InvalidParameter(f"No server removes what this store holds. Run: runyard gc --experiment-ids {number}")
    change = unfinished_change(tx, number)
    if change is not None and change.stage == DELETED:  # all of its runs are to be deleted first
        go_on(tx, number, DELETED)
        return Unfinished(lambda later: claim_experiment(later, number, check))
    if change is not None and change.stage == REMOVING:
        return check.answer(ExperimentClaim(_claim(tx, number, change), begun_before=True))
    note_change(tx, number, Change(CHECKING, row.last_update_time))
    return Unfinished(lambda later: _look_on(later, number, check, 0, None))


def release_experiment(tx: Transaction, number: int, claim: ExperimentClaim) -> None:
    """Give up a claim of which nothing was removed, unless somebody else has one too, from before or since."""
    change = unfinished_change(tx, number)
    if change is not None and change.after == (claim.time, "") and not claim.begun_before:
        forget_change(tx, number)


def claimed_experiments(tx: Transaction) -> list[int]:
    """The numbers of the experiments that are being removed."""
    return sorted(removed_experiments(tx, changing_experiments(tx)))


@dataclass(frozen=True)
class Page:
    """Some runs or logged models of a claimed experiment, which go next.

    Attributes
    ----------
    claimed: Those whose artifacts the server may delete.
    elsewhere: Number of the others.
    after: Where the next page begins; None behind the last one.
    """

    claimed: list[Claimed]
    elsewhere: int
    after: tuple[int, str] | None


def take_page(tx: Transaction, number: int, order: Order, after: tuple[int, str] | None, amount: int) -> Page:
    """Claim the next runs or logged models of an experiment; none once it is not claimed any more."""
    change = unfinished_change(tx, number)
    if change is None or change.stage != REMOVING:
        return Page([], 0, None)
    _claim(tx, number, change)
    own, rows = OwnArtifacts(tx), next_of(tx, order, number, DELETED, after, amount)
    found: Sequence[tuple[str, str]]
    if order is RUNS_IN_ORDER:
        claim_rows(tx, [row.id for row in rows])
        found = [(run.run_id, run.artifact_uri) for run in find_runs(tx, [row[2] for row in rows])]
    else:
        found = [(model.model_id, model.artifact_uri) for model in find_models(tx, [row[2] for row in rows])]
    claimed = [one for one in (own.find(*each) for each in found) if one is not None]
    return Page(claimed, len(found) - len(claimed), (rows[-1][1], rows[-1][2]) if len(rows) == amount else None)


def delete_models(tx: Transaction, number: int) -> Unfinished | None:
    """Mark the logged models of a claimed experiment as deleted, some at a time."""
    rows = next_of(tx, MODELS_IN_ORDER, number, ACTIVE, None, PIECE) if _is_claimed(tx, number) else []
    chosen = sa.update(logged_models).where(one_of(tx, logged_models.c.id, [row.id for row in rows]))
    tx.execute(chosen.values(lifecycle_stage=DELETED, deleted_time=tx.now_ms))
    return Unfinished(lambda later: delete_models(later, number)) if len(rows) == PIECE else None


def remove_models(tx: Transaction, model_ids: list[str]) -> Unfinished | None:
    """Remove the rows of deleted logged models, for some milliseconds, and leave the others to the next transaction."""
    began = time.monotonic()
    while model_ids:
        some, model_ids = model_ids[:PIECE_OF_MODELS], model_ids[PIECE_OF_MODELS:]
        chosen = one_of_values(tx.dialect, logged_models.c.model_id, some)
        tx.execute(sa.delete(logged_models).where(chosen, logged_models.c.lifecycle_stage == DELETED))
        if long_enough(began):
            break
    return Unfinished(lambda later: remove_models(later, model_ids)) if model_ids else None


def still_deleted(tx: Transaction, model_ids: Sequence[str]) -> frozenset[str]:
    """Those logged models that are deleted on their own account: what `remove_models` removes."""
    named = one_of_values(tx.dialect, logged_models.c.model_id, model_ids)
    chosen = sa.select(logged_models.c.model_id).where(named, logged_models.c.lifecycle_stage == DELETED)
    return frozenset(tx.execute(chosen).scalars())


def own_folder(tx: Transaction, number: int) -> Claimed | None:
    """The folder that the runs and models of an experiment are in, if it has one of its own on this server."""
    chosen = sa.select(experiments.c.artifact_location).where(experiments.c.experiment_id == number)
    return OwnArtifacts(tx).folder(number, str(tx.scalar(chosen)))


def remove_claimed(tx: Transaction, number: int) -> Any:
    """Remove an experiment that is claimed, as `remove_emptied` does."""
    return remove_emptied(tx, number) if _is_claimed(tx, number) else "its removal was given up"


def remove_emptied(tx: Transaction, number: int) -> Any:
    """Remove an experiment that is deleted and has neither runs nor models; the result is the reason if it must stay.

    Its datasets go some at a time. The default experiment is empty and active then: runs that name none go there.
    """
    chosen = sa.select(experiments.c.lifecycle_stage).where(experiments.c.experiment_id == number)
    if tx.scalar(chosen.with_for_update()) != DELETED:
        return "it is not deleted any more"
    for table, what in ((runs, "runs"), (logged_models, "logged models")):
        left = tx.scalar(sa.select(sa.func.count()).where(table.c.experiment_id == number))
        if left:
            return f"it still has {left:,} {what}"
    some = sa.select(datasets.c.id).where(datasets.c.experiment_id == number).limit(PIECE).scalar_subquery()
    if tx.execute(sa.delete(datasets).where(datasets.c.id.in_(some))).rowcount == PIECE:
        return Unfinished(lambda later: remove_emptied(later, number))
    if number == DEFAULT_EXPERIMENT:
        _begin_anew(tx)
    else:
        tx.execute(sa.delete(experiments).where(experiments.c.experiment_id == number))
    forget_change(tx, number)
    return None


def _begin_anew(tx: Transaction) -> None:
    number, name = DEFAULT_EXPERIMENT, Experiment.DEFAULT_EXPERIMENT_NAME
    tx.execute(sa.delete(experiment_tags).where(experiment_tags.c.experiment_id == number))
    taken = sa.exists().where(experiments.c.name == name, experiments.c.experiment_id != number)
    values: dict[str, Any] = {} if tx.scalar(sa.select(taken)) else {"name": name}
    times = {"creation_time": tx.now_ms, "last_update_time": tx.now_ms}
    row = sa.update(experiments).where(experiments.c.experiment_id == number)
    tx.execute(row.values(lifecycle_stage=LifecycleStage.ACTIVE, **times, **values))


def _is_claimed(tx: Transaction, number: int) -> bool:
    change = unfinished_change(tx, number)
    return change is not None and change.stage == REMOVING


def _claim(tx: Transaction, number: int, change: Change) -> int:
    """Note that it is claimed once more; returns the time."""
    moment = tx.now_ms if change.after is None else max(tx.now_ms, change.after[0] + 1)
    note_change(tx, number, Change(REMOVING, change.since, (moment, "")))
    return moment


def _look_on(tx: Transaction, number: int, check: Check, place: int, after: tuple[int, str] | None) -> Any:
    """Look for what must stay, from a place of `_LOOKED_AT` on, and claim the experiment if there is none."""
    began = time.monotonic()
    change = unfinished_change(tx, number)
    if change is None:
        raise Unavailable(f"Experiment {number} was changed meanwhile, so it was not removed. Try again.")
    if change.stage == REMOVING:
        return check.answer(ExperimentClaim(_claim(tx, number, change), begun_before=True))
    check.needed.refresh(tx)
    while place < len(_LOOKED_AT):
        order, stage = _LOOKED_AT[place]
        rows = next_of(tx, order, number, stage, after, PIECE)
        reasons = _reasons(tx, order, [row[2] for row in rows], check) if rows else []
        if reasons:
            forget_change(tx, number)
            return Unfinished(partial(_refuse, number=number, reasons=reasons))
        place, after = (place, (rows[-1][1], rows[-1][2])) if len(rows) == PIECE else (place + 1, None)
        if long_enough(began) and place < len(_LOOKED_AT):
            return Unfinished(partial(_look_on, number=number, check=check, place=place, after=after))
    return check.answer(ExperimentClaim(_claim(tx, number, change), begun_before=False))


def _reasons(tx: Transaction, order: Order, ids: Sequence[str], check: Check) -> list[RunyardException]:
    """Why some runs or logged models must stay."""
    found: list[RunyardException] = []
    if order is RUNS_IN_ORDER:
        some = find_runs(tx, ids)
        needs = reasons_to_keep_runs(tx, check.needed, some)
        for run in some:
            reason = None if run.lifecycle_stage == DELETED else "it is not deleted; delete it first"
            found += _problems(f"run {run.run_id}", needs.get(run.run_id) or reason)
            found += _elsewhere(f"run {run.run_id}", check, run.run_id, run.artifact_uri)
        return found
    for model in find_models(tx, ids):
        found += _problems(f"logged model {model.model_id}", reason_to_keep_model(check.needed, model))
        found += _elsewhere(f"logged model {model.model_id}", check, model.model_id, model.artifact_uri)
    return found


def _problems(what: str, reason: str | None) -> list[RunyardException]:
    return [Conflict(f"{what}: {reason}")] if reason else []


def _elsewhere(what: str, check: Check, owner_id: str, artifact_uri: str) -> list[RunyardException]:
    if check.own is None or check.own.find(owner_id, artifact_uri) is not None:
        return []
    return [InvalidParameter(f"{what}: this server does not keep its artifacts")]


def _refuse(_tx: Transaction, number: int, reasons: Sequence[RunyardException]) -> None:
    kind = type(reasons[0])
    named = "; ".join(reason.message for reason in reasons[:REASONS])
    more = f"; and {len(reasons) - REASONS} more" if len(reasons) > REASONS else ""
    where = "" if kind is Conflict else f" Remove it where they can be reached: runyard gc --experiment-ids {number}"
    raise kind(f"Experiment {number} cannot be removed for good, and nothing was. {named}{more}.{where}")
