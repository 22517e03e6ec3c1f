"""Operations that give many runs other names, tags or another experiment, and take that back."""

import functools
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa

from runyard.core.limits import shown
from runyard.core.tags import RUN_NAME_TAG
from runyard.db.dialects import one_of
from runyard.db.jobs import Unfinished
from runyard.db.transaction import Transaction
from runyard.exceptions import DoesNotExist, RunyardException
from runyard.gate.performers import performs
from runyard.protocol.answer import Wire
from runyard.tracking.experiments.operations import active_experiment
from runyard.tracking.experiments.stages import ACTIVE
from runyard.tracking.many_runs.messages import TagRuns
from runyard.tracking.many_runs.pieces import Done, Plan, in_pieces
from runyard.tracking.metrics.tables import metric_series
from runyard.tracking.run_changes.messages import (
    GetRunChange,
    MoveRuns,
    PreviewRunNames,
    RenameRuns,
    UndoRunChange,
)
from runyard.tracking.run_changes.moves import move, refuse_unsettled
from runyard.tracking.run_changes.names import Pattern, Wanted, read_pattern
from runyard.tracking.run_changes.tables import run_changes
from runyard.tracking.run_changes.tagging import tag, tag_back
from runyard.tracking.runs.operations import put_tags
from runyard.tracking.runs.rows import deleted_run
from runyard.tracking.runs.tables import params, runs, tags

PIECE = 20
"""Runs that are changed at a time, about 2 ms of work: a name is in the run's document too."""
KEPT_MS = 7 * 24 * 3600 * 1000
"""How long a change can be undone, in milliseconds."""


@performs(PreviewRunNames)
def preview_run_names(tx: Transaction, message: PreviewRunNames) -> Wire:
    """The names before and after. A statement for the runs, and one a kind of what the names hold."""
    pattern = read_pattern(message.template, message.find, message.replace)
    chosen = sa.select(runs.c.id, runs.c.run_uuid, runs.c.name).where(runs.c.run_uuid.in_(message.run_ids))
    found = {row.run_uuid: row for row in tx.execute(chosen)}
    values = _values(tx, [row.id for row in found.values()], pattern)
    names = []
    for run_id in dict.fromkeys(message.run_ids):
        if run_id in found:
            row = found[run_id]
            names.append({"run_id": run_id, "before": row.name, **_preview(pattern, values[row.id])})
    return {"names": names}


def _preview(pattern: Pattern, values: dict[Wanted, str]) -> dict[str, str]:
    try:
        return {"after": pattern.name(values)}
    except RunyardException as problem:
        return {"problem": problem.message}


@performs(RenameRuns)
def rename_runs(tx: Transaction, message: RenameRuns) -> Wire | Unfinished:
    """Give the active ones their names."""
    pattern = read_pattern(message.template, message.find, message.replace)
    change = _Change(uuid.uuid4().hex, "name")

    def rename(tx: Transaction, found: Sequence[Any]) -> Done:
        done, noted = Done(), []
        values = _values(tx, [row.id for row in found], pattern)
        for row in found:
            try:
                name = _new_name(row, pattern, values[row.id])
            except RunyardException as error:
                done = done.refuse(row.run_uuid, error)
                continue
            if name == row.name:
                done = replace(done, unchanged=done.unchanged + 1)
                continue
            put_tags(tx, row.id, {RUN_NAME_TAG: name})
            noted.append((row.run_uuid, row.name, name))
            done = replace(done, changed=done.changed + 1)
        change.note(tx, noted)
        return done

    return in_pieces(tx, message.run_ids, Plan(PIECE, rename, change.answer))


def _new_name(row: Any, pattern: Pattern, values: dict[Wanted, str]) -> str:
    if row.lifecycle_stage != ACTIVE:
        raise deleted_run(row.run_uuid)
    return pattern.name(values)


