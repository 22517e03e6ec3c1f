"""Works out what the sides of a comparison come to."""

import operator
from collections.abc import Callable, Mapping

from runyard.registry.promotion.nodes import Expression, Metric, Negative, Number

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


class NoValue(Exception):  # noqa: N818  (an outcome that is caught and told, not a failure)
    """A calculation has no result; says why."""


def value_of(expression: Expression, figures: Mapping[Metric, float]) -> float:
    """What an expression comes to.

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
    """Does the comparison hold between these two?"""
    return _COMPARE[comparator](left, right)
