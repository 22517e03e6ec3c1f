"""Metrics that are ready to be asked for as ``extra_metrics``: those of regressors, classifiers and retrievers.

Each can be called too: ``mae()(predictions=…, targets=…)`` and ``mae().eval_fn(predictions, targets, {})``.
"""

from collections.abc import Callable
from typing import Any

from runyard._lazy import on_first_use
from runyard.core.libraries import lazy
from runyard.evaluation import metric as base  # MLflow has its values there
from runyard.evaluation.metric import LATENCY, EvaluationMetric, MetricValue, make_metric, plain
from runyard.evaluation.retrieval import ndcg_at_k, precision_at_k, recall_at_k

_sklearn_metrics = lazy("sklearn.metrics")

__all__ = [
    "EvaluationMetric",
    "MetricValue",
    "base",
    "exact_match",
    "f1_score",
    "latency",
    "mae",
    "make_metric",
    "mape",
    "max_error",
    "mse",
    "ndcg_at_k",
    "precision_at_k",
    "precision_score",
    "r2_score",
    "recall_at_k",
    "recall_score",
    "rmse",
]

__path__: list[str] = []
"""This module has no submodules; with a path, an import of one of MLflow's names raises an error with the reason."""


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
    """Coefficient of determination (R²): the share of variance explained."""
    return _of_sklearn("r2_score", greater_is_better=True)


def max_error() -> EvaluationMetric:
    """The largest absolute error."""

    def computed(predictions: Any, targets: Any = None, metrics: Any = None) -> MetricValue | None:
        return _computed("max_error", targets, predictions)

    return make_metric(eval_fn=computed, greater_is_better=False, name="max_error")


def mape() -> EvaluationMetric:
    """Mean absolute error as a share of the true value."""
    return _of_sklearn("mean_absolute_percentage_error", greater_is_better=False)


def precision_score() -> EvaluationMetric:
    """Share of the predicted positives that are positive; two classes."""
    return _of_classes("precision_score")


def recall_score() -> EvaluationMetric:
    """Share of the positives that are found; two classes."""
    return _of_classes("recall_score")


def f1_score() -> EvaluationMetric:
    """Harmonic mean of precision and recall; two classes."""
    return _of_classes("f1_score")


def exact_match() -> EvaluationMetric:
    """Share of the predictions that equal their target."""

    def computed(
        predictions: Any, targets: Any = None, metrics: Any = None, sample_weight: Any = None
    ) -> MetricValue | None:
        return _computed("accuracy_score", targets, predictions, "exact_match", sample_weight=sample_weight)

    return make_metric(eval_fn=computed, greater_is_better=True, name="exact_match", version="v1")


def latency() -> EvaluationMetric:
    """Seconds per row. To measure them, the model predicts row by row."""

    def seconds(latency: Any) -> MetricValue:
        return MetricValue(scores=list(latency))

    return make_metric(eval_fn=seconds, greater_is_better=False, name=LATENCY)


def _of_sklearn(name: str, greater_is_better: bool) -> EvaluationMetric:
    def computed(
        predictions: Any, targets: Any = None, metrics: Any = None, sample_weight: Any = None
    ) -> MetricValue | None:
        return _computed(name, targets, predictions, sample_weight=sample_weight)

    return make_metric(eval_fn=computed, greater_is_better=greater_is_better, name=name)


def _of_classes(name: str) -> EvaluationMetric:
    def computed(
        predictions: Any,
        targets: Any = None,
        metrics: Any = None,
        pos_label: Any = 1,
        average: str | None = "binary",
        sample_weight: Any = None,
    ) -> MetricValue | None:
        settings = {"pos_label": pos_label, "average": average, "sample_weight": sample_weight}
        return _computed(name, targets, predictions, **settings)

    return make_metric(eval_fn=computed, greater_is_better=True, name=name)


def _computed(
    function: str, targets: Any, predictions: Any, name: str | None = None, **settings: Any
) -> MetricValue | None:
    """The value of a function of `sklearn.metrics`; None without targets, as in MLflow."""
    if targets is None or len(targets) == 0:
        return None
    compute: Callable[..., Any] = getattr(_sklearn_metrics, function)
    return MetricValue(aggregate_results={name or function: plain(compute(targets, predictions, **settings))})


__getattr__, _ = on_first_use(__name__, {})  # says why metrics are missing
