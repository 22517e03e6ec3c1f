"""Takes an experiment's runs along when it is deleted or restored, a piece at a time, so that other writes go on.

The experiment's own row changes first, with a note of what is left to do; each piece then moves runs for some
milliseconds, in the order of the index of the newest ones, and notes how far it came. What was interrupted is finished
by a server that starts, or by the same request once more. Servers of older versions do all in one transaction and know
no notes: a note counts only while the experiment is as it left it.

A note of the same kind keeps a deleted experiment from coming back while it is removed for good: `tracking.removal`.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
import sqlalchemy as sa

from runyard.db.dialects import one_of
from runyard.db.facts import fact, facts, forget_fact, names_of_facts, note_fact
from runyard.db.jobs import Unfinished, long_enough
from runyard.db.transaction import Transaction
from runyard.exceptions import Conflict, Unavailable
from runyard.protocol.answer import Wire
from runyard.tracking.experiments.tables import experiments
from runyard.tracking.runs.tables import runs

ACTIVE, DELETED = "active", "deleted"
CHECKING, REMOVING = "checking", "removing"
"""What is noted of a deleted experiment while what must stay is looked for, and once it is being removed for good."""
PIECE = 100
"""Runs moved at a time: about 2 ms of work. A transaction does so as often as there is time."""
_NOTE = "runs follow experiment "


@dataclass(frozen=True)
class Change:
    """An experiment's change of stage that not all of its runs have followed, or its removal for good.

    Attributes
    ----------
    stage: What the experiment is already, and its runs become; `CHECKING` or `REMOVING` of a removal.
    since: When it became active or deleted, in milliseconds.
    after: Start time and id of the last run that was looked at; None before the first. Of a removal, when it was
        claimed last, in milliseconds.
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
    own = ACTIVE if stage == ACTIVE else DELETED
    if row is None or row.lifecycle_stage != own or (own == DELETED and row.last_update_time != since):
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
    Conflict: The experiment is being removed for good.
    """
    change = unfinished_change(tx, number)
    _refuse_removed(number, change)
    if change is not None and change.stage == stage:
        done = "deleted" if stage == DELETED else "restored"
        raise Unavailable(f"Experiment {number} is being {done}, with its runs. Try again when that is done.")


def refuse_while_removed(tx: Transaction, number: int) -> None:
    """Raise when an experiment is being removed for good: nothing of it comes back or finds other use.

    Raises
    ------
    Conflict: It is.
    """
    _refuse_removed(number, unfinished_change(tx, number))


def _refuse_removed(number: int, change: Change | None) -> None:
    if change is not None and change.stage in (CHECKING, REMOVING):
        raise Conflict(f"Experiment {number} is being removed for good with all its runs: nothing of it can be kept.")


def removed_experiments(tx: Transaction, numbers: Sequence[int]) -> frozenset[int]:
    """Those of some experiments that are being removed for good. One statement."""
    names = {f"{_NOTE}{number}": number for number in numbers}
    noted = facts(tx, list(names))
    return frozenset(names[name] for name, value in noted.items() if orjson.loads(value)[0] == REMOVING)


def note_change(tx: Transaction, number: int, change: Change) -> None:
    """Note a change of an experiment whose row is locked."""
    note_fact(tx, f"{_NOTE}{number}", orjson.dumps([change.stage, change.since, change.after]).decode())


def forget_change(tx: Transaction, number: int) -> None:
    """Forget what is noted of an experiment."""
    forget_fact(tx, f"{_NOTE}{number}")


def changing_experiments(tx: Transaction) -> list[int]:
    """The numbers of all experiments of which a change is noted."""
    return sorted(int(name.removeprefix(_NOTE)) for name in names_of_facts(tx, _NOTE))


def finish_changes(tx: Transaction) -> Wire | Unfinished:
    """Go on with the changes that were interrupted, one after the other; removals have a thread of their own."""
    for number in changing_experiments(tx):
        change = unfinished_change(tx, number)
        if change is None or change.stage == CHECKING:  # who asked for that has heard nothing
            forget_change(tx, number)
        elif change.stage != REMOVING:
            _move_piece(tx, number, change)
            return Unfinished(finish_changes)
    return {}


def _move_piece(tx: Transaction, number: int, change: Change) -> Wire | Unfinished:
    """Let the next runs follow, and note how far this came."""
    began = time.monotonic()
    while True:
        looked_at = next_of(tx, RUNS_IN_ORDER, number, _stage_before(change), change.after, PIECE)
        _move(tx, [row.id for row in looked_at], change)
        if len(looked_at) < PIECE:
            forget_change(tx, number)
            return {}
        last = looked_at[-1]
        change = replace(change, after=(last.start_time, last.run_uuid))
        if long_enough(began):
            break
    note_change(tx, number, change)
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


Order = tuple[sa.Column[int], sa.Column[str]]
"""A time and an id, by which an index leads through what an experiment has in a stage, newest first."""
RUNS_IN_ORDER: Order = (runs.c.start_time, runs.c.run_uuid)


def next_of(
    tx: Transaction, order: Order, number: int, stage: str, after: tuple[int, str] | None, amount: int
) -> list[Any]:
    """Number, time and id of the next runs, or of what else is in an experiment, in a stage; newest first."""
    moment, ident = order
    columns = moment.table.c
    conditions = [columns.experiment_id == number, columns.lifecycle_stage == stage]
    if after is not None:
        conditions += [moment <= after[0], sa.or_(moment < after[0], ident > after[1])]
    chosen = sa.select(columns.id, moment, ident).where(*conditions)
    return list(tx.execute(chosen.order_by(moment.desc(), ident).limit(amount)))


def _stage_before(change: Change) -> str:
    return ACTIVE if change.stage == DELETED else DELETED
