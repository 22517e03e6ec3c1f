"""Metrics of a classifier, of two classes or more."""

import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from runyard.evaluation.metric import plain
from runyard.exceptions import InvalidParameter
from sklearn import metrics

log = logging.getLogger(__name__)

WEIGHTED, BINARY = "weighted", "binary"
_NOT_IN_METRICS = re.compile(r"[^\w.\- :]")


@dataclass(frozen=True)
class Classified:
    """A classifier's predictions and the true classes.

    Parameters
    ----------
    targets: The true classes, shape (rows,).
    predictions: The predicted ones, shape (rows,).
    labels: All classes, in the order of the probabilities' columns.
    probabilities: Shape (rows, classes), if they are known.
    positive: For two classes, the one that precision, recall and F1 are about.
    average: How the scores of more than two classes become one number, see scikit-learn; None keeps each class's own.
    sample_weight: Weight of each row, shape (rows,).
    """

    targets: Any
    predictions: Any
    labels: list[Any]
    probabilities: Any = None
    positive: Any = None
    average: str | None = WEIGHTED
    sample_weight: Any = None

    @property
    def is_binary(self) -> bool:
        """Whether there are two classes."""
        return len(self.labels) == 2

    @property
    def names(self) -> list[str]:
        """The classes as text."""
        return [str(label) for label in self.labels]

    @property
    def names_in_metrics(self) -> list[str]:
        """The classes as ends of metric names, which hold few other characters than letters and digits."""
        names = [_NOT_IN_METRICS.sub("_", name)[:100] for name in self.names]
        return names if len(set(names)) == len(names) else [f"{name}_{n}" for n, name in enumerate(names)]

    def against_rest(self, label: Any) -> tuple[Any, Any]:
        """For one class: which rows are of it, and its probability for each row if that is known."""
        chances = None if self.probabilities is None else self.probabilities[:, self.labels.index(label)]
        return np.asarray(self.targets) == label, chances


def classified(
    targets: Any,
    predictions: Any,
    probabilities: Any = None,
    classes: Any = None,
    *,
    label_list: Any = None,
    pos_label: Any = None,
    average: str | None = WEIGHTED,
    sample_weight: Any = None,
) -> Classified:
    """The material of a classifier's metrics, checked.

    Parameters
    ----------
    targets: The true classes, shape (rows,).
    predictions: The predicted ones, shape (rows,).
    probabilities: Shape (rows, classes), if they are known.
    classes: The model's classes in the order of the probabilities.
    label_list: All classes; found in the data when left out.
    pos_label: The positive one of two.
    average: How the scores of more than two classes become one number; None keeps each class's own.
    sample_weight: Weight of each row.

    Raises
    ------
    InvalidParameter: A label is missing or of another kind than the others, there is only one class, the positive one
        is unknown, labels are listed that do not cover the data, or the average is one of two classes and there are
        more.
    """
    true, said = np.asarray(targets), np.asarray(predictions)
    labels = _classes(true, said, probabilities, classes, label_list)
    if probabilities is not None and np.shape(probabilities)[1] != len(labels):
        log.warning("The model gives the probabilities of other classes than %s; they are left out.", labels)
        probabilities = None
    positive = _positive(labels, pos_label, average)
    return Classified(true, said, labels, probabilities, positive, average, sample_weight)


def _classes(true: Any, said: Any, probabilities: Any, classes: Any, label_list: Any) -> list[Any]:
    """All classes: those that are listed, those of the model, or those that the data has."""
    seen = _seen(true, said)
    if label_list is not None:
        labels = sorted(set(_plain(label_list)))
        if unlisted := [label for label in seen if label not in labels]:
            raise InvalidParameter(f"label_list is {labels}, without {unlisted}, which the data has.")
    elif probabilities is not None and classes is not None and np.shape(probabilities)[1] != len(seen):
        labels = _plain(classes)
    else:
        labels = seen
    if len(labels) < 2:
        raise InvalidParameter(
            f"A classifier is evaluated on at least two classes; the data has only {labels}. If there are more, name "
            "them with evaluator_config={'label_list': [...]}."
        )
    return labels


def _seen(true: Any, said: Any) -> list[Any]:
    """The classes that the data has, in their order."""
    for role, values in (("targets", true), ("predictions", said)):
        if pd.isna(values).any():
            raise InvalidParameter(f"The {role} have {int(pd.isna(values).sum())} missing values; remove those rows.")
    if _alike(true, said):
        with suppress(TypeError):  # texts and numbers among the objects of one column
            return _plain(np.unique(np.concatenate([np.unique(true), np.unique(said)])))
    raise InvalidParameter(
        f"Targets such as {_plain(true[:3])} and predictions such as {_plain(said[:3])} are of different kinds. "
        "Make them all numbers, or all text, before evaluating."
    )


def _alike(true: Any, said: Any) -> bool:
    return (true.dtype.kind in "OUS") == (said.dtype.kind in "OUS")


