"""Finding registered models by name and tags, a page at a time."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.core.tags import IS_PROMPT_TAG
from runyard.db.conditions import binary, combine, compare, contains, has_words, plannable
from runyard.db.paging import SortColumn, read_page
from runyard.db.transaction import Transaction
from runyard.registry.registered_models.tables import registered_model_tags, registered_models
from runyard.registry.tag_search import asks_for_prompts, tag_condition
from runyard.search.fields import REGISTERED_MODEL_FIELDS
from runyard.search.nodes import Comparison, OrderTerm, Words
from runyard.search.parser import parse_filter, parse_order_by
from runyard.tracking.filters.sources import SOURCES, Source, small
from runyard.tracking.filters.texts import Rows, Seeks

_tags = registered_model_tags.c


def search_model_ids(
    tx: Transaction, text: str | None, order_by: Sequence[str], max_results: int, page_token: str | None
) -> tuple[list[int], str | None]:
    """Ids of a page of registered models, and the next page's token. One statement.

    Raises
    ------
    InvalidParameter: The filter, the order or the token is not valid.
    """
    # MLflow's client puts this behind any filter, as if all of it were joined by AND.
    conditions = parse_filter((text or "").removesuffix(_ADDED_BY_CLIENTS), REGISTERED_MODEL_FIELDS)
    asked = [combine(condition, lambda single: _single(single, tx.dialect)) for condition in conditions]
    if not asks_for_prompts(conditions):
        asked.append(tag_condition(_tags, _tags.registered_model_id, registered_models.c.id, NO_PROMPTS, tx.dialect))
    chosen = sa.select(registered_models.c.id).where(*plannable(asked, tx.dialect))
    columns = _order(parse_order_by(order_by, REGISTERED_MODEL_FIELDS), tx.dialect)
    return read_page(tx, chosen, columns, ("models", text or "", list(order_by)), max_results, page_token)


_ADDED_BY_CLIENTS = f" AND tag.`{IS_PROMPT_TAG}` != 'true'"
NO_PROMPTS = Comparison("tag", IS_PROMPT_TAG, "!=", "true")


_COLUMNS: dict[str, sa.ColumnElement[Any]] = {
    "name": registered_models.c.name,
    "description": sa.func.coalesce(registered_models.c.description, ""),
    "creation_timestamp": registered_models.c.creation_time,
    "last_updated_timestamp": registered_models.c.last_updated_time,
}


def _single(single: Comparison | Words, dialect: str) -> sa.ColumnElement[bool]:
    if isinstance(single, Words):
        tagged = sa.exists().where(_tags.registered_model_id == registered_models.c.id)
        return sa.or_(
            contains(registered_models.c.name, single.text, dialect),
            contains(_COLUMNS["description"], single.text, dialect),
            tagged.where(has_words(_tags, single.text, dialect)),
        )
    if single.kind == "tag":
        return tag_condition(_tags, _tags.registered_model_id, registered_models.c.id, single, dialect)
    return compare(_COLUMNS[single.key], single, dialect)


def _order(terms: Sequence[OrderTerm], dialect: str) -> list[SortColumn]:
    """The sort columns; ties go by name."""
    name = binary(registered_models.c.name, dialect)
    columns = [
        SortColumn(name, "text", not term.ascending)
        if term.key == "name"
        else SortColumn(registered_models.c.last_updated_time, "integer", not term.ascending, indexed=True)
        for term in terms
    ]
    return columns if any(term.key == "name" for term in terms) else [*columns, SortColumn(name, "text")]


_OF_MODELS = {"tag": registered_model_tags}
SOURCES["registered-models"] = Source(
    "registered model",
    REGISTERED_MODEL_FIELDS,
    _OF_MODELS,
    small(_OF_MODELS),
    {
        ("tag", ""): Rows(registered_model_tags, "value", of_key=True),
        ("attribute", "name"): Seeks(registered_models, lambda columns, _: columns.name),
    },
)
