"""Thresholds: whether a model is good enough, by itself and compared with a baseline."""

from collections.abc import Iterator, Mapping
from typing import Any

from runyard.evaluation.result import EvaluationResult
from runyard.exceptions import InvalidParameter, RunyardException

_SMALLEST_BASE = 1e-10
"""Stands for a baseline of 0 when a relative change is asked for."""


class MetricThresholdClassException(InvalidParameter):
    """The arguments of a `MetricThreshold` are wrong."""

    def __init__(self, why: str) -> None:
        super().__init__(f"A MetricThreshold cannot be made like this: {why}.")


class ModelValidationFailedException(RunyardException):
    """A model misses a threshold; the message names the metrics."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "BAD_REQUEST")


class MetricThreshold:
    """A threshold of a metric.

    Parameters
    ----------
    threshold: The value it has to reach, or for metrics of which lower is better, must not exceed.
    min_absolute_change: How much better than the baseline it has to be, in the metric's own unit; above 0.
    min_relative_change: The same as a share of the baseline's value; above 0 and at most 1.
    greater_is_better: Whether higher values are better.

    Raises
    ------
    MetricThresholdClassException: Nothing is asked, or an argument has a wrong type or range.
    """

    def __init__(
        self,
        threshold: float | None = None,
        min_absolute_change: float | None = None,
        min_relative_change: float | None = None,
        greater_is_better: bool | None = None,
    ) -> None:
        if not isinstance(greater_is_better, bool):
            raise MetricThresholdClassException(f"greater_is_better must be True or False, not {greater_is_better!r}")
        if threshold is None and min_absolute_change is None and min_relative_change is None:
            raise MetricThresholdClassException(
                "nothing is asked; give threshold, min_absolute_change or min_relative_change"
            )
        if threshold is not None and not _is_number(threshold):
            raise MetricThresholdClassException(f"threshold must be a number, not {threshold!r}")
        if min_absolute_change is not None and not (_is_number(min_absolute_change) and min_absolute_change > 0):
            raise MetricThresholdClassException(f"min_absolute_change must be above 0, not {min_absolute_change!r}")
        if min_relative_change is not None and not (_is_number(min_relative_change) and 0 < min_relative_change <= 1):
            raise MetricThresholdClassException(
                f"min_relative_change must be above 0 and at most 1, not {min_relative_change!r}"
            )
        self._threshold, self._greater_is_better = threshold, greater_is_better
        self._min_absolute_change, self._min_relative_change = min_absolute_change, min_relative_change

    @property
    def threshold(self) -> float | None:
        """The value to be reached."""
        return self._threshold

    @property
    def min_absolute_change(self) -> float | None:
        """How much better than the baseline, in the metric's own unit."""
        return self._min_absolute_change

    @property
    def min_relative_change(self) -> float | None:
        """How much better than the baseline, as a share of its value."""
        return self._min_relative_change

    @property
    def greater_is_better(self) -> bool:
        """Whether higher values are better."""
        return self._greater_is_better

    @property
    def needs_baseline(self) -> bool:
        """Whether it is about a change."""
        return self._min_absolute_change is not None or self._min_relative_change is not None

    def __str__(self) -> str:
        parts = [
            f"{name}: {value}."
            for name, value in (
                ("Threshold", self._threshold),
                ("Minimum Absolute Change", self._min_absolute_change),
                ("Minimum Relative Change", self._min_relative_change),
            )
            if value is not None
        ]
        return " ".join([*parts, "Greater value is better." if self._greater_is_better else "Lower value is better."])


def validate_evaluation_results(
    validation_thresholds: Mapping[str, MetricThreshold],
    candidate_result: EvaluationResult,
    baseline_result: EvaluationResult | None = None,
) -> None:
    """Check the result of an evaluation against thresholds.

    Parameters
    ----------
    validation_thresholds: Thresholds by metric.
    candidate_result: The result of the evaluated model.
    baseline_result: The result of the baseline model; needed for thresholds of a change.

    Raises
    ------
    InvalidParameter: The thresholds are not a dictionary of `MetricThreshold`.
    ModelValidationFailedException: The model misses thresholds; all their metrics are named.
    """
    if not _are_thresholds(validation_thresholds):
        raise InvalidParameter(
            "validation_thresholds must be a dictionary from metric names to MetricThreshold objects, "
            f"not {validation_thresholds!r}."
        )
    baseline = baseline_result.metrics if baseline_result is not None else {}
    found = [
        " ".join(failures)
        for name, asked in validation_thresholds.items()
        if (failures := list(_failures(name, asked, candidate_result.metrics, baseline)))
    ]
    if found:
        raise ModelValidationFailedException("\n".join(found))


def _failures(
    name: str, asked: MetricThreshold, candidate: Mapping[str, Any], baseline: Mapping[str, Any]
) -> Iterator[str]:
    if name not in candidate:
        yield f"The model's evaluation has no metric {name!r}; it has {sorted(candidate)}."
        return
    value, sign = float(candidate[name]), 1 if asked.greater_is_better else -1
    if asked.threshold is not None and not sign * value >= sign * asked.threshold:
        side = "at least" if asked.greater_is_better else "at most"
        yield f"{name} is {value}, and has to be {side} {asked.threshold}."
    if not asked.needs_baseline:
        return
    if name not in baseline:
        yield f"{name} is to be compared with a baseline, whose evaluation has no such metric."
        return
    base = float(baseline[name])
    better = "above" if asked.greater_is_better else "below"
    change = asked.min_absolute_change
    if change is not None and not sign * value >= sign * (base + sign * change):
        yield f"{name} is {value}, and has to be {change} {better} the baseline's {base}."
    share = asked.min_relative_change
    if share is not None and not sign * (value - base) / abs(base or _SMALLEST_BASE) >= share:
        yield f"{name} is {value}, and has to be {share:.0%} {better} the baseline's {base}."


def _are_thresholds(given: Any) -> bool:
    return isinstance(given, Mapping) and all(
        isinstance(name, str) and isinstance(asked, MetricThreshold) for name, asked in given.items()
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
