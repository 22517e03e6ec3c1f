"""What conditions ask of params and tags: the comparisons of the search language, and what databases answer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa

from runyard.db.conditions import combine, compare_text
from runyard.db.transaction import Transaction
from runyard.registry.promotion.expressions import Metric, Requirement, TextComparison, text_comparisons
from runyard.registry.promotion.verdicts import Contender
from runyard.search.nodes import Comparison, Condition, Words


def texts_that_hold(
    tx: Transaction, requirements: Sequence[Requirement], contenders: Mapping[str, Contender]
) -> frozenset[TextComparison]:
    """Those comparisons of params and tags that hold. One statement, if there are any.

    Parameters
    ----------
    contenders: The named versions, by `Metric.holder`.
    """
    asked = {one: _resolved(one, contenders) for one in dict.fromkeys(text_comparisons(requirements))}
    conditions = [(one, condition) for one, condition in asked.items() if condition is not None]
    if not conditions:
        return frozenset()
    columns = []
    for place, (one, condition) in enumerate(conditions):
        text = sa.cast(sa.literal(_text(one.subject, contenders)), sa.Text)
        made = combine(condition, lambda single, text=text: _compared(text, single, tx.dialect))  # type: ignore[misc]
        columns.append(sa.case((made, 1), else_=0).label(f"holds{place}"))
    row = tx.execute(sa.select(*columns)).one()
    return frozenset(one for (one, _), holds in zip(conditions, row, strict=True) if holds)


def _compared(text: sa.ColumnElement[str], single: Comparison | Words, dialect: str) -> sa.ColumnElement[bool]:
    assert isinstance(single, Comparison)  # conditions have no plain words
    return compare_text(text, single, dialect)


def _resolved(one: TextComparison, contenders: Mapping[str, Contender]) -> Condition | None:
    """What is asked of the text of a comparison; None where a text is missing."""
    if _text(one.subject, contenders) is None:
        return None
    if one.other is None:
        return one.asked
    other = _text(one.other, contenders)
    return replace(one.asked, value=other) if other is not None and isinstance(one.asked, Comparison) else None


def _text(named: Metric, contenders: Mapping[str, Contender]) -> str | None:
    return contenders[named.holder].texts.get((named.kind, named.key))
