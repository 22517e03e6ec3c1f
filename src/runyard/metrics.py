"""Metrics that are ready to be asked for as ``extra_metrics``: those of regressors and classifiers, and a few more."""

from collections.abc import Callable
from typing import Any

from runyard.evaluation.metric import LATENCY, EvaluationMetric, MetricValue, make_metric

__all__ = [
    "EvaluationMetric",
    "MetricValue",
    "exact_match",
    "f1_score",
    "latency",
    "mae",
    "make_metric",
    "mape",
    "max_error",
    "mse",
    "precision_score",
    "r2_score",
    "recall_score",
    "rmse",
]


def mae() -> EvaluationMetric:
    """Mean absolute error."""
    return _of_sklearn("mean_absolute_error", greater_is_better=False)


def mse() -> EvaluationMetric:
    """Mean squared error."""
    return _of_sklearn("mean_squared_error", greater_is_better=False)


def rmse() -> EvaluationMetric:
    """Root of the mean squared error."""
    return _of_sklearn("root_mean_squared_error", greater_is_better=False)


def r2_score() -> EvaluationMetric:
    """Share of the variance that is explained."""
    return _of_sklearn("r2_score", greater_is_better=True)


def max_error() -> EvaluationMetric:
    """The largest error."""
    return _of_sklearn("max_error", greater_is_better=False)


def mape() -> EvaluationMetric:
    """Mean absolute error as a share of the true value."""
    return _of_sklearn("mean_absolute_percentage_error", greater_is_better=False)


def precision_score() -> EvaluationMetric:
    """Share of the predicted positives that are positive; two classes."""
    return _of_sklearn("precision_score", greater_is_better=True)


def recall_score() -> EvaluationMetric:
    """Share of the positives that are found; two classes."""
    return _of_sklearn("recall_score", greater_is_better=True)


def f1_score() -> EvaluationMetric:
    """Harmonic mean of precision and recall; two classes."""
    return _of_sklearn("f1_score", greater_is_better=True)


def exact_match() -> EvaluationMetric:
    """Share of the predictions that equal their target."""

    def share_of_equals(predictions: Any, targets: Any) -> MetricValue:
        return MetricValue(aggregate_results={"exact_match": float((predictions == targets).mean())})

    return make_metric(eval_fn=share_of_equals, greater_is_better=True, name="exact_match", version="v1")


def latency() -> EvaluationMetric:
    """Seconds that the model takes for each row. To measure them it is asked row by row."""

    def seconds(latency: Any) -> MetricValue:
        return MetricValue(scores=list(latency))

    return make_metric(eval_fn=seconds, greater_is_better=False, name=LATENCY)


def _of_sklearn(name: str, greater_is_better: bool) -> EvaluationMetric:
    def computed(predictions: Any, targets: Any) -> MetricValue:
        from sklearn import metrics  # noqa: PLC0415  (heavy: only when it is computed)

        compute: Callable[..., float] = getattr(metrics, name)
        return MetricValue(aggregate_results={name: compute(targets, predictions)})

    return make_metric(eval_fn=computed, greater_is_better=greater_is_better, name=name)
