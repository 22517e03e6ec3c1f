"""The parts of a condition, and their values."""

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from runyard.search.nodes import Condition

CANDIDATE, CURRENT = "metrics", "current"
KINDS: Mapping[str, Literal["metric", "param", "tag"]] = {CANDIDATE: "metric", "params": "param", "tags": "tag"}
"""What versions have, by the word that stands before its key."""

_CALCULATE: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True)
class Number:
    """A number as written."""

    value: float


@dataclass(frozen=True)
class Metric:
    """A metric of a version, or a param or tag.

    Attributes
    ----------
    whose: The version in question, the holder of what is being moved, or the holder of an alias.
    alias: The alias, when it is that.
    key: Its key.
    """

    whose: Literal["candidate", "current", "alias"]
    alias: str
    key: str
    kind: Literal["metric", "param", "tag"] = "metric"

    @property
    def holder(self) -> str:
        """Its holder, as conditions write it."""
        if self.whose == "candidate":
            return CANDIDATE
        if self.whose == "current":
            return CURRENT
        return f"`{self.alias}`" if self.alias in (*KINDS, CURRENT) else self.alias

    @property
    def label(self) -> str:
        """The key of its value among the figures or texts."""
        if self.kind == "metric":
            return f"{self.holder}.{self.key}"
        return f"{'' if self.whose == 'candidate' else f'{self.holder}.'}{self.kind}s.{self.key}"


@dataclass(frozen=True)
class Negative:
    """A value with its sign changed."""

    value: "Expression"


@dataclass(frozen=True)
class Calculation:
    """An operation on two values."""

    left: "Expression"
    operator: str
    right: "Expression"


Expression = Number | Metric | Negative | Calculation


@dataclass(frozen=True)
class Comparison:
    """One of the comparisons of a condition.

    Attributes
    ----------
    text: As it was written.
    operator: One of ``> >= < <= = !=``.
    """

    text: str
    left: Expression
    operator: str
    right: Expression

    def metrics(self) -> list[Metric]:
        """The metrics it names, each once, in the order of reading."""
        return list(dict.fromkeys([*metrics_in(self.left), *metrics_in(self.right)]))


@dataclass(frozen=True)
class TextComparison:
    """A comparison of a param or tag, as the search language has it.

    Attributes
    ----------
    text: As it was written.
    asked: What must hold of it; of `other`, what must hold with the text of that as value.
    other: The param or tag that it is compared with, if it is one.
    """

    text: str
    subject: Metric
    asked: Condition
    other: Metric | None = None

    def metrics(self) -> list[Metric]:
        """The params or tags it names."""
        return [self.subject] if self.other is None else [self.subject, self.other]


@dataclass(frozen=True)
class Presence:
    """Whether a version has a metric, param or tag.

    Attributes
    ----------
    text: As it was written.
    wanted: Whether it must be there; else it must not.
    """

    text: str
    subject: Metric
    wanted: bool

    def metrics(self) -> list[Metric]:
        """What it names."""
        return [self.subject]


@dataclass(frozen=True)
class Group:
    """Several parts of a condition that count as one.

    Attributes
    ----------
    text: As it was written.
    word: ``OR`` when one of them must hold, ``AND`` when all must.
    """

    text: str
    word: Literal["AND", "OR"]
    parts: tuple["Requirement", ...]

    def metrics(self) -> list[Metric]:
        """What they name, each once, in the order of reading."""
        return list(dict.fromkeys(metric for part in self.parts for metric in part.metrics()))


Requirement = Comparison | TextComparison | Presence | Group


def metrics_in(expression: Expression) -> Iterator[Metric]:
    """The metrics a value is made of."""
    if isinstance(expression, Metric):
        yield expression
    elif isinstance(expression, Negative):
        yield from metrics_in(expression.value)
    elif isinstance(expression, Calculation):
        yield from metrics_in(expression.left)
        yield from metrics_in(expression.right)


def text_comparisons(requirements: Iterable[Requirement]) -> Iterator[TextComparison]:
    """The comparisons of params and tags in parts of a condition, however deep."""
    for requirement in requirements:
        if isinstance(requirement, TextComparison):
            yield requirement
        elif isinstance(requirement, Group):
            yield from text_comparisons(requirement.parts)


class NoValue(Exception):  # noqa: N818  (an outcome that is caught and reported, not a failure)
    """A calculation has no result; says why."""


def value_of(expression: Expression, figures: Mapping[Metric, float]) -> float:
    """The value of an expression.

    Raises
    ------
    NoValue: It divides by zero, or the result is not a number.
    """
    if isinstance(expression, Number):
        return expression.value
    if isinstance(expression, Metric):
        return figures[expression]
    if isinstance(expression, Negative):
        return -value_of(expression.value, figures)
    left, right = value_of(expression.left, figures), value_of(expression.right, figures)
    if expression.operator == "/" and right == 0:
        raise NoValue("it divides by zero")
    result = _CALCULATE[expression.operator](left, right)
    if result != result:
        raise NoValue(f"{left!r} {expression.operator} {right!r} is not a number")
    return result


def holds(left: float, comparator: str, right: float) -> bool:
    """Whether the comparison holds between these two."""
    return _COMPARE[comparator](left, right)
