"""The rules that logged points of metrics must keep."""

import numbers
from collections.abc import Sequence
from typing import Any

from runyard.core.limits import MAX_DATASET_NAME, check_key, check_text
from runyard.exceptions import InvalidParameter
from runyard.tracking.metrics.entities import Point

Measured = tuple[str | None, str | None, str | None]
"""What a value was measured on: a logged model's id, a dataset's name and its digest."""


def check_points(points: Sequence[Point]) -> None:
    """Refuse points that break a rule.

    Raises
    ------
    InvalidParameter: Naming the point by its place, ``metrics[3].key``.
    """
    good_keys: set[str] = set()
    for index, point in enumerate(points):
        if point.key not in good_keys:
            check_key(f"metrics[{index}].key", point.key)
            good_keys.add(point.key)
        if point.timestamp < 0:
            raise InvalidParameter(
                f"Invalid value {point.timestamp} for parameter 'metrics[{index}].timestamp': "
                "milliseconds since the epoch, not negative, are needed."
            )
        if type(point.value) is not float:
            _check_number(point.value, f"metrics[{index}].value")
        if point.dataset_name or point.dataset_digest or point.model_id:
            for name in ("dataset_name", "dataset_digest", "model_id"):
                check_text(f"metrics[{index}].{name}", getattr(point, name) or "", MAX_DATASET_NAME)


def _check_number(value: Any, path: str) -> None:
    try:
        if isinstance(value, numbers.Real):
            float(value)
            return
    except OverflowError:
        pass
    raise InvalidParameter(f"Invalid value {value!r:.40} for parameter '{path}': a number is needed.")
