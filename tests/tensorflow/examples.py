"""Models of TensorFlow."""

from typing import Any

import numpy as np
import pandas as pd

import tensorflow as tf
from tests.flavors.examples import Example

_RANDOM = np.random.default_rng(7)
VALUES = _RANDOM.normal(size=(40, 3)).astype("float32")
ROWS = pd.DataFrame(VALUES, columns=["a", "b", "c"])
TARGET = (VALUES.sum(axis=1, keepdims=True) > 0).astype("float32")
_INPUT = [tf.TensorSpec([None, 3], tf.float32)]


class Halved(tf.keras.layers.Layer):  # type: ignore[misc, unused-ignore]
    """A layer that Keras does not know by itself."""

    def call(self, inputs: Any) -> Any:
        """Half of it."""
        return inputs * 0.5


class Regression(tf.Module):  # type: ignore[misc, unused-ignore]
    """A linear model, trained step by step."""

    def __init__(self) -> None:
        self.weights = tf.Variable(tf.zeros((3, 1)))

    @tf.function(input_signature=_INPUT)  # type: ignore[untyped-decorator, unused-ignore]
    def __call__(self, rows: Any) -> Any:
        """Predictions."""
        return tf.sigmoid(rows @ self.weights)


class Named(tf.Module):  # type: ignore[misc, unused-ignore]
    """Gives its results by name, and asks for a GPU where there is one."""

    @tf.function(input_signature=_INPUT)  # type: ignore[untyped-decorator, unused-ignore]
    def __call__(self, rows: Any) -> Any:
        """Sums and means."""
        with tf.device("/device:GPU:0"):
            return {"mean": tf.reduce_mean(rows, axis=1), "sum": tf.reduce_sum(rows, axis=1)}


def network(*more: Any) -> Any:
    """A small network, trained."""
    layers = [tf.keras.Input((3,)), *more, tf.keras.layers.Dense(4), tf.keras.layers.Dense(1, activation="sigmoid")]
    model = tf.keras.Sequential(layers)
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(VALUES, TARGET, epochs=1, verbose=0)
    return model


def regression() -> Any:
    """A module, trained in a loop of its own."""
    model = Regression()
    for _ in range(3):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(VALUES) - TARGET) ** 2)
        [slope] = tape.gradient(loss, [model.weights])
        model.weights.assign_sub(0.5 * slope)
    return model


def _predict(model: Any, rows: Any) -> Any:
    return model.predict(np.asarray(rows), verbose=0)


def _call(model: Any, rows: Any) -> Any:
    return model(tf.constant(rows)).numpy()


EXAMPLES = [
    Example("keras", network, ROWS, _predict, forms={"array": VALUES, "lists": VALUES.tolist()}, tolerance=1e-5),
    Example(
        "custom-objects",
        lambda: network(Halved()),
        ROWS,
        _predict,
        options={"custom_objects": {"Halved": Halved}},
        tolerance=1e-5,
    ),
    Example(
        "module",
        regression,
        VALUES,
        _call,
        forms={"table": ROWS, "lists": VALUES.tolist(), "wide": VALUES.astype("float64")},
        tolerance=1e-5,
    ),
    Example(
        "named-outputs",
        Named,
        VALUES,
        lambda model, rows: {name: one.numpy() for name, one in model(tf.constant(rows)).items()},
        tolerance=1e-5,
    ),
]
