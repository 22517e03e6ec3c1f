"""The index of the texts of runs against the runs: a search would not find what is missing there."""

from collections.abc import Sequence

import sqlalchemy as sa

from runyard.db.dialects import one_of
from runyard.db.transaction import Transaction
from runyard.tracking.checks.check import Check, Difference, compared_again
from runyard.tracking.runs.tables import runs
from runyard.tracking.runs.texts import missing, read_anew


def _compare(tx: Transaction, numbers: Sequence[int], _lock: bool) -> list[Difference]:
    chosen = sa.select(runs.c.id, runs.c.run_uuid).where(one_of(tx, runs.c.id, missing(tx, numbers)))
    return [
        Difference(number, f"run {run_id}: its name, tags or note are not in the index of texts")
        for number, run_id in tx.execute(chosen.order_by(runs.c.id)).all()
    ]


texts_of_runs = Check("texts of runs", runs.c.id, 200, _compare, compared_again(_compare, read_anew))
