"""Finding registered models by name and tags, a page at a time."""

from collections.abc import Sequence

import sqlalchemy as sa

from runyard.core.tags import IS_PROMPT_TAG
from runyard.db.conditions import binary, compare, plannable
from runyard.db.paging import SortColumn, read_page
from runyard.db.transaction import Transaction
from runyard.registry.registered_models.tables import registered_model_tags, registered_models
from runyard.registry.tag_search import asks_for_prompts, tag_condition
from runyard.search.fields import REGISTERED_MODEL_FIELDS
from runyard.search.nodes import Comparison, OrderTerm
from runyard.search.parser import parse_filter, parse_order_by

_tags = registered_model_tags.c


def search_model_ids(
    tx: Transaction, text: str | None, order_by: Sequence[str], max_results: int, page_token: str | None
) -> tuple[list[int], str | None]:
    """Ids of a page of registered models, and the next page's token. One statement.

    Raises
    ------
    InvalidParameter: The filter, the order or the token is not valid.
    """
    comparisons = parse_filter(text, REGISTERED_MODEL_FIELDS)
    asked = [_condition(comparison, tx.dialect) for comparison in comparisons]
    if not asks_for_prompts(comparisons):
        asked.append(tag_condition(_tags, _tags.registered_model_id, registered_models.c.id, NO_PROMPTS, tx.dialect))
    chosen = sa.select(registered_models.c.id).where(*plannable(asked, tx.dialect))
    columns = _order(parse_order_by(order_by, REGISTERED_MODEL_FIELDS), tx.dialect)
    return read_page(tx, chosen, columns, ("models", text or "", list(order_by)), max_results, page_token)


NO_PROMPTS = Comparison("tag", IS_PROMPT_TAG, "!=", "true")


def _condition(comparison: Comparison, dialect: str) -> sa.ColumnElement[bool]:
    if comparison.kind == "tag":
        return tag_condition(_tags, _tags.registered_model_id, registered_models.c.id, comparison, dialect)
    return compare(registered_models.c.name, comparison, dialect)


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
