"""How well an estimator does on the data it was trained on."""

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sklearn.base import ClassifierMixin, RegressorMixin, is_classifier, is_regressor

from runyard.autologging.reporting import attempt
from runyard.sklearn.autologging.arguments import TrainingData
from sklearn import metrics

PREFIX = "training_"


@dataclass(frozen=True)
class Answers:
    """What a trained estimator says about its own training data; each question is asked once, when it is needed."""

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

    @property
    def is_binary(self) -> bool:
        """Are there two classes?"""
        return len(getattr(self.estimator, "classes_", ())) == 2

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
    with attempt("sklearn", f"the metric {PREFIX}score"):
        measured[f"{PREFIX}score"] = _score(answers, measured)
    return measured


Asked = Iterator[tuple[str, Callable[[], float]]]


def _of_classifier(answers: Answers, pos_label: Any) -> Asked:
    true, weight = answers.data.targets, answers.data.sample_weight
    which = {"average": "weighted"} if pos_label is None else {"average": "binary", "pos_label": pos_label}
    of_classes = {**which, "sample_weight": weight, "zero_division": 0}
    yield "precision_score", lambda: metrics.precision_score(true, answers.predicted, **of_classes)
    yield "recall_score", lambda: metrics.recall_score(true, answers.predicted, **of_classes)
    yield "f1_score", lambda: metrics.f1_score(true, answers.predicted, **of_classes)
    yield "accuracy_score", lambda: metrics.accuracy_score(true, answers.predicted, sample_weight=weight)
    if answers.probabilities is None:
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
    own = inspect.unwrap(type(estimator).score)
    for usual, name in ((ClassifierMixin, "accuracy_score"), (RegressorMixin, "r2_score")):
        if own is inspect.unwrap(usual.score) and PREFIX + name in measured:
            return measured[PREFIX + name]
    if data.sample_weight is not None and "sample_weight" in inspect.signature(own).parameters:
        return float(estimator.score(data.features, data.targets, sample_weight=data.sample_weight))
    return float(estimator.score(data.features, data.targets))
