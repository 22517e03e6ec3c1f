"""Assembles logged models for answers, with a fixed number of statements."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.dialects import VALUES, among, bound
from runyard.db.transaction import Prepared, Transaction
from runyard.tracking.logged_models.messages import MODEL_STATUSES
from runyard.tracking.logged_models.metrics import metrics_of
from runyard.tracking.logged_models.tables import logged_model_params, logged_model_tags, logged_models

STATUS_NAMES = {number: name for name, number in MODEL_STATUSES}

_models = Prepared(lambda dialect: sa.select(logged_models).where(among(dialect, logged_models.c.id)), VALUES)
_names = [column.name for column in logged_models.c]


def _texts(table: sa.Table) -> Prepared:
    return Prepared(
        lambda dialect: (
            sa.select(table)
            .where(among(dialect, table.c.logged_model_id))
            .order_by(table.c.logged_model_id, table.c.key)
        ),
        VALUES,
    )


_params, _tags = _texts(logged_model_params), _texts(logged_model_tags)


def models_on_wire(tx: Transaction, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """The logged models with these internal numbers, in this order. Four statements."""
    wanted = bound(tx, numbers)
    params, tags = _by_model(_params.rows(tx, wanted)), _by_model(_tags.rows(tx, wanted))
    rows = {row[0]: dict(zip(_names, row, strict=True)) for row in _models.rows(tx, wanted)}
    metrics = metrics_of(tx, [(number, fields["model_id"]) for number, fields in rows.items()])
    return [
        {
            "info": _info(rows[number], tags.get(number)),
            "data": {
                **({"params": params[number]} if number in params else {}),
                **({"metrics": metrics[number]} if number in metrics else {}),
            },
        }
        for number in numbers
        if number in rows
    ]


def _by_model(rows: Sequence[tuple[Any, ...]]) -> dict[int, list[dict[str, str]]]:
    found: dict[int, list[dict[str, str]]] = {}
    for number, key, value in rows:
        found.setdefault(number, []).append({"key": key, "value": value})
    return found


def _info(fields: dict[str, Any], tags: list[dict[str, str]] | None) -> dict[str, Any]:
    return {
        "model_id": fields["model_id"],
        "experiment_id": str(fields["experiment_id"]),
        "name": fields["name"],
        "creation_timestamp_ms": fields["creation_time"],
        "last_updated_timestamp_ms": fields["last_updated_time"],
        "artifact_uri": fields["artifact_location"],
        "status": STATUS_NAMES[fields["status"]],
        "model_type": fields["model_type"],
        "source_run_id": fields["source_run_id"],
        **({"tags": tags} if tags else {}),
    }
