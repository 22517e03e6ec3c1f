"""Reading the history of moves."""

from collections.abc import Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from runyard.db.paging import SortColumn, read_page
from runyard.db.selecting import one_of
from runyard.db.transaction import Transaction
from runyard.registry.promotion.tables import moves
from runyard.registry.registered_models.rows import FoundModel


def search_move_ids(
    tx: Transaction, model: FoundModel, version: int | None, max_results: int, page_token: str | None
) -> tuple[list[int], str | None]:
    """Ids of a page of moves of a registered model, the newest first, and the next page's token. One statement.

    Raises
    ------
    InvalidParameter: The token is not one of this query.
    """
    chosen = sa.select(moves.c.id).where(moves.c.registered_model_id == model.id)
    if version is not None:
        # what the version got, what it lost, and what it had to give up to another
        left = sa.and_(moves.c.kind == "alias", moves.c.previous == str(version))
        chosen = chosen.where(sa.or_(moves.c.version == version, left))
    newest = SortColumn(moves.c.id, "integer", descending=True, indexed=True)
    return read_page(tx, chosen, [newest], ("moves", model.id, version), max_results, page_token)


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
