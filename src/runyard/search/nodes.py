"""Parsed filters and order_by keys."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Value = str | int | float | tuple[str, ...] | tuple[int | float, ...] | None


@dataclass(frozen=True)
class Comparison:
    """One condition.

    Attributes
    ----------
    kind: What is compared: ``attribute``, ``metric``, ``param``, ``tag``, ``dataset`` or ``experiment``.
    key: Its key; for attributes the canonical name.
    operator: In upper case: ``=``, ``!=``, ``>``, ``LIKE``, ``NOT IN``, ``IS NULL``, ``~`` …
    value: What it is compared with; None for IS NULL and IS NOT NULL. A param or tag that is compared with a number is
        read as one.
    """

    kind: str
    key: str
    operator: str
    value: Value


@dataclass(frozen=True)
class Words:
    """What is found by name, id, tag or note: plain words, or a text in quotes."""

    text: str


@dataclass(frozen=True)
class And:
    """All of these hold."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Or:
    """One of these holds, or more."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Not:
    """This does not hold, also where what it compares is lacking."""

    part: "Condition"


Condition = Comparison | Words | And | Or | Not


@dataclass(frozen=True)
class OrderTerm:
    """One key to order by.

    Attributes
    ----------
    numeric: Texts that are numbers are ordered as numbers, before the others.
    below: Which value of the runs nested in a run stands for a metric that it lacks: ``least`` or ``greatest``; empty
        for none.
    """

    kind: str
    key: str
    ascending: bool
    numeric: bool = False
    below: str = ""


def comparisons_in(conditions: Sequence[Condition]) -> Iterator[Comparison]:
    """The comparisons that conditions are made of, however deep."""
    for condition in conditions:
        if isinstance(condition, Comparison):
            yield condition
        elif isinstance(condition, And | Or):
            yield from comparisons_in(condition.parts)
        elif isinstance(condition, Not):
            yield from comparisons_in((condition.part,))


def has_words(conditions: Sequence[Condition]) -> bool:
    """Whether there are plain words among conditions, however deep."""
    return any(
        isinstance(condition, Words)
        or (isinstance(condition, And | Or) and has_words(condition.parts))
        or (isinstance(condition, Not) and has_words((condition.part,)))
        for condition in conditions
    )
