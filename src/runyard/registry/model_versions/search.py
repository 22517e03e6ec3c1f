"""Finding model versions by name, run, source, number and tags, a page at a time."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.conditions import begins_with, binary, combine, compare, contains, has_words, plannable
from runyard.db.paging import SortColumn, read_page
from runyard.db.transaction import Transaction
from runyard.registry.model_versions.tables import model_version_tags, model_versions
from runyard.registry.registered_models.tables import registered_models
from runyard.registry.tag_search import tag_condition
from runyard.search.fields import MODEL_VERSION_FIELDS
from runyard.search.nodes import Comparison, OrderTerm, Words
from runyard.search.parser import parse_filter, parse_order_by
from runyard.tracking.filters.sources import SOURCES, Source, small
from runyard.tracking.filters.texts import Rows, Seeks

_tags = model_version_tags.c
_COLUMNS: dict[str, sa.ColumnElement[Any]] = {
    "name": registered_models.c.name,
    "run_id": model_versions.c.run_id,
    "source_path": model_versions.c.source,
    "description": sa.func.coalesce(model_versions.c.description, ""),
    "stage": model_versions.c.current_stage,
    "version_number": model_versions.c.version,
    "creation_timestamp": model_versions.c.creation_time,
    "last_updated_timestamp": model_versions.c.last_updated_time,
}

_DIFFERS = frozenset(("!=", "NOT IN", "NOT LIKE", "NOT ILIKE", "!~"))


def search_version_ids(
    tx: Transaction, text: str | None, order_by: Sequence[str], max_results: int, page_token: str | None
) -> tuple[list[int], str | None]:
    """Ids of a page of versions, and the next page's token. One statement.

    Raises
    ------
    InvalidParameter: The filter, the order or the token is not valid.
    """
    conditions = parse_filter(text, MODEL_VERSION_FIELDS)
    asked = [combine(condition, lambda single: _single(single, tx.dialect)) for condition in conditions]
    chosen = (
        sa.select(model_versions.c.id)
        .join(registered_models, registered_models.c.id == model_versions.c.registered_model_id)
        .where(*plannable(asked, tx.dialect))
    )
    columns = _order(parse_order_by(order_by, MODEL_VERSION_FIELDS), tx.dialect)
    return read_page(tx, chosen, columns, ("versions", text or "", list(order_by)), max_results, page_token)


def _single(single: Comparison | Words, dialect: str) -> sa.ColumnElement[bool]:
    if isinstance(single, Words):
        tagged = sa.exists().where(_tags.model_version_id == model_versions.c.id)
        return sa.or_(
            contains(registered_models.c.name, single.text, dialect),
            contains(_COLUMNS["description"], single.text, dialect),
            begins_with(model_versions.c.run_id, single.text),
            tagged.where(has_words(_tags, single.text, dialect)),
        )
    if single.kind == "tag":
        return tag_condition(_tags, _tags.model_version_id, model_versions.c.id, single, dialect)
    condition = compare(_COLUMNS[single.key], single, dialect)
    if single.key == "run_id" and single.operator in _DIFFERS:
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


_OF_VERSIONS = {"tag": model_version_tags}
SOURCES["model-versions"] = Source(
    "model version",
    MODEL_VERSION_FIELDS,
    _OF_VERSIONS,
    small(_OF_VERSIONS),
    {
        ("tag", ""): Rows(model_version_tags, "value", of_key=True),
        ("attribute", "name"): Seeks(registered_models, lambda columns, _: columns.name),
        ("attribute", "run_id"): Seeks(model_versions, lambda columns, _: columns.run_id),
        ("attribute", "source_path"): Rows(model_versions, "source"),
    },
)
