"""``mlflow.tracking.metric_value_conversion_utils``: what counts as a number."""

from typing import Any

from runyard.tracking.metrics.client import as_number


def convert_metric_value_to_float_if_possible(x: Any) -> float:
    """The value of a metric, an array or a tensor of one element as a number.

    Raises
    ------
    InvalidParameter: It is none.
    """
    return as_number("value", x)
