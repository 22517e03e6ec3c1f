"""Operations on many runs. Changes take a transaction for each piece of some milliseconds: other writes go on."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from runyard.db.dialects import one_of, one_of_values
from runyard.db.facts import ARTIFACTS_DESTINATION, fact
from runyard.db.jobs import Unfinished
from runyard.db.transaction import Transaction
from runyard.exceptions import Conflict, InvalidParameter, RunyardException
from runyard.gate.performers import performs
from runyard.protocol.answer import Wire
from runyard.tracking.experiments.stages import ACTIVE, DELETED, refuse_while_changing
from runyard.tracking.many_runs.messages import (
    DeleteRuns,
    FindRunIds,
    GetRuns,
    ListRunDeletions,
    RemoveRuns,
    RestoreRuns,
)
from runyard.tracking.many_runs.pieces import Done, Plan, in_pieces
from runyard.tracking.removal.candidates import find_runs
from runyard.tracking.removal.claims import OwnArtifacts, claim_rows
from runyard.tracking.removal.needs import Needed, needed_by_others, reasons_to_keep_runs
from runyard.tracking.runs.counts import ids_found
from runyard.tracking.runs.rows import numbers_of
from runyard.tracking.runs.tables import runs
from runyard.tracking.runs.wire import runs_on_wire, to_json

PIECE = 100
"""Runs that are changed at a time, about 2 ms of work."""


@performs(GetRuns)
def get_runs(tx: Transaction, message: GetRuns) -> bytes:
    """One statement to find them, and those that read runs."""
    found = runs_on_wire(tx, numbers_of(tx, message.run_ids))
    return to_json({"runs": found})


@performs(FindRunIds)
def find_run_ids(tx: Transaction, message: FindRunIds) -> Wire:
    """The runs of one long page, by id."""
    found, more = ids_found(tx, message.experiment_ids, message.run_view_type, message.filter, message.max_results)
    return {"run_ids": found, "more": more}


@performs(ListRunDeletions)
def list_run_deletions(tx: Transaction, message: ListRunDeletions) -> Wire:
    """One statement; they stand in the order in which they are named."""
    columns = (runs.c.run_uuid, runs.c.deleted_time, runs.c.deleted_with_experiment, runs.c.removal_time)
    named = one_of_values(tx.dialect, runs.c.run_uuid, message.run_ids)
    chosen = sa.select(*columns).where(named, runs.c.lifecycle_stage == DELETED, runs.c.deleted_time.is_not(None))
    found = {row.run_uuid: row for row in tx.execute(chosen)}
    return {
        "runs": [
            {
                "run_id": row.run_uuid,
                "deleted_time": row.deleted_time,
                "with_experiment": bool(row.deleted_with_experiment),
                "being_removed": row.removal_time is not None,
            }
            for row in filter(None, map(found.get, dict.fromkeys(message.run_ids)))
        ]
    }


@performs(DeleteRuns)
def delete_runs(tx: Transaction, message: DeleteRuns) -> Wire | Unfinished:
    """Mark the active ones as deleted."""
    return in_pieces(tx, message.run_ids, Plan(PIECE, _delete))


@performs(RestoreRuns)
def restore_runs(tx: Transaction, message: RestoreRuns) -> Wire | Unfinished:
    """Mark the deleted ones as active."""
    return in_pieces(tx, message.run_ids, Plan(PIECE, _restore))


@performs(RemoveRuns)
def remove_runs(tx: Transaction, message: RemoveRuns) -> Wire | Unfinished:
    """Claim the deleted ones; what the server does in the background removes those that are claimed."""
    needed = needed_by_others(fact(tx, ARTIFACTS_DESTINATION))
    return in_pieces(tx, message.run_ids, Plan(PIECE, lambda later, found: _claim(later, found, needed)))


def _delete(tx: Transaction, found: Sequence[Any]) -> Done:
    active = [row.id for row in found if row.lifecycle_stage == ACTIVE]
    done = Done(changed=_stage(tx, active, DELETED, tx.now_ms))
    coming_back = _changing(tx, found, DELETED, to=ACTIVE)
    for row in found:
        if row.lifecycle_stage == DELETED:
            error = coming_back.get(row.experiment_id)
            done = done.refuse(row.run_uuid, error) if error else replace(done, unchanged=done.unchanged + 1)
    return done


def _restore(tx: Transaction, found: Sequence[Any]) -> Done:
    going, done, chosen = _changing(tx, found, DELETED, to=DELETED), Done(), []
    for row in found:
        if row.lifecycle_stage == ACTIVE:
            done = replace(done, unchanged=done.unchanged + 1)
        elif row.removal_time is not None:
            error = Conflict(f"Run {row.run_uuid!r} cannot be restored: its removal for good has begun.")
            done = done.refuse(row.run_uuid, error)
        elif row.experiment_id in going:
            done = done.refuse(row.run_uuid, going[row.experiment_id])
        else:
            chosen.append(row.id)
    return replace(done, changed=_stage(tx, chosen, ACTIVE, None))


def _claim(tx: Transaction, found: Sequence[Any], needed: Needed) -> Done:
    needed.refresh(tx)
    deleted = {run.run_id: run for run in find_runs(tx, [row.run_uuid for row in found])}
    reasons = reasons_to_keep_runs(tx, needed, [run for run in deleted.values() if run.lifecycle_stage == DELETED])
    own, done, going = OwnArtifacts(tx), Done(), []
    for row in found:
        error = _reason_to_refuse(row, deleted[row.run_uuid].artifact_uri, reasons.get(row.run_uuid), own)
        if error:
            done = done.refuse(row.run_uuid, error)
            continue
        going.append(row.id)
        began = row.removal_time is not None
        done = replace(done, unchanged=done.unchanged + began, changed=done.changed + (not began))
    claim_rows(tx, going)
    return done


def _reason_to_refuse(row: Any, artifact_uri: str, reason: str | None, own: OwnArtifacts) -> RunyardException | None:
    run_id = row.run_uuid
    if row.lifecycle_stage != DELETED:
        return InvalidParameter(f"Run {run_id!r} is not deleted. Delete it first.")
    if reason:
        return Conflict(f"Run {run_id!r} cannot be removed for good: {reason}.")
    if own.find(run_id, artifact_uri) is None:
        return InvalidParameter(
            f"The artifacts of run {run_id!r} are not kept by this server, so it cannot delete them. Remove the run "
            f"where they can be reached, with: runyard gc --run-ids {run_id}"
        )
    return None


def _changing(tx: Transaction, found: Sequence[Any], stage: str, to: str) -> dict[int, RunyardException]:
    """Experiments of the runs in this stage that are on their way to a stage, with the error that says so."""
    refusals = {}
    for number in sorted({row.experiment_id for row in found if row.lifecycle_stage == stage}):
        try:
            refuse_while_changing(tx, number, to)
        except RunyardException as error:
            refusals[number] = error
    return refusals


def _stage(tx: Transaction, numbers: list[int], stage: str, deleted_time: int | None) -> int:
    values = {"lifecycle_stage": stage, "deleted_time": deleted_time, "deleted_with_experiment": False}
    if numbers:
        tx.execute(sa.update(runs).where(one_of(tx, runs.c.id, numbers)).values(values))
    return len(numbers)
