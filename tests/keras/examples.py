"""Models of Keras."""

from typing import Any

import numpy as np
import pandas as pd

import keras
from tests.flavors.examples import Example

_RANDOM = np.random.default_rng(7)
VALUES = _RANDOM.normal(size=(40, 3)).astype("float32")
ROWS = pd.DataFrame(VALUES, columns=["a", "b", "c"])
TARGET = (VALUES[:, 0] + VALUES[:, 1] * VALUES[:, 2] > 0).astype("float32")
IMAGES = _RANDOM.uniform(size=(12, 8, 8, 1)).astype("float32")
TEXTS = np.array(["good wine", "bad wine", "good beer", "bad beer"] * 4, dtype=object)


@keras.saving.register_keras_serializable("tests")
class Scaled(keras.layers.Layer):  # type: ignore[misc, unused-ignore]
    """Multiplies by a number that is part of the layer's configuration."""

    def __init__(self, factor: float, **options: Any) -> None:
        super().__init__(**options)
        self.factor = factor

    def call(self, inputs: Any) -> Any:
        """The product."""
        return inputs * self.factor

    def get_config(self) -> dict[str, Any]:
        """What makes it again."""
        return {**super().get_config(), "factor": self.factor}


def trained(model: Any, inputs: Any, target: Any, loss: str = "binary_crossentropy") -> Any:
    """The model, trained for an epoch."""
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    model.fit(inputs, target, epochs=1, batch_size=16, verbose=0)
    return model


def classifier() -> Any:
    """A small network."""
    dense = [keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
    return trained(keras.Sequential([keras.Input((3,)), *dense]), VALUES, TARGET)


def two_inputs() -> Any:
    """A network with two inputs, one of them named after a column."""
    left, right = keras.Input((3,), name="left"), keras.Input((1,), name="right")
    joined = keras.layers.Concatenate()([left, right])
    model = keras.Model([left, right], keras.layers.Dense(1, activation="sigmoid")(joined))
    return trained(model, [VALUES, VALUES[:, :1]], TARGET)


def _images() -> Any:
    layers = [keras.layers.Conv2D(2, 3, activation="relu"), keras.layers.Flatten(), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input((8, 8, 1)), *layers, keras.layers.Softmax()])
    return trained(model, IMAGES, np.arange(12) % 2, "sparse_categorical_crossentropy")


def texts() -> Any:
    """A model that takes texts."""
    words = keras.layers.TextVectorization(max_tokens=20, output_sequence_length=3)
    words.adapt(TEXTS)
    layers = [words, keras.layers.Embedding(20, 4), keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((1,), dtype="string"), *layers])
    return trained(model, tensor(TEXTS[:, None]), np.arange(16) % 2 == 0, "mse")


def tensor(values: Any) -> Any:
    """Texts as Keras takes them."""
    import tensorflow  # noqa: PLC0415  (examples of other back ends have it not)

    return tensorflow.constant(values)


def _predict(model: Any, rows: Any) -> Any:
    return model.predict(np.asarray(rows), verbose=0)


EXAMPLES = [
    Example(
        "classifier",
        classifier,
        ROWS,
        _predict,
        forms={"array": VALUES, "wide-array": VALUES.astype("float64"), "lists": VALUES.tolist()},
        tolerance=1e-5,
    ),
    Example("images", _images, IMAGES, _predict, tolerance=1e-5),
    Example(
        "two-inputs",
        two_inputs,
        {"left": VALUES, "right": VALUES[:, :1]},
        lambda model, rows: model.predict([rows["left"], rows["right"]], verbose=0),
        forms={"list": [VALUES, VALUES[:, :1]]},
        tolerance=1e-5,
    ),
    Example(
        "custom-layer",
        lambda: trained(
            keras.Sequential([keras.Input((3,)), Scaled(0.5), keras.layers.Dense(1, activation="sigmoid")]),
            VALUES,
            TARGET,
        ),
        ROWS,
        _predict,
        tolerance=1e-5,
    ),
]