@performs(TagRuns)
def tag_runs(tx: Transaction, message: TagRuns) -> Wire | Unfinished:
    """Set and remove tags of the active ones."""
    given = {tag.key: tag.value for tag in message.tags}
    change = _Change(uuid.uuid4().hex, "tags")

    def tag_some(tx: Transaction, found: Sequence[Any]) -> Done:
        done, noted = Done(), []
        for row in found:
            if row.lifecycle_stage != ACTIVE:
                done = done.refuse(row.run_uuid, deleted_run(row.run_uuid))
                continue
            noted.append((row.run_uuid, *tag(tx, row, given, message.removed_keys)))
            done = replace(done, changed=done.changed + 1)
        change.note(tx, noted)
        return done

    return in_pieces(tx, message.run_ids, Plan(PIECE, tag_some, change.answer))


@performs(MoveRuns)
def move_runs(tx: Transaction, message: MoveRuns) -> Wire | Unfinished:
    """Move the active ones, and whatever is below them."""
    active_experiment(tx, message.experiment_id)
    change, given = _Change(uuid.uuid4().hex, "experiment"), frozenset(message.run_ids)

    def move_some(tx: Transaction, found: Sequence[Any]) -> Done:
        target = active_experiment(tx, message.experiment_id).experiment_id
        done, going = Done(), []
        unsettled = refuse_unsettled(tx, {row.experiment_id for row in found})
        for row in found:
            if row.run_uuid in given and row.lifecycle_stage != ACTIVE:
                done = done.refuse(row.run_uuid, deleted_run(row.run_uuid))
            elif row.experiment_id == target:
                done = replace(done, unchanged=done.unchanged + (row.run_uuid in given))
            elif row.experiment_id in unsettled:
                done = done.refuse(row.run_uuid, unsettled[row.experiment_id])
            else:
                going.append(row)
        below = move(tx, going, target)
        change.note(tx, [(row.run_uuid, str(row.experiment_id), str(target)) for row in going])
        children = sum(row.run_uuid not in given for row in going)
        return replace(done, changed=len(going) - children, children=children, following=tuple(below))

    return in_pieces(tx, message.run_ids, Plan(PIECE, move_some, change.answer))


@performs(GetRunChange)
def get_run_change(tx: Transaction, message: GetRunChange) -> Wire:
    """What is known of it."""
    what, entries = _noted(tx, message.change_id)
    return {"change_id": message.change_id, "what": what, "runs": len(entries)}


@performs(UndoRunChange)
def undo_run_change(tx: Transaction, message: UndoRunChange) -> Wire | Unfinished:
    """Give back what runs had, where they still have what they got."""
    what, entries = _noted(tx, message.change_id)
    before = {run_id: (earlier, now) for run_id, earlier, now in entries}
    undo = {"name": _rename_back, "experiment": _move_back, "tags": _tag_back}[what]
    return in_pieces(tx, list(before), Plan(PIECE, functools.partial(undo, before)))


Before = dict[str, tuple[Any, Any]]


def _rename_back(before: Before, tx: Transaction, found: Sequence[Any]) -> Done:
    done = Done()
    for row in found:
        earlier, now = before[row.run_uuid]
        if row.lifecycle_stage != ACTIVE:
            done = done.refuse(row.run_uuid, deleted_run(row.run_uuid))
        elif row.name != now:
            done = replace(done, unchanged=done.unchanged + 1)
        else:
            put_tags(tx, row.id, {RUN_NAME_TAG: earlier})
            done = replace(done, changed=done.changed + 1)
    return done


def _tag_back(before: Before, tx: Transaction, found: Sequence[Any]) -> Done:
    done = Done()
    for row in found:
        if row.lifecycle_stage != ACTIVE:
            done = done.refuse(row.run_uuid, deleted_run(row.run_uuid))
        elif tag_back(tx, row, *before[row.run_uuid]):
            done = replace(done, changed=done.changed + 1)
        else:
            done = replace(done, unchanged=done.unchanged + 1)
    return done


