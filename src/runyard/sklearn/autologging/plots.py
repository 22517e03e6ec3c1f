"""Plots of a classifier's results."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.multiclass import unique_labels

from runyard.autologging.drawing import save_plot
from runyard.autologging.reports import attempt
from runyard.sklearn.autologging.training_metrics import PREFIX, Answers
from sklearn import metrics

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_LABELLED_CLASSES = 30
SHORT_LABEL = 6


def draw_plots(answers: Answers, folder: Path, pos_label: Any = None) -> None:
    """Draw the confusion matrix of a classifier, and for two classes the ROC and precision-recall curves.

    Parameters
    ----------
    answers: The trained estimator's. Nothing is drawn for other kinds, without labels, or of several labels.
    folder: Where the files go.
    pos_label: The class that the curves are about; the second one when left out.
    """
    estimator = answers.estimator
    if answers.data.targets is None or not is_classifier(estimator) or not hasattr(estimator, "predict"):
        return
    if answers.outputs > 1:
        return
    for name, draw in _plots(answers, pos_label):
        with attempt("sklearn", f"the plot {PREFIX}{name}"):
            save_plot(draw, folder / f"{PREFIX}{name}.png")


def _plots(answers: Answers, pos_label: Any) -> "Iterator[tuple[str, Callable[[Axes], None]]]":
    yield "confusion_matrix", lambda axes: _confusion_matrix(answers, axes)
    if answers.is_binary and answers.decisions is not None:
        yield "roc_curve", lambda axes: _roc(answers, pos_label, axes)
        yield "precision_recall_curve", lambda axes: _precision_recall(answers, pos_label, axes)


def _confusion_matrix(answers: Answers, axes: "Axes") -> None:
    true, predicted = answers.data.targets, answers.predicted
    shares = metrics.confusion_matrix(true, predicted, sample_weight=answers.data.sample_weight, normalize="true")
    picture = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    assert axes.figure is not None
    axes.figure.colorbar(picture, ax=axes)
    axes.set(title="Normalized confusion matrix", xlabel="Predicted label", ylabel="True label")
    labels = [str(label) for label in unique_labels(true, predicted)]
    if len(labels) > MAX_LABELLED_CLASSES:
        return
    long = max(map(len, labels)) > SHORT_LABEL
    if long:
        axes.figure.set_layout_engine("constrained")  # type: ignore[union-attr]  # names may need any room
    axes.set_xticks(range(len(labels)), labels, rotation=45 if long else 0)
    axes.set_yticks(range(len(labels)), labels)
    for row, column in np.ndindex(shares.shape):
        share = shares[row, column]
        axes.text(column, row, f"{share:.2f}", ha="center", va="center", color="white" if share > 0.5 else "black")


def _positive(answers: Answers, pos_label: Any) -> tuple[Any, Any]:
    """The class a curve is about, and the numbers that are high for it."""
    classes = list(answers.estimator.classes_)
    if pos_label is None or pos_label == classes[1]:
        return classes[1], answers.decisions
    return pos_label, -answers.decisions


def _roc(answers: Answers, pos_label: Any, axes: "Axes") -> None:
    label, high = _positive(answers, pos_label)
    weight = answers.data.sample_weight
    wrong, right, _ = metrics.roc_curve(answers.data.targets, high, pos_label=label, sample_weight=weight)
    axes.plot(wrong, right, label=f"AUC = {metrics.auc(wrong, right):.3f}")
    axes.plot([0, 1], [0, 1], linestyle=":", color="grey")
    axes.set(
        title="ROC curve",
        xlabel=f"False positive rate (positive label: {label})",
        ylabel=f"True positive rate (positive label: {label})",
    )
    axes.legend(loc="lower right")


def _precision_recall(answers: Answers, pos_label: Any, axes: "Axes") -> None:
    label, high = _positive(answers, pos_label)
    weight = answers.data.sample_weight
    true = np.asarray(answers.data.targets)
    precision, recall, _ = metrics.precision_recall_curve(true, high, pos_label=label, sample_weight=weight)
    average = metrics.average_precision_score(true, high, pos_label=label, sample_weight=weight)
    axes.step(recall, precision, where="post", label=f"AP = {average:.3f}")
    axes.set(
        title="Precision-recall curve",
        xlabel=f"Recall (positive label: {label})",
        ylabel=f"Precision (positive label: {label})",
        ylim=(0, 1.05),
    )
    axes.legend(loc="lower left")
