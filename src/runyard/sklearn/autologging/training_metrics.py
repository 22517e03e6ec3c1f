"""Metrics of an estimator on its training data."""

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin, is_classifier, is_regressor
from sklearn.utils.multiclass import type_of_target

from runyard.autologging.reports import attempt, warn_once
from runyard.sklearn.autologging.arguments import TrainingData
from sklearn import metrics

PREFIX = "training_"
MULTILABEL = "multilabel-indicator"


@dataclass(frozen=True)
class Answers:
    """The predictions of an estimator for its training data, each computed once when needed."""

    estimator: Any
    data: TrainingData

    @cached_property
    def predicted(self) -> Any:
        """The predictions."""
        return self.estimator.predict(self.data.features)

    @cached_property
    def probabilities(self) -> Any:
        """The probability of each class for each row; None if the estimator has none."""
        if not hasattr(self.estimator, "predict_proba"):
            return None
        return self.estimator.predict_proba(self.data.features)

    @cached_property
    def outputs(self) -> int:
        """Number of labels or values of each row."""
        shape = np.shape(self.data.targets)
        return shape[1] if len(shape) == 2 else 1

    @property
    def is_binary(self) -> bool:
        """Whether there is one label, of two classes."""
        return self.outputs == 1 and len(getattr(self.estimator, "classes_", ())) == 2

    @cached_property
    def decisions(self) -> Any:
        """For each row a number that is higher the likelier the second of two classes is; None if there is none."""
        if self.probabilities is not None:
            return self.probabilities[:, 1]
        if hasattr(self.estimator, "decision_function"):
            return self.estimator.decision_function(self.data.features)
        return None


def training_metrics(answers: Answers, pos_label: Any = None) -> dict[str, float]:
    """The metrics of a classifier or regressor on its training data; none for other kinds, or without labels.

    Parameters
    ----------
    answers: The trained estimator's.
    pos_label: The class whose precision, recall and F1 are meant; when left out, the weighted mean of all classes'.
    """
    estimator = answers.estimator
    if answers.data.targets is None or not hasattr(estimator, "predict"):
        return {}
    if is_classifier(estimator):
        asked = _of_classifier(answers, pos_label)
    elif is_regressor(estimator):
        asked = _of_regressor(answers)
    else:
        return {}
    measured: dict[str, float] = {}
    for name, measure in asked:
        with attempt("sklearn", f"the metric {PREFIX}{name}"):
            measured[PREFIX + name] = float(measure())
    if answers.outputs > 1 and is_classifier(estimator):
        warn_once("sklearn", "Of a classifier of several labels, metrics and plots made for one label are left out.")
        if not measured and _scores_as(estimator, ClassifierMixin):
            return {}
    with attempt("sklearn", f"the metric {PREFIX}score"):
        measured[f"{PREFIX}score"] = _score(answers, measured)
    return measured


Asked = Iterator[tuple[str, Callable[[], float]]]


def _of_classifier(answers: Answers, pos_label: Any) -> Asked:
    true, weight = answers.data.targets, answers.data.sample_weight
    true = true.toarray() if hasattr(true, "toarray") else true
    if answers.outputs > 1 and type_of_target(true) != MULTILABEL:
        return  # sklearn measures several labels at once only if each is one of two
    which = (
        {"average": "weighted"}
        if pos_label is None or answers.outputs > 1
        else {"average": "binary", "pos_label": pos_label}
    )
    of_classes = {**which, "sample_weight": weight, "zero_division": 0}
    yield "precision_score", lambda: metrics.precision_score(true, answers.predicted, **of_classes)
    yield "recall_score", lambda: metrics.recall_score(true, answers.predicted, **of_classes)
    yield "f1_score", lambda: metrics.f1_score(true, answers.predicted, **of_classes)
    yield "accuracy_score", lambda: metrics.accuracy_score(true, answers.predicted, sample_weight=weight)
    if answers.probabilities is None or isinstance(answers.probabilities, list):  # one array for each label
        return
    yield "log_loss", lambda: metrics.log_loss(true, answers.probabilities, sample_weight=weight)
    if answers.is_binary:
        yield (
            "roc_auc",
            lambda: metrics.roc_auc_score(true, answers.decisions, average="weighted", sample_weight=weight),
        )
    elif weight is None:  # pairs of classes cannot be weighted
        yield (
            "roc_auc",
            lambda: metrics.roc_auc_score(true, answers.probabilities, average="weighted", multi_class="ovo"),
        )


def _of_regressor(answers: Answers) -> Asked:
    for name in ("mean_squared_error", "mean_absolute_error", "r2_score", "root_mean_squared_error"):
        yield name, functools.partial(_measured, getattr(metrics, name), answers)


def _measured(measure: Callable[..., float], answers: Answers) -> float:
    return measure(answers.data.targets, answers.predicted, sample_weight=answers.data.sample_weight)


def _score(answers: Answers, measured: dict[str, float]) -> float:
    """What ``score`` says; where that is what has been measured already, the data is not gone through again."""
    estimator, data = answers.estimator, answers.data
    for usual, name in ((ClassifierMixin, "accuracy_score"), (RegressorMixin, "r2_score")):
        if _scores_as(estimator, usual) and PREFIX + name in measured:
            return measured[PREFIX + name]
    own = inspect.unwrap(type(estimator).score)
    if data.sample_weight is not None and "sample_weight" in inspect.signature(own).parameters:
        return float(estimator.score(data.features, data.targets, sample_weight=data.sample_weight))
    return float(estimator.score(data.features, data.targets))


def _scores_as(estimator: Any, usual: Any) -> bool:
    return inspect.unwrap(type(estimator).score) is inspect.unwrap(usual.score)
