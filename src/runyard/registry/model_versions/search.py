"""Finding model versions by name, run, source, number and tags, a page at a time."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.conditions import binary, compare, plannable
from runyard.db.paging import SortColumn, read_page
from runyard.db.transaction import Transaction
from runyard.registry.model_versions.tables import model_version_tags, model_versions
from runyard.registry.registered_models.tables import registered_models
from runyard.registry.tag_search import tag_condition
from runyard.search.fields import MODEL_VERSION_FIELDS
from runyard.search.nodes import Comparison, OrderTerm
from runyard.search.parser import parse_filter, parse_order_by

_tags = model_version_tags.c
_COLUMNS: dict[str, sa.ColumnElement[Any]] = {
    "name": registered_models.c.name,
    "run_id": model_versions.c.run_id,
    "source_path": model_versions.c.source,
    "version_number": model_versions.c.version,
    "creation_timestamp": model_versions.c.creation_time,
    "last_updated_timestamp": model_versions.c.last_updated_time,
}


def search_version_ids(
    tx: Transaction, text: str | None, order_by: Sequence[str], max_results: int, page_token: str | None
) -> tuple[list[int], str | None]:
    """Ids of a page of versions, and the next page's token. One statement.

    Raises
    ------
    InvalidParameter: The filter, the order or the token is not valid.
    """
    asked = [_condition(comparison, tx.dialect) for comparison in parse_filter(text, MODEL_VERSION_FIELDS)]
    chosen = (
        sa.select(model_versions.c.id)
        .join(registered_models, registered_models.c.id == model_versions.c.registered_model_id)
        .where(*plannable(asked, tx.dialect))
    )
    columns = _order(parse_order_by(order_by, MODEL_VERSION_FIELDS), tx.dialect)
    return read_page(tx, chosen, columns, ("versions", text or "", list(order_by)), max_results, page_token)


def _condition(comparison: Comparison, dialect: str) -> sa.ColumnElement[bool]:
    if comparison.kind == "tag":
        return tag_condition(_tags, _tags.model_version_id, model_versions.c.id, comparison, dialect)
    condition = compare(_COLUMNS[comparison.key], comparison, dialect)
    if comparison.key == "run_id" and comparison.operator in ("!=", "NOT IN"):
        return sa.and_(condition, model_versions.c.run_id != "")  # a version without a run has no run id to differ
    return condition


def _order(terms: Sequence[OrderTerm], dialect: str) -> list[SortColumn]:
    """The sort columns; ties go by name, then the highest version first."""
    asked = [*terms] or [OrderTerm("attribute", "last_updated_timestamp", ascending=False)]
    named = {term.key for term in asked}
    if "name" not in named:
        asked.append(OrderTerm("attribute", "name", ascending=True))
    if "version_number" not in named:
        asked.append(OrderTerm("attribute", "version_number", ascending=False))
    return [
        SortColumn(binary(_COLUMNS["name"], dialect), "text", not term.ascending)
        if term.key == "name"
        else SortColumn(_COLUMNS[term.key], "integer", not term.ascending, indexed=term.key.endswith("timestamp"))
        for term in asked
    ]
