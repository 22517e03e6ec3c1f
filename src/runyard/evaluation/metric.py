"""Metrics, and how one is made from a function."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from runyard.exceptions import InvalidParameter

LATENCY = "latency"
"""The metric of time, for which a model is asked row by row."""


def plain(number: Any) -> Any:
    """A number of numpy's as one of Python's; anything else as it is."""
    return number.item() if isinstance(number, np.generic) else number


@dataclass
class MetricValue:
    """The value of a metric.

    Parameters
    ----------
    scores: One for each row, if it has any.
    justifications: Why each row got its score.
    aggregate_results: Summaries by name. When left out, those of numeric scores are computed: their mean, variance and
        90th percentile.
    """

    scores: Sequence[float] | Sequence[str] | None = None
    justifications: Sequence[str] | None = None
    aggregate_results: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        if self.aggregate_results is None and self.scores is not None and _are_numbers(self.scores):
            self.aggregate_results = standard_aggregations(self.scores)


def standard_aggregations(scores: Sequence[Any]) -> dict[str, float]:
    """The mean, variance and 90th percentile of scores that are numbers."""
    numbers = np.asarray(scores, dtype=float)
    return {
        "mean": float(numbers.mean()),
        "variance": float(numbers.var()),
        "p90": float(np.percentile(numbers, 90)),
    }


def _are_numbers(scores: Sequence[Any]) -> bool:
    return len(scores) > 0 and all(isinstance(score, (int, float, np.number)) for score in scores)


class EvaluationMetric:
    """A metric of one's own, for ``extra_metrics``; `make_metric` makes them.

    Parameters
    ----------
    eval_fn: Computes it, see `make_metric`.
    name: Its name.
    greater_is_better: Whether higher values are better.
    long_name: For people.
    version: Of its definition; it becomes part of the metric's key.
    metric_details: How it is computed, in words.
    metric_metadata: More about it.
    genai_metric_args: Kept for programs that pass it.
    """

    def __init__(
        self,
        eval_fn: Callable[..., Any],
        name: str,
        greater_is_better: bool,
        long_name: str | None = None,
        version: str | None = None,
        metric_details: str | None = None,
        metric_metadata: dict[str, Any] | None = None,
        genai_metric_args: dict[str, Any] | None = None,
    ) -> None:
        self.eval_fn, self.name, self.greater_is_better = eval_fn, name, greater_is_better
        self.long_name, self.version = long_name or name, version
        self.metric_details, self.metric_metadata = metric_details, metric_metadata
        self.genai_metric_args = genai_metric_args

    @property
    def key(self) -> str:
        """What its values are logged below: the name, and the version if it has one."""
        return f"{self.name}/{self.version}" if self.version else self.name

    def arguments(self) -> dict[str, inspect.Parameter]:
        """The arguments its function asks for, by name."""
        return dict(inspect.signature(self.eval_fn).parameters)

    def __call__(self, **arguments: Any) -> Any:
        """What its function gives for these arguments, by name: ``metric(predictions=…, targets=…)``."""
        return self.eval_fn(**arguments)

    def __str__(self) -> str:
        fields = [f"name={self.name}", f"greater_is_better={self.greater_is_better}", f"long_name={self.long_name}"]
        fields += [f"version={self.version}"] if self.version else []
        fields += [f"metric_details={self.metric_details}"] if self.metric_details else []
        return f"EvaluationMetric({', '.join(fields)})"


def make_metric(
    *,
    eval_fn: Callable[..., Any],
    greater_is_better: bool,
    name: str | None = None,
    long_name: str | None = None,
    version: str | None = None,
    metric_details: str | None = None,
    metric_metadata: dict[str, Any] | None = None,
    genai_metric_args: dict[str, Any] | None = None,
) -> EvaluationMetric:
    """A metric from a function.

    Parameters
    ----------
    eval_fn: Gives a number or a `MetricValue`. It is asked with the arguments that its signature names:
        ``predictions`` and ``targets`` (pandas Series of one value for each row), ``metrics`` (the built-in metrics and
        the extra ones computed before it, a dictionary from names to `MetricValue`), columns of the data, other extra
        metrics (`MetricValue`), and whatever ``col_mapping`` of the evaluator's configuration has. A function of two
        arguments, neither of them ``predictions`` or ``targets``, is given a DataFrame with the columns ``prediction``
        and ``target``, and the same metrics as a dictionary of numbers.
    greater_is_better: Whether higher values are better.
    name: Its name; that of the function when left out.
    long_name: For people.
    version: Of its definition; it becomes part of the metric's key.
    metric_details: How it is computed, in words.
    metric_metadata: More about it.
    genai_metric_args: Kept for programs that pass it.

    Raises
    ------
    InvalidParameter: A lambda without a name, or a name that cannot be a metric's.
    """
    if name is None:
        name = getattr(eval_fn, "__name__", None)
        if name is None or name == "<lambda>":
            raise InvalidParameter("A metric made of a lambda has no name of its own: pass make_metric(name=...).")
    if "/" in name:
        raise InvalidParameter(f"Invalid metric name {name!r}: slashes separate a metric's name from its summaries.")
    return EvaluationMetric(
        eval_fn, name, greater_is_better, long_name, version, metric_details, metric_metadata, genai_metric_args
    )
