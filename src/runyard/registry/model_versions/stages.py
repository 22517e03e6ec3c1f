"""Moves versions between stages and records every move."""

import sqlalchemy as sa

from runyard.db.transaction import Transaction
from runyard.exceptions import InvalidParameter
from runyard.registry.model_versions.rows import FoundVersion
from runyard.registry.model_versions.tables import model_versions
from runyard.registry.names import ACTIVE_STAGES, ARCHIVED, stage_named
from runyard.registry.promotion.moves import Cause, record_move
from runyard.registry.registered_models.rows import FoundModel, touch_model

_versions = model_versions.c


def checked_stage(text: str, archive: bool) -> str:
    """The stage as it is spelled.

    Raises
    ------
    InvalidParameter: There is no such stage, or its other versions cannot be archived.
    """
    stage = stage_named(text)
    if archive and stage not in ACTIVE_STAGES:
        raise InvalidParameter(
            f"'archive_existing_versions' makes room in Staging or Production; {stage!r} is neither. Leave it out."
        )
    return stage


def transition(
    tx: Transaction, model: FoundModel, version: FoundVersion, stage: str, cause: Cause, *, archive: bool
) -> None:
    """Move a version to a stage and optionally archive the others there; `model` must be locked."""
    if archive:
        others = sa.and_(
            _versions.registered_model_id == model.id, _versions.current_stage == stage, _versions.id != version.id
        )
        for number in tx.execute(sa.select(_versions.version).where(others).order_by(_versions.version)).scalars():
            record_move(tx, model.id, "stage", ARCHIVED, number, stage, cause)
        archived = sa.update(model_versions).where(others)
        tx.execute(archived.values(current_stage=ARCHIVED, last_updated_time=tx.now_ms))
    if version.current_stage != stage:
        record_move(tx, model.id, "stage", stage, version.version, version.current_stage, cause)
    moved = sa.update(model_versions).where(_versions.id == version.id)
    tx.execute(moved.values(current_stage=stage, last_updated_time=tx.now_ms))
    touch_model(tx, model.id)