def _move_back(before: Before, tx: Transaction, found: Sequence[Any]) -> Done:
    done, going = Done(), dict[str, list[Any]]()
    unsettled = refuse_unsettled(tx, {row.experiment_id for row in found})
    for row in found:
        earlier, now = before[row.run_uuid]
        if str(row.experiment_id) != now:
            done = replace(done, unchanged=done.unchanged + 1)
        elif row.experiment_id in unsettled:
            done = done.refuse(row.run_uuid, unsettled[row.experiment_id])
        else:
            going.setdefault(earlier, []).append(row)
    for experiment_id, some in sorted(going.items()):
        try:
            target = active_experiment(tx, experiment_id).experiment_id
        except RunyardException as error:  # deleted, or removed for good, since
            for row in some:
                done = done.refuse(row.run_uuid, error)
            continue
        move(tx, some, target)
        done = replace(done, changed=done.changed + len(some))
    return done


class _Change:
    """A change on its way: each piece of it notes its runs, so that they can be given back what they had."""

    def __init__(self, change_id: str, what: str) -> None:
        self._id, self._what = change_id, what

    def note(self, tx: Transaction, entries: Sequence[tuple[str, Any, Any]]) -> None:
        """Note runs with what they had and got."""
        if not entries:
            return
        mine = run_changes.c.change_id == self._id
        piece = tx.scalar(sa.select(sa.func.count()).select_from(run_changes).where(mine))
        if not piece:
            tx.execute(sa.delete(run_changes).where(run_changes.c.creation_time < tx.now_ms - KEPT_MS))
        row = {"change_id": self._id, "piece": piece, "creation_time": tx.now_ms, "what": self._what}
        tx.execute(sa.insert(run_changes).values(**row, runs=orjson.dumps(entries).decode()))

    def answer(self, done: Done) -> Wire:
        """What was done, with the id by which it is undone."""
        answer = done.on_wire() if self._what == "tags" else {**done.on_wire(), "children": done.children}
        return {**answer, "change_id": self._id} if done.changed or done.children else answer


def _noted(tx: Transaction, change_id: str) -> tuple[str, list[tuple[str, Any, Any]]]:
    chosen = sa.select(run_changes.c.what, run_changes.c.runs).where(run_changes.c.change_id == change_id)
    rows = tx.execute(chosen.order_by(run_changes.c.piece)).all()
    if not rows:
        raise DoesNotExist(f"There is no change {shown(change_id)}: it can be undone for seven days.")
    return rows[0].what, [entry for row in rows for entry in orjson.loads(row.runs)]


def _values(tx: Transaction, numbers: list[int], pattern: Pattern) -> dict[int, dict[Wanted, str]]:
    """What runs have of what their names hold."""
    columns = (runs.c.id, runs.c.run_uuid, runs.c.name, runs.c.status, runs.c.user_id, runs.c.start_time)
    values: dict[int, dict[Wanted, str]] = {}
    for row in tx.execute(sa.select(*columns).where(one_of(tx, runs.c.id, numbers))):
        date = datetime.fromtimestamp(row.start_time / 1000, UTC).date().isoformat()
        texts = {"name": row.name, "id": row.run_uuid, "status": row.status, "user": row.user_id, "date": date}
        values[row.id] = {Wanted(kind): text for kind, text in texts.items() if text}
    for kind, table in (("params", params), ("tags", tags), ("metrics", metric_series)):
        keys = pattern.keys(kind)
        if keys:
            chosen = sa.select(table.c.run_id, table.c.key, table.c.value)
            for number, key, value in tx.execute(
                chosen.where(one_of(tx, table.c.run_id, numbers), table.c.key.in_(keys))
            ):
                values[number][Wanted(kind, key)] = value if isinstance(value, str) else _number(value)
    return values


def _number(value: float | None) -> str:
    return "nan" if value is None else f"{value:.6g}"
