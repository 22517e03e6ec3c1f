"""Moves as the protocol shows them."""

from collections.abc import Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from runyard.db.dialects import one_of
from runyard.db.transaction import Transaction
from runyard.registry.promotion.tables import moves


def moves_on_wire(tx: Transaction, ids: Sequence[int]) -> list[dict[str, Any]]:
    """The moves with these ids, the newest first. One statement."""
    rows = tx.execute(sa.select(moves).where(one_of(tx, moves.c.id, ids)).order_by(moves.c.id.desc()))
    return [_on_wire(row._mapping) for row in rows]


def _on_wire(row: Any) -> dict[str, Any]:
    return {
        "kind": row["kind"],
        "target": row["target"],
        "version": str(row["version"]),
        **({"previous": row["previous"]} if row["previous"] is not None else {}),
        "removed": row["removed"],
        "timestamp": row["moved_time"],
        "user_id": row["user_id"],
        "reason": row["reason"],
        **({"condition": row["condition"]} if row["condition"] is not None else {}),
        **({"figures": orjson.loads(row["figures"])} if row["figures"] is not None else {}),
    }
