"""Conditions on tags, which registered models and versions share, and the rule for prompts.

MLflow keeps prompts among registered models, marked by a tag. Ordinary models lack the tag, so conditions on it mean
more than they say: ``= 'false'`` and ``!= 'true'`` are the ordinary models.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.core.tags import IS_PROMPT_TAG
from runyard.db.conditions import compare_text
from runyard.search.nodes import Comparison, Condition, comparisons_in


def asks_for_prompts(conditions: Sequence[Condition]) -> bool:
    """Whether a filter names prompts."""
    return any(found.kind == "tag" and found.key == IS_PROMPT_TAG for found in comparisons_in(conditions))


def tag_condition(
    tags: Any, owner: sa.ColumnElement[Any], wanted: sa.ColumnElement[Any], comparison: Comparison, dialect: str
) -> sa.ColumnElement[bool]:
    """The condition that an entity's tag stands in this relation; false without the tag, but for IS NULL and prompts.

    Parameters
    ----------
    tags: The columns of the table of tags.
    owner: Its column that names the entity.
    wanted: The entity's id in the statement around.
    """
    tagged = sa.exists().where(owner == wanted, tags.key == comparison.key)
    if comparison.key == IS_PROMPT_TAG and comparison.operator in ("=", "!="):
        ordinary = (comparison.operator == "=") == (str(comparison.value).lower() == "false")
        prompt = tagged.where(sa.func.lower(tags.value) == "true")
        return ~prompt if ordinary else prompt
    if comparison.operator == "IS NULL":
        return ~tagged
    if comparison.operator == "IS NOT NULL":
        return tagged
    return tagged.where(compare_text(tags.value, comparison, dialect))
