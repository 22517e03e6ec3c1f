"""Handwritten digits, 8x8 pixels: linear classifiers and small neural networks, an epoch at a time."""

import argparse
from typing import Any

import mlflow
import numpy as np
from files import log_model_file
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import classification_report, confusion_matrix, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

_CLASSES = np.arange(10)


def main() -> None:
    """Train one classifier in the project's run."""
    options = argparse.ArgumentParser()
    options.add_argument("--model", choices=["sgd", "mlp"], required=True)
    options.add_argument("--learning-rate", type=float, required=True)
    options.add_argument("--alpha", type=float, required=True)
    options.add_argument("--hidden", required=True, help="sizes of the hidden layers of an mlp, such as 64x32")
    options.add_argument("--epochs", type=int, required=True)
    chosen = options.parse_args()
    images, labels = load_digits(return_X_y=True)
    data = train_test_split(images / 16.0, labels, test_size=0.25, random_state=0, stratify=labels)
    with mlflow.start_run():
        mlflow.set_tag("task", "classification")
        _train(_build(chosen), chosen.epochs, *data)


def _build(chosen: argparse.Namespace) -> Any:
    if chosen.model == "sgd":
        return SGDClassifier(
            loss="log_loss", alpha=chosen.alpha, learning_rate="constant", eta0=chosen.learning_rate, random_state=0
        )
    layers = tuple(map(int, chosen.hidden.split("x")))
    return MLPClassifier(
        hidden_layer_sizes=layers, alpha=chosen.alpha, learning_rate_init=chosen.learning_rate, random_state=0
    )


def _train(model: Any, epochs: int, train_x: Any, val_x: Any, train_y: Any, val_y: Any) -> None:
    mlflow.log_input(mlflow.data.from_numpy(train_x, targets=train_y, name="digits-train"), context="training")
    mlflow.log_input(mlflow.data.from_numpy(val_x, targets=val_y, name="digits-validation"), context="validation")
    order = np.random.default_rng(0)
    for epoch in range(epochs):
        shuffled = order.permutation(len(train_x))
        model.partial_fit(train_x[shuffled], train_y[shuffled], classes=_CLASSES)
        train_loss, train_accuracy = _scores(model, train_x, train_y)
        val_loss, accuracy = _scores(model, val_x, val_y)
        losses = {"train_loss": train_loss, "val_loss": val_loss}
        mlflow.log_metrics({**losses, "train_accuracy": train_accuracy, "val_accuracy": accuracy}, step=epoch)
        if (epoch + 1) % 10 == 0:
            print(f"epoch {epoch + 1}: val_accuracy {accuracy:.3f}", flush=True)  # noqa: T201  (a program's own output)
    predicted = model.predict(val_x)
    mlflow.log_figure(_confusion_figure(val_y, predicted), "plots/confusion.png")
    mlflow.log_dict(classification_report(val_y, predicted, output_dict=True, zero_division=0), "report.json")
    log_model_file(model)


def _scores(model: Any, images: Any, labels: Any) -> tuple[float, float]:
    """Loss and accuracy, of one prediction."""
    probabilities = model.predict_proba(images)
    loss = log_loss(labels, probabilities, labels=_CLASSES)
    return float(loss), float(np.mean(_CLASSES[probabilities.argmax(axis=1)] == labels))


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


if __name__ == "__main__":
    main()
