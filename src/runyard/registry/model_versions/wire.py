"""Assembles model versions for answers, with a fixed number of statements."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.dialects import VALUES, among, bound
from runyard.db.transaction import Prepared, Transaction
from runyard.registry.model_versions.tables import model_version_tags, model_versions
from runyard.registry.registered_models.tables import registered_model_aliases, registered_models

_versions = Prepared(
    lambda dialect: (
        sa.select(model_versions, registered_models.c.name)
        .join(registered_models, registered_models.c.id == model_versions.c.registered_model_id)
        .where(among(dialect, model_versions.c.id))
    ),
    VALUES,
)
_names = [*(column.name for column in model_versions.c), "name"]
_tags = Prepared(
    lambda dialect: (
        sa.select(model_version_tags)
        .where(among(dialect, model_version_tags.c.model_version_id))
        .order_by(model_version_tags.c.key)
    ),
    VALUES,
)
_aliases = Prepared(
    lambda dialect: (
        sa.select(model_versions.c.id, registered_model_aliases.c.alias)
        .join(
            registered_model_aliases,
            sa.and_(
                registered_model_aliases.c.registered_model_id == model_versions.c.registered_model_id,
                registered_model_aliases.c.version == model_versions.c.version,
            ),
        )
        .where(among(dialect, model_versions.c.id))
        .order_by(registered_model_aliases.c.alias)
    ),
    VALUES,
)


def versions_on_wire(
    tx: Transaction, ids: Sequence[int], *, aliases: bool = True, logged_models: bool = False
) -> list[dict[str, Any]]:
    """The versions with these internal ids, in this order. Three statements, two without aliases.

    Parameters
    ----------
    aliases: Show their aliases: MLflow does where one version is asked for, and not in what a search finds.
    logged_models: Show the ids of their logged models: only in answers of our own.
    """
    numbers = bound(tx, ids)
    tags: dict[int, list[dict[str, str]]] = {}
    for version, key, value in _tags.rows(tx, numbers):
        tags.setdefault(version, []).append({"key": key, "value": value})
    named: dict[int, list[str]] = {}
    for version, alias in _aliases.rows(tx, numbers) if aliases else ():
        named.setdefault(version, []).append(alias)
    shown = {}
    for row in _versions.rows(tx, numbers):
        fields = dict(zip(_names, row, strict=True))
        shown[fields["id"]] = _on_wire(fields, tags.get(fields["id"]), named.get(fields["id"]))
        if logged_models and fields["logged_model_id"]:
            shown[fields["id"]]["model_id"] = fields["logged_model_id"]
    return [shown[number] for number in ids if number in shown]


def _on_wire(fields: dict[str, Any], tags: list[dict[str, str]] | None, aliases: list[str] | None) -> dict[str, Any]:
    """A version for an answer. Like MLflow, it leaves out missing values but not empty texts."""
    return {
        "name": fields["name"],
        "version": str(fields["version"]),
        "creation_timestamp": fields["creation_time"],
        "last_updated_timestamp": fields["last_updated_time"],
        **({"user_id": fields["user_id"]} if fields["user_id"] else {}),
        "current_stage": fields["current_stage"],
        **({"description": fields["description"]} if fields["description"] is not None else {}),
        "source": fields["source"],
        "run_id": fields["run_id"],
        "status": fields["status"],
        **({"tags": tags} if tags else {}),
        "run_link": fields["run_link"],
        **({"aliases": aliases} if aliases else {}),
    }
