"""Finding model versions by name and number."""

from typing import NamedTuple

import sqlalchemy as sa

from runyard.core.limits import shown
from runyard.db.transaction import Prepared, Transaction
from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.registry.model_versions.tables import model_versions
from runyard.registry.names import LATEST, version_number
from runyard.registry.registered_models.aliases import aliased_version
from runyard.registry.registered_models.rows import FoundModel, find_model


class FoundVersion(NamedTuple):
    """The columns of a version that operations need."""

    id: int
    version: int
    current_stage: str
    source: str
    storage_location: str
    run_id: str
    logged_model_id: str | None


_find = Prepared(
    sa.select(*(model_versions.c[name] for name in FoundVersion._fields)).where(
        model_versions.c.registered_model_id == sa.bindparam("model"),
        model_versions.c.version == sa.bindparam("number"),
    ),
    "model", "number",
)  # fmt: skip


def version_of(tx: Transaction, model: FoundModel, number: int) -> FoundVersion:
    """A version of a registered model.

    Raises
    ------
    DoesNotExist: It has no version with this number.
    """
    row = _find.row(tx, model.id, number)
    if row is None:
        raise DoesNotExist(f"Registered model {model.name!r} has no version {number}.")
    return FoundVersion(*row)


def version_with_alias(tx: Transaction, model: FoundModel, alias: str) -> FoundVersion:
    """The version an alias points at; ``latest`` is the one with the highest number.

    Raises
    ------
    InvalidParameter: There is no such alias: the code MLflow's clients expect.
    DoesNotExist: The model has no version that could be the latest.
    """
    if alias.lower() == LATEST:
        number = tx.scalar(
            sa.select(sa.func.max(model_versions.c.version)).where(model_versions.c.registered_model_id == model.id)
        )
        if number is None:
            raise DoesNotExist(f"Registered model {model.name!r} has no version, so none is the latest.")
    else:
        number = aliased_version(tx, model, alias)
        if number is None:
            raise InvalidParameter(f"Registered model {model.name!r} has no alias {shown(alias)}.")
    return version_of(tx, model, number)


def find_version(
    tx: Transaction, name: str, version: str, *, to_change: bool = False
) -> tuple[FoundModel, FoundVersion]:
    """A registered model and one of its versions, by name and number as text.

    Raises
    ------
    InvalidParameter: The number is not an integer.
    DoesNotExist: There is no such model or version.
    """
    number = version_number(version)
    model = find_model(tx, name, to_change=to_change)
    return model, version_of(tx, model, number)
