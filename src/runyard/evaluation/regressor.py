"""Metrics of a regressor."""

from typing import Any

import numpy as np

from runyard.evaluation.metric import plain
from sklearn import metrics


def regressor_metrics(targets: Any, predictions: Any, sample_weight: Any = None) -> dict[str, float]:
    """The errors of predictions, as scikit-learn computes them.

    Parameters
    ----------
    targets: The true values, shape (rows,).
    predictions: Shape (rows,).
    sample_weight: Weight of each row, shape (rows,).
    """
    true, weight = np.asarray(targets), {"sample_weight": sample_weight}
    counted = true if sample_weight is None else true * np.asarray(sample_weight)
    squared = metrics.mean_squared_error(true, predictions, **weight)
    found = {
        "example_count": len(true),
        "mean_absolute_error": metrics.mean_absolute_error(true, predictions, **weight),
        "mean_squared_error": squared,
        "root_mean_squared_error": float(np.sqrt(squared)),
        "sum_on_target": counted.sum(),
        "mean_on_target": counted.sum() / len(true),
        "r2_score": metrics.r2_score(true, predictions, **weight),
        "max_error": metrics.max_error(true, predictions),
        "mean_absolute_percentage_error": metrics.mean_absolute_percentage_error(true, predictions, **weight),
    }
    return {name: plain(value) for name, value in found.items()}
