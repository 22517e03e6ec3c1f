"""Operations on many runs: a transaction for each piece of some milliseconds, so that other writes go on."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from runyard.core.wire import to_wire
from runyard.db.dialects import one_of, one_of_values
from runyard.db.jobs import Unfinished, long_enough
from runyard.db.transaction import Transaction
from runyard.exceptions import Conflict, RunyardException
from runyard.gate.performers import performs
from runyard.protocol.answer import Wire
from runyard.tracking.experiments.stages import ACTIVE, DELETED, refuse_while_changing
from runyard.tracking.many_runs.entities import RefusedRun
from runyard.tracking.many_runs.messages import MAX_RUNS, DeleteRuns, FindRunIds, RestoreRuns, TagRuns
from runyard.tracking.runs.operations import put_tags
from runyard.tracking.runs.rows import deleted_run, missing_run, remove_from_document
from runyard.tracking.runs.search import search_run_ids
from runyard.tracking.runs.tables import runs, tags

PIECE, TAGGED_PIECE = 100, 20
"""Runs that are changed at a time, about 2 ms of work; the second where each run's document is written anew."""


@dataclass(frozen=True)
class _Done:
    """What was done so far."""

    changed: int = 0
    unchanged: int = 0
    refused: tuple[RefusedRun, ...] = ()

    def refuse(self, run_id: str, error: RunyardException) -> "_Done":
        """The same with one run more that was refused."""
        refused = RefusedRun(run_id, error.error_code, error.message)
        return replace(self, refused=(*self.refused, refused))

    def with_more(self, other: "_Done") -> "_Done":
        """The same with what was done afterwards."""
        return _Done(self.changed + other.changed, self.unchanged + other.unchanged, (*self.refused, *other.refused))


Change = Callable[[Transaction, Sequence[Any]], _Done]
"""Changes runs that were found, of which it gets the rows; says what it did."""


@performs(FindRunIds)
def find_run_ids(tx: Transaction, message: FindRunIds) -> Wire:
    """The runs of one long page, by id."""
    question = (message.experiment_ids, message.run_view_type, message.filter)
    numbers, token = search_run_ids(tx, *question, [], MAX_RUNS, None)
    named = sa.select(runs.c.id, runs.c.run_uuid).where(one_of(tx, runs.c.id, numbers))
    found = {row.id: row.run_uuid for row in tx.execute(named)} if numbers else {}
    return {"run_ids": [found[number] for number in numbers if number in found], "more": token is not None}


@performs(DeleteRuns)
def delete_runs(tx: Transaction, message: DeleteRuns) -> Wire | Unfinished:
    """Mark the active ones as deleted."""
    return _piece(tx, _different(message.run_ids), PIECE, _Done(), _delete)


@performs(RestoreRuns)
def restore_runs(tx: Transaction, message: RestoreRuns) -> Wire | Unfinished:
    """Mark the deleted ones as active."""
    return _piece(tx, _different(message.run_ids), PIECE, _Done(), _restore)


@performs(TagRuns)
def tag_runs(tx: Transaction, message: TagRuns) -> Wire | Unfinished:
    """Set and remove tags of the active ones."""
    given = {tag.key: tag.value for tag in message.tags}

    def change(tx: Transaction, found: Sequence[Any]) -> _Done:
        return _tag(tx, found, given, message.removed_keys)

    return _piece(tx, _different(message.run_ids), TAGGED_PIECE, _Done(), change)


def _different(run_ids: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(run_ids))


def _piece(tx: Transaction, run_ids: list[str], size: int, done: _Done, change: Change) -> Wire | Unfinished:
    """Change runs for some milliseconds, and leave the others to the next transaction."""
    began = time.monotonic()
    while run_ids:
        some, run_ids = run_ids[:size], run_ids[size:]
        done = done.with_more(_changed(tx, some, change))
        if long_enough(began):
            break
    if run_ids:
        return Unfinished(lambda later: _piece(later, run_ids, size, done, change))
    return {"changed": done.changed, "unchanged": done.unchanged, "refused": [to_wire(one) for one in done.refused]}


def _changed(tx: Transaction, run_ids: list[str], change: Change) -> _Done:
    """Change some runs."""
    columns = (runs.c.id, runs.c.run_uuid, runs.c.lifecycle_stage, runs.c.experiment_id, runs.c.removal_time)
    chosen = sa.select(*columns).where(one_of_values(tx.dialect, runs.c.run_uuid, run_ids))
    found = tx.execute(chosen.order_by(runs.c.id).with_for_update()).all()  # in one order, to avoid deadlocks
    done = change(tx, found)
    known = {row.run_uuid for row in found}
    for run_id in run_ids:
        if run_id not in known:
            done = done.refuse(run_id, missing_run(run_id))
    return done


def _delete(tx: Transaction, found: Sequence[Any]) -> _Done:
    active = [row.id for row in found if row.lifecycle_stage == ACTIVE]
    done = _Done(changed=_stage(tx, active, DELETED, tx.now_ms))
    coming_back = _changing(tx, found, DELETED, to=ACTIVE)
    for row in found:
        if row.lifecycle_stage == DELETED:
            error = coming_back.get(row.experiment_id)
            done = done.refuse(row.run_uuid, error) if error else replace(done, unchanged=done.unchanged + 1)
    return done


def _restore(tx: Transaction, found: Sequence[Any]) -> _Done:
    going, done, chosen = _changing(tx, found, DELETED, to=DELETED), _Done(), []
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


def _tag(tx: Transaction, found: Sequence[Any], given: dict[str, str], removed_keys: Sequence[str]) -> _Done:
    done = _Done()
    for row in found:
        if row.lifecycle_stage != ACTIVE:
            done = done.refuse(row.run_uuid, deleted_run(row.run_uuid))
            continue
        if given:
            put_tags(tx, row.id, given)
        for key in removed_keys:
            if tx.execute(sa.delete(tags).where(tags.c.run_id == row.id, tags.c.key == key)).rowcount:
                remove_from_document(tx, row.id, key)
        done = replace(done, changed=done.changed + 1)
    return done
