"""Does a model do well enough?"""

from typing import Any

import pytest

from runyard.evaluation.thresholds import MetricThresholdClassException, ModelValidationFailedException
from runyard.exceptions import InvalidParameter
from runyard.models import EvaluationResult, MetricThreshold, validate_evaluation_results


def _check(asked: dict[str, Any], candidate: dict[str, float], baseline: dict[str, float] | None = None) -> None:
    validate_evaluation_results(
        {"score": MetricThreshold(**asked)},
        EvaluationResult(candidate, {}),
        None if baseline is None else EvaluationResult(baseline, {}),
    )


@pytest.mark.parametrize(
    ("asked", "value", "base"),
    [
        ({"threshold": 0.8, "greater_is_better": True}, 0.8, None),
        ({"threshold": 0.8, "greater_is_better": False}, 0.8, None),
        ({"min_absolute_change": 0.1, "greater_is_better": True}, 0.6, 0.5),
        ({"min_absolute_change": 0.1, "greater_is_better": False}, 0.4, 0.5),
        ({"min_relative_change": 0.1, "greater_is_better": True}, 0.9, 0.0),
        ({"min_relative_change": 0.1, "greater_is_better": True}, -0.5, -1.0),
        ({"min_relative_change": 1.0, "greater_is_better": True}, 2.0, 1.0),
    ],
)
def test_a_model_that_does_well_enough_passes(asked: dict[str, Any], value: float, base: float | None) -> None:
    """The boundary itself is enough, and a baseline of 0 or below is one too."""
    _check(asked, {"score": value}, None if base is None else {"score": base})


@pytest.mark.parametrize(
    ("asked", "value", "base", "says"),
    [
        ({"threshold": 0.8, "greater_is_better": True}, 0.7, None, "score is 0.7, and has to be at least 0.8."),
        ({"threshold": 0.8, "greater_is_better": False}, 0.9, None, "score is 0.9, and has to be at most 0.8."),
        ({"threshold": 0.8, "greater_is_better": True}, float("nan"), None, "at least 0.8"),
        ({"min_absolute_change": 0.1, "greater_is_better": True}, 0.55, 0.5, "0.1 above the baseline's 0.5"),
        ({"min_relative_change": 0.2, "greater_is_better": False}, 0.45, 0.5, "20% below the baseline's 0.5"),
        ({"min_relative_change": 0.1, "greater_is_better": True}, 0.0, 0.0, "10% above the baseline's 0.0"),
        ({"min_absolute_change": 0.1, "greater_is_better": True}, 0.9, None, "whose evaluation has no such metric"),
    ],
)
def test_a_model_that_falls_short_is_refused(
    asked: dict[str, Any], value: float, base: float | None, says: str
) -> None:
    """The message names the metric, its value and what was asked."""
    with pytest.raises(ModelValidationFailedException) as refused:
        _check(asked, {"score": value}, None if base is None else {"score": base})
    assert says in refused.value.message


def test_everything_that_falls_short_is_named_at_once() -> None:
    """Nobody has to run the check again to hear about the next metric."""
    asked = {name: MetricThreshold(threshold=1, greater_is_better=True) for name in ("first", "second", "third")}
    with pytest.raises(ModelValidationFailedException) as refused:
        validate_evaluation_results(asked, EvaluationResult({"first": 0, "second": 2}, {}))
    assert "first is 0.0" in refused.value.message
    assert "no metric 'third'" in refused.value.message
    assert "second is" not in refused.value.message


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "greater_is_better"),
        ({"threshold": 1}, "greater_is_better"),
        ({"greater_is_better": True}, "nothing is asked"),
        ({"threshold": "a", "greater_is_better": True}, "threshold must be a number, not 'a'"),
        ({"min_absolute_change": 0, "greater_is_better": True}, "min_absolute_change must be above 0, not 0"),
        ({"min_relative_change": 1.5, "greater_is_better": True}, "at most 1, not 1.5"),
        ({"min_relative_change": True, "greater_is_better": True}, "at most 1, not True"),
    ],
)
def test_thresholds_that_ask_nothing_or_nonsense_are_refused(arguments: dict[str, Any], says: str) -> None:
    """The message names the argument and its value."""
    with pytest.raises(MetricThresholdClassException) as refused:
        MetricThreshold(**arguments)
    assert says in refused.value.message


def test_thresholds_that_are_none_are_refused() -> None:
    """A number is not a threshold: better or worse has to be said."""
    wrong: Any = {"score": 0.8}
    with pytest.raises(InvalidParameter, match="MetricThreshold"):
        validate_evaluation_results(wrong, EvaluationResult({"score": 1}, {}))
