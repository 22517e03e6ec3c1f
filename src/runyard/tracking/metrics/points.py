"""One logged point of a metric, and the rules it must keep."""

from collections.abc import Sequence
from typing import Any

from runyard.core.limits import MAX_DATASET_NAME, check_key, check_text
from runyard.exceptions import InvalidParameter
from runyard.protocol.message import Part

Measured = tuple[str | None, str | None, str | None]
"""What a value was measured on: a logged model's id, a dataset's name and its digest."""


class MetricPoint(Part):
    """A metric's value at a time and step.

    Attributes
    ----------
    value: Any double; NaN and the infinities are kept.
    timestamp: Milliseconds since the epoch, not negative.
    step: Any 64-bit integer.
    """

    key: str
    value: float
    timestamp: int
    step: int = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


def check_points(points: Sequence[MetricPoint]) -> None:
    """Refuse points that break a rule; texts such as ``"NaN"`` become the doubles they spell.

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
        if type(point.value) is not float:  # "NaN" and the like from the codec's fast path, integers from Python
            point.value = _double(point.value, f"metrics[{index}].value")
        if point.dataset_name or point.dataset_digest or point.model_id:
            for name in ("dataset_name", "dataset_digest", "model_id"):
                check_text(f"metrics[{index}].{name}", getattr(point, name) or "", MAX_DATASET_NAME)


def _double(value: Any, path: str) -> float:
    if isinstance(value, str):
        return spelled_double(value, path)
    try:
        return float(value)
    except (TypeError, OverflowError):
        raise InvalidParameter(f"Invalid value {value!r:.40} for parameter '{path}': a number is needed.") from None


def spelled_double(text: str, path: str) -> float:
    """The double a text spells: ``"2.5"``, ``"NaN"``, ``"-Infinity"``."""
    try:
        if text.isascii() and "_" not in text:
            return float(text)
    except ValueError:
        pass
    raise InvalidParameter(
        f'Invalid value for parameter \'{path}\': a number is needed, or one of "NaN", "Infinity", "-Infinity".'
    )
