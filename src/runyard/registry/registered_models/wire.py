"""Assembles registered models for answers, with a fixed number of statements."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.dialects import VALUES, among, bound
from runyard.db.transaction import Prepared, Transaction
from runyard.registry.model_versions.tables import model_versions
from runyard.registry.model_versions.wire import versions_on_wire
from runyard.registry.registered_models.tables import (
    registered_model_aliases,
    registered_model_tags,
    registered_models,
)

_models = Prepared(lambda dialect: sa.select(registered_models).where(among(dialect, registered_models.c.id)), VALUES)
_names = [column.name for column in registered_models.c]
_tags = Prepared(
    lambda dialect: (
        sa.select(registered_model_tags)
        .where(among(dialect, registered_model_tags.c.registered_model_id))
        .order_by(registered_model_tags.c.key)
    ),
    VALUES,
)
_aliases = Prepared(
    lambda dialect: (
        sa.select(registered_model_aliases)
        .where(among(dialect, registered_model_aliases.c.registered_model_id))
        .order_by(registered_model_aliases.c.alias)
    ),
    VALUES,
)


def _latest_ids(dialect: str) -> sa.Select[Any]:
    """Ids of the highest version in every stage of some models, by model and version."""
    newest = (
        sa.select(sa.func.max(model_versions.c.version).label("version"), model_versions.c.registered_model_id)
        .where(among(dialect, model_versions.c.registered_model_id))
        .group_by(model_versions.c.registered_model_id, model_versions.c.current_stage)
        .subquery()
    )
    same = sa.and_(
        newest.c.registered_model_id == model_versions.c.registered_model_id,
        newest.c.version == model_versions.c.version,
    )
    return (
        sa.select(model_versions.c.id, model_versions.c.registered_model_id, model_versions.c.current_stage)
        .join(newest, same)
        # Follows from the join; without it PostgreSQL may read the versions of all models.
        .where(among(dialect, model_versions.c.registered_model_id))
        .order_by(model_versions.c.registered_model_id, model_versions.c.version)
    )


_latest = Prepared(_latest_ids, VALUES)


def latest_ids(tx: Transaction, models: Sequence[int]) -> list[tuple[int, int, str]]:
    """Id, model and stage of the highest version in every stage of some models, by model and version."""
    return _latest.rows(tx, bound(tx, models))


def models_on_wire(tx: Transaction, ids: Sequence[int]) -> list[dict[str, Any]]:
    """The registered models with these internal ids, in this order. Six statements."""
    numbers = bound(tx, ids)
    tags: dict[int, list[dict[str, str]]] = {}
    for model, key, value in _tags.rows(tx, numbers):
        tags.setdefault(model, []).append({"key": key, "value": value})
    aliases: dict[int, list[dict[str, str]]] = {}
    for model, alias, version in _aliases.rows(tx, numbers):
        aliases.setdefault(model, []).append({"alias": alias, "version": str(version)})
    newest = latest_ids(tx, ids)
    latest: dict[int, list[dict[str, Any]]] = {}
    versions = versions_on_wire(tx, [version for version, _, _ in newest], aliases=False)
    for (_, model, _), version in zip(newest, versions, strict=True):
        latest.setdefault(model, []).append(version)
    shown = {}
    for row in _models.rows(tx, numbers):
        fields = dict(zip(_names, row, strict=True))
        number = fields["id"]
        shown[number] = _on_wire(fields, latest.get(number), tags.get(number), aliases.get(number))
    return [shown[number] for number in ids if number in shown]


def _on_wire(
    fields: dict[str, Any],
    latest: list[dict[str, Any]] | None,
    tags: list[dict[str, str]] | None,
    aliases: list[dict[str, str]] | None,
) -> dict[str, Any]:
    return {
        "name": fields["name"],
        "creation_timestamp": fields["creation_time"],
        "last_updated_timestamp": fields["last_updated_time"],
        **({"description": fields["description"]} if fields["description"] is not None else {}),
        **({"latest_versions": latest} if latest else {}),
        **({"tags": tags} if tags else {}),
        **({"aliases": aliases} if aliases else {}),
    }