def _plain(labels: Any) -> list[Any]:
    found: list[Any] = np.asarray(labels).tolist()
    return found


def _positive(labels: list[Any], pos_label: Any, average: str | None) -> Any:
    """The positive one of two classes; None for more."""
    if pos_label is not None and pos_label not in labels:
        raise InvalidParameter(f"pos_label is {pos_label!r}, which is none of the classes {labels}.")
    if len(labels) == 2:
        if average not in (None, BINARY, WEIGHTED):
            log.warning("average=%r is not used: of two classes the scores are those of the positive one.", average)
        return labels[1] if pos_label is None else pos_label
    if average == BINARY:
        raise InvalidParameter(f"average is 'binary', for two classes; there are {labels}. Use 'macro', or None.")
    if pos_label is not None:
        log.warning("pos_label=%r is not used: it is for two classes, and there are %d.", pos_label, len(labels))
    return None


def classifier_metrics(each: Classified) -> dict[str, float]:
    """Metrics of a classifier, as scikit-learn computes them. Counts are of rows, whatever their weight."""
    found: dict[str, float] = {}
    if each.is_binary:
        found |= confusion(each.targets == each.positive, each.predictions == each.positive)
    if each.average is None:
        asked: dict[str, Any] = {"labels": each.labels, "average": None}
    elif each.is_binary:
        asked = {"pos_label": each.positive, "average": BINARY}
    else:
        asked = {"average": each.average}
    found["example_count"] = len(each.targets)
    found |= _scores(each.targets, each.predictions, each.sample_weight, asked)
    if each.probabilities is not None:
        found |= _of_probabilities(each)
    return dict(_one_by_one(each, found))


def _one_by_one(each: Classified, found: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Plain numbers; a metric of every class becomes one for each, such as ``f1_score_setosa``."""
    for metric, value in found.items():
        if np.ndim(value) == 0:
            yield metric, plain(value)
        else:
            names = [f"{metric}_{name}" for name in each.names_in_metrics]
            yield from zip(names, np.asarray(value).tolist(), strict=True)


def confusion(true: Any, said: Any) -> dict[str, int]:
    """Rows by what they are and what they were taken for; both arguments are boolean, shape (rows,)."""
    counts = {
        "true_negatives": ~true & ~said,
        "false_positives": ~true & said,
        "false_negatives": true & ~said,
        "true_positives": true & said,
    }
    return {name: int(rows.sum()) for name, rows in counts.items()}


def _scores(true: Any, said: Any, weight: Any, asked: dict[str, Any]) -> dict[str, float]:
    asked = {**asked, "sample_weight": weight, "zero_division": 0}
    return {
        "accuracy_score": metrics.accuracy_score(true, said, sample_weight=weight),
        "recall_score": metrics.recall_score(true, said, **asked),
        "precision_score": metrics.precision_score(true, said, **asked),
        "f1_score": metrics.f1_score(true, said, **asked),
    }


def _of_probabilities(each: Classified) -> dict[str, float]:
    weight = {"sample_weight": each.sample_weight}
    found = {"log_loss": metrics.log_loss(each.targets, each.probabilities, labels=each.labels, **weight)}
    if each.is_binary:
        found |= _areas(*each.against_rest(each.positive), each.sample_weight)
        return found
    if missing := sorted(set(each.labels) - set(each.targets.tolist())):
        log.warning("There is no roc_auc: the data has no rows of the classes %s.", missing)
        return found
    found["roc_auc"] = metrics.roc_auc_score(
        each.targets,
        each.probabilities,
        labels=each.labels,
        multi_class="ovr",
        average=each.average,
        **weight,
    )
    return found


def _areas(true: Any, chances: Any, weight: Any) -> dict[str, float]:
    """The areas below the curves of a class; NaN where there is no such curve, because no row or every row is of it."""
    if not true.any():
        return {"roc_auc": float("nan"), "precision_recall_auc": 0.0}
    return {
        "roc_auc": float("nan") if true.all() else metrics.roc_auc_score(true, chances, sample_weight=weight),
        "precision_recall_auc": metrics.average_precision_score(true, chances, sample_weight=weight),
    }


def per_class_metrics(each: Classified, most_curves: int) -> pd.DataFrame:
    """The metrics of every class against the rest, a row for each.

    Parameters
    ----------
    each: Predictions and targets.
    most_curves: With more classes the areas below the curves are left out, as the curves are.
    """
    rows = []
    for label in each.labels:
        true, chances = each.against_rest(label)
        said = each.predictions == label
        row = {"positive_class": label, **confusion(true, said), "example_count": len(true)}
        row |= _scores(true, said, each.sample_weight, {"average": "binary"})
        if chances is not None and len(each.labels) <= most_curves:
            row |= _areas(true, chances, each.sample_weight)
        rows.append(row)
    return pd.DataFrame(rows)
