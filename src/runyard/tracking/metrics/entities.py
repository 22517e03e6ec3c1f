"""Metric points, on the wire and in Python."""

import dataclasses
from typing import Any

from runyard.core.entity import ValueEntity, entity


@dataclasses.dataclass(slots=True, eq=False, repr=False)
class Point:
    """A metric's value at a time and step.

    Attributes
    ----------
    value: Any double; NaN and the infinities are kept.
    timestamp: Milliseconds since the epoch, not negative.
    step: Any 64-bit integer.
    model_id: The logged model that was measured.
    dataset_name, dataset_digest: The dataset it was measured on.
    """

    key: str
    value: float
    timestamp: int
    step: int = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


@entity
class Metric(Point, ValueEntity):
    """One point of a metric, of the run `run_id` where that is known."""

    run_id: str | None = None

    def to_dictionary(self) -> dict[str, Any]:
        """The attributes as a dictionary."""
        return {name: getattr(self, name) for name in self._fields}

    def __hash__(self) -> int:
        return hash(self._values())
