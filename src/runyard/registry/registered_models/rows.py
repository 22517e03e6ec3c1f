"""Finds registered models by name, and records that they changed."""

from typing import NamedTuple

import sqlalchemy as sa

from runyard.core.limits import shown
from runyard.db.transaction import Prepared, Transaction
from runyard.exceptions import DoesNotExist
from runyard.registry.registered_models.tables import registered_models


class FoundModel(NamedTuple):
    """The columns of a registered model that operations need."""

    id: int
    name: str
    last_version: int


_columns = [registered_models.c[name] for name in FoundModel._fields]
_by_name = sa.select(*_columns).where(registered_models.c.name == sa.bindparam("model_name"))
_find = Prepared(_by_name, "model_name")
_find_to_change = Prepared(_by_name.with_for_update(), "model_name")
_touch = Prepared(
    sa.update(registered_models)
    .where(registered_models.c.id == sa.bindparam("model"))
    .values(last_updated_time=sa.bindparam("now")),
    "now", "model",
)  # fmt: skip


def find_model(tx: Transaction, name: str, *, to_change: bool = False) -> FoundModel:
    """A registered model by name.

    Parameters
    ----------
    to_change: Lock it on PostgreSQL, so that other changes of it or its versions wait for this transaction.

    Raises
    ------
    DoesNotExist: There is none of this name.
    """
    row = (_find_to_change if to_change else _find).row(tx, name)
    if row is None:
        raise DoesNotExist(f"No registered model is named {shown(name)}. Search the registered models for its name.")
    return FoundModel(*row)


def touch_model(tx: Transaction, model: int) -> None:
    """Note that a registered model changed now."""
    _touch.run(tx, tx.now_ms, model)
