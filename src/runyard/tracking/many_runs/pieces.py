"""Changes many runs, a piece of some milliseconds at a time, so that writes of others come in between."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from runyard.core.wire import to_wire
from runyard.db.dialects import one_of_values
from runyard.db.jobs import Unfinished, long_enough
from runyard.db.transaction import Transaction
from runyard.exceptions import RunyardException
from runyard.protocol.answer import Wire
from runyard.tracking.many_runs.entities import RefusedRun
from runyard.tracking.runs.rows import missing_run
from runyard.tracking.runs.tables import runs


@dataclass(frozen=True)
class Done:
    """What was done so far.

    Attributes
    ----------
    changed: How many of the given runs were changed.
    children: How many others were changed with them.
    following: Ids of runs that are to be changed with those that the last piece changed.
    """

    changed: int = 0
    unchanged: int = 0
    refused: tuple[RefusedRun, ...] = ()
    children: int = 0
    following: tuple[str, ...] = ()

    def refuse(self, run_id: str, error: RunyardException) -> "Done":
        """The same with one run more that was refused."""
        refused = RefusedRun(run_id, error.error_code, error.message)
        return replace(self, refused=(*self.refused, refused))

    def with_more(self, other: "Done") -> "Done":
        """The same with what was done afterwards."""
        return Done(
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            (*self.refused, *other.refused),
            self.children + other.children,
        )

    def on_wire(self) -> dict[str, Any]:
        """As the protocol shows it."""
        refused = [to_wire(one) for one in self.refused]
        return {"changed": self.changed, "unchanged": self.unchanged, "refused": refused}


Change = Callable[[Transaction, Sequence[Any]], Done]
"""Changes runs that were found, of which it gets the rows; says what it did."""


@dataclass(frozen=True)
class Plan:
    """How many runs are changed.

    Attributes
    ----------
    size: Runs that are changed at a time.
    answer: Makes the answer of what was done.
    """

    size: int
    change: Change
    answer: Callable[[Done], Wire] = Done.on_wire


def in_pieces(tx: Transaction, run_ids: Sequence[str], plan: Plan) -> Wire | Unfinished:
    """Change runs, each once, for some milliseconds, and leave the others to the next transaction."""
    different = list(dict.fromkeys(run_ids))
    return _piece(tx, different, frozenset(different), Done(), plan)


def _piece(tx: Transaction, run_ids: list[str], seen: frozenset[str], done: Done, plan: Plan) -> Wire | Unfinished:
    began = time.monotonic()
    while run_ids:
        some, run_ids = run_ids[: plan.size], run_ids[plan.size :]
        more = _changed(tx, some, plan.change)
        following = [run_id for run_id in dict.fromkeys(more.following) if run_id not in seen]
        run_ids, seen = [*run_ids, *following], seen.union(following)
        done = done.with_more(more)
        if long_enough(began):
            break
    if run_ids:
        return Unfinished(lambda later: _piece(later, run_ids, seen, done, plan))
    return plan.answer(done)


def _changed(tx: Transaction, run_ids: list[str], change: Change) -> Done:
    """Change some runs."""
    columns = (runs.c.id, runs.c.run_uuid, runs.c.name, runs.c.lifecycle_stage, runs.c.experiment_id)
    chosen = sa.select(*columns, runs.c.removal_time).where(one_of_values(tx.dialect, runs.c.run_uuid, run_ids))
    found = tx.execute(chosen.order_by(runs.c.id).with_for_update()).all()  # in one order, to avoid deadlocks
    done = change(tx, found)
    known = {row.run_uuid for row in found}
    for run_id in run_ids:
        if run_id not in known:
            done = done.refuse(run_id, missing_run(run_id))
    return done
