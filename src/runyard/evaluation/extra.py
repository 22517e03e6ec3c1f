"""Computes the caller's extra metrics."""

import inspect
import logging
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from runyard.evaluation.metric import EvaluationMetric, MetricValue, plain
from runyard.exceptions import InvalidParameter, RunyardException

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Material:
    """The values that metrics may use.

    Parameters
    ----------
    predictions: One for each row; None if there are none.
    targets: The true value of each row; None if unknown.
    builtin: The built-in metrics, numbers by name.
    columns: The data's columns, and those of the model's answer that are not the prediction.
    mapping: Names that metrics use, with the column that is meant or the value itself.
    """

    predictions: "pd.Series[Any] | None"
    targets: "pd.Series[Any] | None"
    builtin: Mapping[str, Any]
    columns: pd.DataFrame
    mapping: Mapping[str, Any] = field(default_factory=dict)

    def frame(self) -> pd.DataFrame:
        """Predictions and targets as functions of two arguments get them."""
        both = {"prediction": self.predictions, "target": self.targets}
        return pd.DataFrame({name: values for name, values in both.items() if values is not None})

    def find(self, name: str) -> Any:
        """What a metric means by a name.

        Raises
        ------
        KeyError: There is nothing of this name.
        """
        meant = self.mapping.get(name, name)
        if not isinstance(meant, str):
            return meant
        if meant in self.columns.columns:
            return self.columns[meant]
        if meant == "predictions" and self.predictions is not None:
            return self.predictions
        if meant == "targets" and self.targets is not None:
            return self.targets
        raise KeyError(name)


def compute(metrics: Sequence[Any], material: Material) -> dict[str, MetricValue]:
    """What the metrics give, by their keys. Those that others ask for are computed before them.

    Raises
    ------
    InvalidParameter: Metrics ask for what there is not, or for each other.
    RunyardException: The function of one raised an error.
    """
    if wrong := [each for each in metrics if not isinstance(each, EvaluationMetric)]:
        raise InvalidParameter(
            f"extra_metrics has {wrong[0]!r} of type {type(wrong[0]).__name__}; make metrics with make_metric."
        )
    found: dict[str, MetricValue] = {}
    by_name: dict[str, MetricValue] = {}
    waiting: list[EvaluationMetric] = list(metrics)
    while waiting:
        needs = {metric: _missing(metric, material, by_name) for metric in waiting}
        ready = [metric for metric in waiting if not needs[metric]]
        if not ready:
            raise InvalidParameter(_explained(needs, material))
        for metric in ready:
            waiting.remove(metric)
            value = _value(metric, material, by_name, found)
            if value is not None:
                found[metric.key] = by_name[metric.name] = value
            else:
                by_name[metric.name] = MetricValue()
    return found


def numbers_of(found: Mapping[str, MetricValue], prefix: str = "") -> dict[str, Any]:
    """The numbers to log: summaries below the metric's key, or the key alone for a metric of one number.

    Parameters
    ----------
    prefix: What the metric's key begins with, and the summary's name too, as in MLflow.
    """
    result: dict[str, Any] = {}
    for key, value in found.items():
        own = key.partition("/")[0]
        for summary, number in (value.aggregate_results or {}).items():
            result[f"{prefix}{key}" if summary == own else f"{prefix}{key}/{prefix}{summary}"] = plain(number)
    return result


def row_scores(found: Mapping[str, MetricValue], rows: int, prefix: str) -> dict[str, Sequence[Any]]:
    """The columns of the table with each row's scores.

    Parameters
    ----------
    prefix: What the columns' names begin with.

    Raises
    ------
    InvalidParameter: A metric gave another number of scores than there are rows.
    """
    result: dict[str, Sequence[Any]] = {}
    for key, value in found.items():
        for column, values in (("score", value.scores), ("justification", value.justifications)):
            if values is None:
                continue
            if len(values) != rows:
                raise InvalidParameter(f"The metric {key!r} gave {len(values)} scores for {rows} rows.")
            result[f"{prefix}{key}/{column}"] = values
    return result


def _takes_frame(metric: EvaluationMetric) -> bool:
    arguments = metric.arguments()
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    named = {"predictions", "targets"} & set(arguments)
    return len(arguments) == 2 and not named and all(each.kind in by_place for each in arguments.values())


def _missing(metric: EvaluationMetric, material: Material, computed: Mapping[str, MetricValue]) -> list[str]:
    if _takes_frame(metric):
        return []
    missing = []
    for name, argument in metric.arguments().items():
        if name in computed or argument.default is not inspect.Parameter.empty or _is_rest(argument):
            continue
        if _means_metrics(name, material):
            continue
        try:
            material.find(name)
        except KeyError:
            missing.append(name)
    return missing


def _means_metrics(name: str, material: Material) -> bool:
    """Whether a metric uses all metrics computed so far. A column of that name comes first."""
    return material.mapping.get(name, name) == "metrics" and "metrics" not in material.columns.columns


def _is_rest(argument: inspect.Parameter) -> bool:
    return argument.kind in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


def _value(
    metric: EvaluationMetric,
    material: Material,
    computed: Mapping[str, MetricValue],
    found: Mapping[str, MetricValue],
) -> MetricValue | None:
    try:
        if _takes_frame(metric):
            given = metric.eval_fn(material.frame(), {**material.builtin, **numbers_of(found)})
        else:
            given = metric.eval_fn(**_arguments(metric, material, computed, found))
    except InvalidParameter:  # one of our own metrics, which says what is wrong
        raise
    except Exception as problem:
        raise RunyardException(f"The metric {metric.name!r} failed: {type(problem).__name__}: {problem}") from problem
    if isinstance(given, MetricValue):
        return given
    if isinstance(given, np.ndarray) and given.ndim == 0:
        given = given.item()
    if isinstance(given, numbers.Real):
        return MetricValue(aggregate_results={metric.name: plain(given)})
    log.warning(
        "The metric %r gave a %s, which is neither a number nor a MetricValue. It is left out.",
        metric.name,
        type(given).__name__,
    )
    return None


def _arguments(
    metric: EvaluationMetric,
    material: Material,
    computed: Mapping[str, MetricValue],
    found: Mapping[str, MetricValue],
) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    for name, argument in metric.arguments().items():
        if _is_rest(argument):
            continue
        if name in computed and name not in material.mapping:
            arguments[name] = computed[name]
            continue
        if _means_metrics(name, material):
            builtin = {key: MetricValue(aggregate_results={key: number}) for key, number in material.builtin.items()}
            arguments[name] = {**builtin, **found}
            continue
        try:
            arguments[name] = material.find(name)
        except KeyError:
            arguments[name] = argument.default
    return arguments


def _explained(needs: Mapping[EvaluationMetric, list[str]], material: Material) -> str:
    asked = "; ".join(f"{metric.name!r} asks for {', '.join(map(repr, names))}" for metric, names in needs.items())
    known = [*material.columns.columns, "predictions", "targets", "metrics"]
    return (
        f"Metrics ask for what there is not: {asked}. There are the columns {known}. Name a column for what is "
        "missing with evaluator_config={'col_mapping': {name: column}}, and check that metrics do not need each other."
    )
