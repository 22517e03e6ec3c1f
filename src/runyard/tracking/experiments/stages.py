"""Takes an experiment's runs along when it is deleted or restored, a piece at a time, so that other writes go on.

The experiment's own row changes first, with a note of what is left to do; each piece then moves runs for some
milliseconds, in the order of the index of the newest ones, and notes how far it came. What was interrupted is finished
by a server that starts, or by the same request once more. Servers of older versions do all in one transaction and know
no notes: a note counts only while the experiment is as it left it.
"""

import time
from dataclasses import dataclass, replace
from typing import Any

import orjson
import sqlalchemy as sa

from runyard.db.dialects import one_of
from runyard.db.facts import fact, forget_fact, names_of_facts, note_fact
from runyard.db.jobs import Unfinished, long_enough
from runyard.db.transaction import Transaction
from runyard.exceptions import Unavailable
from runyard.protocol.answer import Wire
from runyard.tracking.experiments.tables import experiments
from runyard.tracking.runs.tables import runs

ACTIVE, DELETED = "active", "deleted"
PIECE = 100
"""Runs moved at a time: about 2 ms of work. A transaction does so as often as there is time."""
_NOTE = "runs follow experiment "


@dataclass(frozen=True)
class Change:
    """An experiment's change of stage that not all of its runs have followed.

    Attributes
    ----------
    stage: What the experiment is already, and its runs become.
    since: When it changed, in milliseconds.
    after: Start time and id of the last run that was looked at; None before the first.
    """

    stage: str
    since: int
    after: tuple[int, str] | None = None


def begin_change(tx: Transaction, number: int, stage: str) -> Wire | Unfinished:
    """Change an experiment's stage, and the first of its runs."""
    tx.execute(
        sa.update(experiments)
        .where(experiments.c.experiment_id == number)
        .values(lifecycle_stage=stage, last_update_time=tx.now_ms)
    )
    return _move_piece(tx, number, Change(stage, tx.now_ms))


def unfinished_change(tx: Transaction, number: int) -> Change | None:
    """The change that an experiment's runs are still to follow; its row stays locked on PostgreSQL."""
    noted = fact(tx, f"{_NOTE}{number}")
    if noted is None:
        return None
    stage, since, after = orjson.loads(noted)
    chosen = sa.select(experiments.c.lifecycle_stage, experiments.c.last_update_time)
    row = tx.execute(chosen.where(experiments.c.experiment_id == number).with_for_update()).first()
    # A deleted experiment changes only by being restored; an active one may be renamed while its runs come back.
    if row is None or row.lifecycle_stage != stage or (stage == DELETED and row.last_update_time != since):
        return None
    return Change(stage, since, after and tuple(after))


def go_on(tx: Transaction, number: int, stage: str) -> Wire | Unfinished:
    """Move the next runs of an experiment to this stage, unless another change has taken over."""
    change = unfinished_change(tx, number)
    return {} if change is None or change.stage != stage else _move_piece(tx, number, change)


def refuse_while_changing(tx: Transaction, number: int, stage: str) -> None:
    """Raise while runs of an experiment are on their way to this stage: the next piece would undo what a run gets now.

    Raises
    ------
    Unavailable: They are; asked again a little later they are there.
    """
    change = unfinished_change(tx, number)
    if change is not None and change.stage == stage:
        done = "deleted" if stage == DELETED else "restored"
        raise Unavailable(f"Experiment {number} is being {done}, with its runs. Try again when that is done.")


def finish_changes(tx: Transaction) -> Wire | Unfinished:
    """Go on with the changes that were interrupted, one after the other."""
    for name in names_of_facts(tx, _NOTE):
        number = int(name.removeprefix(_NOTE))
        change = unfinished_change(tx, number)
        if change is None:
            forget_fact(tx, name)
        else:
            _move_piece(tx, number, change)
            return Unfinished(finish_changes)
    return {}


def _move_piece(tx: Transaction, number: int, change: Change) -> Wire | Unfinished:
    """Let the next runs follow, and note how far this came."""
    began, note = time.monotonic(), f"{_NOTE}{number}"
    while True:
        looked_at = _next_runs(tx, number, change)
        _move(tx, [row.id for row in looked_at], change)
        if len(looked_at) < PIECE:
            forget_fact(tx, note)
            return {}
        last = looked_at[-1]
        change = replace(change, after=(last.start_time, last.run_uuid))
        if long_enough(began):
            break
    note_fact(tx, note, orjson.dumps([change.stage, change.since, change.after]).decode())
    return Unfinished(lambda later: go_on(later, number, change.stage))


def _move(tx: Transaction, numbers: list[int], change: Change) -> None:
    """Let those of these runs follow that were not deleted before."""
    following = [runs.c.deleted_with_experiment] if change.stage == ACTIVE else []
    tx.execute(
        sa.update(runs)
        .where(one_of(tx, runs.c.id, numbers), runs.c.lifecycle_stage == _stage_before(change), *following)
        .values(
            lifecycle_stage=change.stage,
            deleted_time=change.since if change.stage == DELETED else None,
            deleted_with_experiment=change.stage == DELETED,
        )
    )


def _next_runs(tx: Transaction, number: int, change: Change) -> list[Any]:
    conditions = [runs.c.experiment_id == number, runs.c.lifecycle_stage == _stage_before(change)]
    if change.after is not None:
        start_time, run_uuid = change.after
        conditions += [
            runs.c.start_time <= start_time,
            sa.or_(runs.c.start_time < start_time, runs.c.run_uuid > run_uuid),
        ]
    chosen = sa.select(runs.c.id, runs.c.start_time, runs.c.run_uuid).where(*conditions)
    return list(tx.execute(chosen.order_by(runs.c.start_time.desc(), runs.c.run_uuid).limit(PIECE)))


def _stage_before(change: Change) -> str:
    return ACTIVE if change.stage == DELETED else DELETED
