"""Parsed filters and order_by keys."""

from dataclasses import dataclass

Value = str | int | float | tuple[str, ...] | tuple[int, ...] | None


@dataclass(frozen=True)
class Comparison:
    """One condition.

    Attributes
    ----------
    kind: What is compared: ``attribute``, ``metric``, ``param``, ``tag`` or ``dataset``.
    key: Its key; for attributes the canonical name.
    operator: In upper case: ``=``, ``!=``, ``>``, ``LIKE``, ``NOT IN``, ``IS NULL`` …
    value: What it is compared with; None for IS NULL and IS NOT NULL.
    """

    kind: str
    key: str
    operator: str
    value: Value


@dataclass(frozen=True)
class OrderTerm:
    """One key to order by."""

    kind: str
    key: str
    ascending: bool
