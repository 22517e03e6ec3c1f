"""Noting every change of an alias or a stage."""

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from runyard.db.transaction import Transaction
from runyard.registry.promotion.tables import moves


@dataclass(frozen=True)
class Cause:
    """Who moves something, and why.

    Attributes
    ----------
    user_id: Who, as the caller says.
    reason: Why, in the caller's words.
    condition: What had to hold, when it was a promotion.
    figures: The metrics it was judged by, as JSON.
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
    """Note that an alias or a stage of a registered model changed.

    Parameters
    ----------
    target: The alias, or the stage the version got.
    version: The version that got it; when `removed`, the one that lost it.
    previous: The version that held the alias, or the stage the version had.
    """
    tx.execute(
        sa.insert(moves).values(
            registered_model_id=model,
            kind=kind,
            target=target,
            version=version,
            previous=previous,
            removed=removed,
            moved_time=tx.now_ms,
            user_id=cause.user_id,
            reason=cause.reason,
            condition=cause.condition,
            figures=cause.figures,
        )
    )
