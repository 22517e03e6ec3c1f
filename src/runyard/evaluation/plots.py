"""Plots of a classifier's results. Drawn without pyplot, whose state belongs to the program."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.calibration import calibration_curve

from runyard.core.libraries import lazy
from runyard.evaluation.classifier import Classified
from sklearn import metrics

if TYPE_CHECKING:
    from matplotlib.axes import Axes

figures, canvases = lazy("matplotlib.figure"), lazy("matplotlib.backends.backend_agg")

Draw = Callable[["Axes"], None]
MAX_CLASSES = 10
"""More than these are not drawn as curves unless ``max_classes_for_multiclass_roc_pr`` says so."""
_MAX_LABELLED = 30


def draw(picture: Draw, path: Path) -> None:
    """Draw a picture into a PNG file."""
    figure = figures.Figure(figsize=(7, 5), layout="constrained")
    canvases.FigureCanvasAgg(figure)
    picture(figure.subplots())
    figure.savefig(path)


def plots(each: Classified, most_classes: int = MAX_CLASSES) -> Iterator[tuple[str, Draw]]:
    """The pictures that can be drawn of a classifier's answers, with their names."""
    if each.probabilities is not None and _curves(each):
        if each.is_binary or len(each.labels) <= most_classes:
            yield "roc_curve_plot", lambda axes: _roc(each, axes)
            yield "precision_recall_curve_plot", lambda axes: _precision_recall(each, axes)
        if each.is_binary and len(np.unique(each.targets)) == 2:
            yield "lift_curve_plot", lambda axes: _lift(each, axes)
        yield "calibration_curve_plot", lambda axes: _calibration(each, axes)
    yield "confusion_matrix", lambda axes: _confusion(each, axes)


def _curves(each: Classified) -> list[object]:
    """The classes with a curve: those that some rows are of, and some are not."""
    wanted = [each.positive] if each.is_binary else each.labels
    return [label for label in wanted if 0 < np.count_nonzero(each.targets == label) < len(each.targets)]


def _roc(each: Classified, axes: "Axes") -> None:
    for label in _curves(each):
        true, chances = each.against_rest(label)
        wrong, right, _ = metrics.roc_curve(true, chances, sample_weight=each.sample_weight)
        axes.plot(wrong, right, label=f"{label} (AUC = {metrics.auc(wrong, right):.3f})")
    axes.plot([0, 1], [0, 1], linestyle=":", color="grey")
    axes.set(title="ROC curve", xlabel="False positive rate", ylabel="True positive rate")
    axes.legend(loc="lower right", title="Positive class")


def _precision_recall(each: Classified, axes: "Axes") -> None:
    for label in _curves(each):
        true, chances = each.against_rest(label)
        precision, recall, _ = metrics.precision_recall_curve(true, chances, sample_weight=each.sample_weight)
        average = metrics.average_precision_score(true, chances, sample_weight=each.sample_weight)
        axes.step(recall, precision, where="post", label=f"{label} (AP = {average:.3f})")
    axes.set(title="Precision-recall curve", xlabel="Recall", ylabel="Precision", ylim=(0, 1.05))
    axes.legend(loc="lower left", title="Positive class")


def _lift(each: Classified, axes: "Axes") -> None:
    """How many times more positives are among the rows with the highest probability than among all."""
    for label in each.labels:
        true, chances = each.against_rest(label)
        sorted_true = true[np.argsort(-chances, kind="stable")]
        rows = np.arange(1, len(true) + 1)
        axes.plot(rows / len(true), np.cumsum(sorted_true) / rows / true.mean(), label=str(label))
    axes.axhline(1, linestyle=":", color="grey")
    axes.set(title="Lift curve", xlabel="Share of the rows, most probable first", ylabel="Lift")
    axes.legend(loc="upper right", title="Positive class")


def _calibration(each: Classified, axes: "Axes") -> None:
    for label in _curves(each):
        true, chances = each.against_rest(label)
        happened, said = calibration_curve(true, np.clip(chances, 0, 1), n_bins=10)
        axes.plot(said, happened, marker="o", markersize=4, label=str(label))
    axes.plot([0, 1], [0, 1], linestyle=":", color="grey")
    axes.set(title="Calibration curve", xlabel="Mean predicted probability", ylabel="Share that is of the class")
    axes.legend(loc="upper left", title="Class")


def _confusion(each: Classified, axes: "Axes") -> None:
    shares = metrics.confusion_matrix(
        each.targets, each.predictions, labels=each.labels, normalize="true", sample_weight=each.sample_weight
    )
    picture = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    assert axes.figure is not None
    axes.figure.colorbar(picture, ax=axes)
    axes.set(title="Normalized confusion matrix", xlabel="Predicted label", ylabel="True label")
    if len(each.labels) > _MAX_LABELLED:
        return
    turned = 45 if max(map(len, each.names)) > 6 else 0
    axes.set_xticks(range(len(each.names)), each.names, rotation=turned)
    axes.set_yticks(range(len(each.names)), each.names)
    for row, column in np.ndindex(shares.shape):
        share = shares[row, column]
        axes.text(column, row, f"{share:.2f}", ha="center", va="center", color="white" if share > 0.5 else "black")
