"""Records every change of an alias or a stage, and searches the records."""

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from runyard.core.clock import now_ms
from runyard.db.paging import SortColumn, read_page
from runyard.db.transaction import Transaction
from runyard.registry.promotion.tables import moves


@dataclass(frozen=True)
class Cause:
    """Who moves something, and why.

    Attributes
    ----------
    user_id: Who, as the caller says.
    reason: Why, in the caller's words.
    condition: The condition, when it was a promotion.
    figures: The values of the condition's metrics, as JSON.
    """

    user_id: str = ""
    reason: str = ""
    condition: str | None = None
    figures: str | None = None


def record_move(
    tx: Transaction,
    model: int,
    kind: Literal["alias", "stage"],
    target: str,
    version: int,
    previous: str | None,
    cause: Cause,
    *,
    removed: bool = False,
) -> None:
    """Record that an alias or a stage of a registered model changed.

    Parameters
    ----------
    target: The alias, or the stage the version got.
    version: The version that got it; when `removed`, the one that lost it.
    previous: The version that held the alias, or the stage the version had.
    """
    newest = sa.select(moves.c.moved_time).where(moves.c.registered_model_id == model).order_by(moves.c.id.desc())
    tx.execute(
        sa.insert(moves).values(
            registered_model_id=model,
            kind=kind,
            target=target,
            version=version,
            previous=previous,
            removed=removed,
            # Not the time the transaction began: it may have waited for another. Servers' clocks differ, too.
            moved_time=max(now_ms(), tx.scalar(newest.limit(1)) or 0),
            user_id=cause.user_id,
            reason=cause.reason,
            condition=cause.condition,
            figures=cause.figures,
        )
    )


def search_move_ids(
    tx: Transaction, model: int, version: int | None, max_results: int, page_token: str | None
) -> tuple[list[int], str | None]:
    """Ids of a page of moves of a registered model, the newest first, and the next page's token. One statement.

    Raises
    ------
    InvalidParameter: The token is not one of this query.
    """
    chosen = sa.select(moves.c.id).where(moves.c.registered_model_id == model)
    if version is not None:
        # what the version got, what it lost, and what it had to give up to another
        left = sa.and_(moves.c.kind == "alias", moves.c.previous == str(version))
        chosen = chosen.where(sa.or_(moves.c.version == version, left))
    newest = SortColumn(moves.c.id, "integer", descending=True, indexed=True)
    return read_page(tx, chosen, [newest], ("moves", model, version), max_results, page_token)
