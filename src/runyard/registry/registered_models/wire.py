"""Assembles registered models for answers, with a fixed number of statements."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from runyard.core.model_uri import STAGES
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
    """Some models with the id of the highest version in each stage, by one seek each in an index."""
    latest = [
        sa.select(model_versions.c.id)
        .where(
            model_versions.c.registered_model_id == registered_models.c.id,
            model_versions.c.current_stage == sa.literal_column(f"'{stage}'"),
        )
        .order_by(model_versions.c.version.desc())
        .limit(1)
        .correlate(registered_models)
        .scalar_subquery()
        for stage in STAGES
    ]
    return sa.select(registered_models.c.id, *latest).where(among(dialect, registered_models.c.id))


_latest = Prepared(_latest_ids, VALUES)


def latest_versions(
    tx: Transaction, models: Sequence[int], stages: Collection[str] = STAGES, *, aliases: bool = False
) -> dict[int, list[dict[str, Any]]]:
    """The highest version in each of some stages, by model and version. Three statements, four with aliases.

    Parameters
    ----------
    aliases: Show the versions' aliases.
    """
    model_of = {
        version: model
        for model, *ids in _latest.rows(tx, bound(tx, models))
        for stage, version in zip(STAGES, ids, strict=True)
        if version is not None and stage in stages
    }
    shown = zip(model_of, versions_on_wire(tx, list(model_of), aliases=aliases), strict=True) if model_of else ()
    found: dict[int, list[dict[str, Any]]] = {}
    for number, version in sorted(shown, key=lambda entry: int(entry[1]["version"])):
        found.setdefault(model_of[number], []).append(version)
    return found


def models_on_wire(tx: Transaction, ids: Sequence[int]) -> list[dict[str, Any]]:
    """The registered models with these internal ids, in this order. Six statements."""
    numbers = bound(tx, ids)
    tags: dict[int, list[dict[str, str]]] = {}
    for model, key, value in _tags.rows(tx, numbers):
        tags.setdefault(model, []).append({"key": key, "value": value})
    aliases: dict[int, list[dict[str, str]]] = {}
    for model, alias, version in _aliases.rows(tx, numbers):
        aliases.setdefault(model, []).append({"alias": alias, "version": str(version)})
    latest = latest_versions(tx, ids)
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
