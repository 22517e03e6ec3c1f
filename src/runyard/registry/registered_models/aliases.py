"""Moves and removes aliases, and records every move."""

from collections.abc import Sequence

import sqlalchemy as sa

from runyard.db.dialects import upsert
from runyard.db.transaction import Transaction
from runyard.registry.promotion.moves import Cause, record_move
from runyard.registry.registered_models.rows import FoundModel
from runyard.registry.registered_models.tables import registered_model_aliases

_aliases = registered_model_aliases.c


def aliased_version(tx: Transaction, model: FoundModel, alias: str) -> int | None:
    """The number of the version an alias points at; None when there is no such alias."""
    chosen = sa.select(_aliases.version).where(_aliases.registered_model_id == model.id, _aliases.alias == alias)
    number: int | None = tx.scalar(chosen)
    return number


def set_alias(tx: Transaction, model: FoundModel, alias: str, version: int, cause: Cause) -> None:
    """Point an alias at an existing version; `model` must be locked."""
    before = aliased_version(tx, model, alias)
    if before == version:
        return
    statement = upsert(tx, registered_model_aliases).values(registered_model_id=model.id, alias=alias, version=version)
    unique = [_aliases.registered_model_id, _aliases.alias]
    tx.execute(statement.on_conflict_do_update(index_elements=unique, set_={"version": version}))
    previous = None if before is None else str(before)
    record_move(tx, model.id, "alias", alias, version, previous, cause)


def remove_alias(tx: Transaction, model: FoundModel, alias: str, cause: Cause) -> None:
    """Remove an alias if it is there."""
    before = aliased_version(tx, model, alias)
    if before is None:
        return
    tx.execute(
        sa.delete(registered_model_aliases).where(_aliases.registered_model_id == model.id, _aliases.alias == alias)
    )
    record_move(tx, model.id, "alias", alias, before, str(before), cause, removed=True)


def aliases_at(tx: Transaction, model: FoundModel, version: int) -> Sequence[str]:
    """The aliases that point at a version."""
    chosen = sa.select(_aliases.alias).where(_aliases.registered_model_id == model.id, _aliases.version == version)
    return tx.execute(chosen.order_by(_aliases.alias)).scalars().all()
