"""Operations on selections."""

import uuid

import sqlalchemy as sa

from runyard.core.limits import check_run_ids, shown
from runyard.db.transaction import Transaction
from runyard.exceptions import DoesNotExist
from runyard.gate.performers import performs
from runyard.protocol.answer import Wire
from runyard.tracking.many_runs.messages import MAX_RUNS
from runyard.tracking.selections.messages import CreateSelection, GetSelection
from runyard.tracking.selections.tables import selections

KEPT_MS = 7 * 24 * 3600 * 1000
"""How long a selection is kept, in milliseconds."""


@performs(CreateSelection)
def create_selection(tx: Transaction, message: CreateSelection) -> Wire:
    """Keep the list, and drop those whose time is over."""
    before = _run_ids(tx, message.selection_id) if message.selection_id else []
    left_out = set(message.without)
    run_ids = [run_id for run_id in dict.fromkeys([*before, *message.run_ids]) if run_id not in left_out]
    check_run_ids(run_ids, MAX_RUNS)
    tx.execute(sa.delete(selections).where(selections.c.creation_time < tx.now_ms - KEPT_MS))
    made = {"selection_id": uuid.uuid4().hex, "creation_time": tx.now_ms, "run_ids": " ".join(run_ids)}
    tx.execute(sa.insert(selections).values(made))
    return {"selection_id": made["selection_id"], "run_ids": run_ids}


@performs(GetSelection)
def get_selection(tx: Transaction, message: GetSelection) -> Wire:
    """Read the list."""
    return {"selection_id": message.selection_id, "run_ids": _run_ids(tx, message.selection_id)}


def _run_ids(tx: Transaction, selection_id: str) -> list[str]:
    found = tx.scalar(sa.select(selections.c.run_ids).where(selections.c.selection_id == selection_id))
    if found is None:
        raise DoesNotExist(f"There is no selection {shown(selection_id)}: it is kept for seven days. Choose again.")
    return str(found).split(" ")
