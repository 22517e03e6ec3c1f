"""The document of a run against its params and tags."""

from collections.abc import Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from runyard.db.dialects import one_of
from runyard.db.transaction import Transaction
from runyard.tracking.checks.check import Check, Difference, compared_again
from runyard.tracking.runs.documents import document
from runyard.tracking.runs.tables import params, runs, tags


def _compare(tx: Transaction, numbers: Sequence[int], lock: bool) -> list[Difference]:
    chosen = sa.select(runs.c.id, runs.c.run_uuid, runs.c.document).where(one_of(tx, runs.c.id, numbers))
    found = tx.execute((chosen.with_for_update() if lock else chosen).order_by(runs.c.id)).all()
    expected = _expected(tx, numbers)
    return [
        Difference(number, f"run {run_id}: its document is not what its params and tags say")
        for number, run_id, text in found
        if text != expected[number] and _entries(text) != _entries(expected[number])
    ]


def _expected(tx: Transaction, numbers: Sequence[int]) -> dict[int, str]:
    rows: list[dict[int, list[tuple[str, str]]]] = []
    for table in (params, tags):
        by_run: dict[int, list[tuple[str, str]]] = {number: [] for number in numbers}
        for number, key, value in tx.execute(sa.select(table).where(one_of(tx, table.c.run_id, numbers))):
            by_run[number].append((key, value))
        rows.append(by_run)
    return {number: document(sorted(rows[0][number]), sorted(rows[1][number])) for number in numbers}


def _entries(text: str) -> Any:
    """What a document says, whatever its order; older versions sorted by the rules of the database's language."""
    try:
        members = orjson.loads(f"{{{text}}}")
        return {name: sorted((entry["key"], entry["value"]) for entry in entries) for name, entries in members.items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _mend(tx: Transaction, numbers: Sequence[int]) -> None:
    for number, text in _expected(tx, numbers).items():
        tx.execute(sa.update(runs).where(runs.c.id == number).values(document=text))


documents = Check("documents of runs", runs.c.id, 500, _compare, compared_again(_compare, _mend))
