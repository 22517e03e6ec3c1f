"""Handwritten digits, 8x8 pixels: linear classifiers and small neural networks, an epoch at a time."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import classification_report, confusion_matrix, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import runyard
from runyard.demo.sweep import Settings, Sweep, grid, log_model_file

EPOCHS = 30
_CLASSES = np.arange(10)


def sweep() -> Sweep:
    """Twelve classifiers of two kinds."""
    images, labels = load_digits(return_X_y=True)
    data = train_test_split(images / 16.0, labels, test_size=0.25, random_state=0, stratify=labels)
    candidates = [
        *grid(model=["sgd"], alpha=[1e-5, 1e-3, 1e-1], learning_rate=[0.01, 0.1]),
        *grid(model=["mlp"], hidden=["16", "64", "64x32"], learning_rate=[0.001, 0.01]),
    ]
    return Sweep(
        experiment="digits",
        description="Which **small classifier** reads scikit-learn's handwritten digits best? "
        f"{len(candidates)} candidates, {EPOCHS} epochs each.",
        candidates=candidates,
        train=lambda settings: _train(settings, *data),
        compared="val_accuracy",
        best=max,
    )


def _build(settings: Settings) -> Any:
    if settings["model"] == "sgd":
        return SGDClassifier(
            loss="log_loss",
            alpha=settings["alpha"],
            learning_rate="constant",
            eta0=settings["learning_rate"],
            random_state=0,
        )
    layers = tuple(map(int, settings["hidden"].split("x")))
    return MLPClassifier(hidden_layer_sizes=layers, learning_rate_init=settings["learning_rate"], random_state=0)


def _train(settings: Settings, train_x: Any, val_x: Any, train_y: Any, val_y: Any) -> float:
    runyard.set_tag("task", "classification")
    runyard.log_input(runyard.data.from_numpy(train_x, targets=train_y, name="digits-train"), context="training")
    runyard.log_input(runyard.data.from_numpy(val_x, targets=val_y, name="digits-validation"), context="validation")
    model = _build(settings)
    order = np.random.default_rng(0)
    accuracy = 0.0
    for epoch in range(EPOCHS):
        shuffled = order.permutation(len(train_x))
        model.partial_fit(train_x[shuffled], train_y[shuffled], classes=_CLASSES)
        accuracy = float(model.score(val_x, val_y))
        runyard.log_metrics(
            {
                "train_loss": float(log_loss(train_y, model.predict_proba(train_x), labels=_CLASSES)),
                "val_loss": float(log_loss(val_y, model.predict_proba(val_x), labels=_CLASSES)),
                "train_accuracy": float(model.score(train_x, train_y)),
                "val_accuracy": accuracy,
            },
            step=epoch,
        )
    predicted = model.predict(val_x)
    runyard.log_figure(_confusion_figure(val_y, predicted), "plots/confusion.png")
    runyard.log_dict(classification_report(val_y, predicted, output_dict=True, zero_division=0), "report.json")
    log_model_file(model)
    return accuracy


def _confusion_figure(actual: Any, predicted: Any) -> Figure:
    counts = confusion_matrix(actual, predicted, labels=_CLASSES)
    figure = Figure(figsize=(5, 4.5), layout="constrained")
    axes = figure.subplots()
    picture = axes.imshow(counts, cmap="Blues")
    figure.colorbar(picture, ax=axes, label="images")
    axes.set(xlabel="predicted digit", ylabel="actual digit", xticks=_CLASSES, yticks=_CLASSES)
    for row, column in np.argwhere(counts > 0):
        shade = "white" if counts[row, column] > counts.max() / 2 else "black"
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=shade, fontsize=7)
    return figure
