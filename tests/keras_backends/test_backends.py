"""Models of Keras whose back end is not TensorFlow but PyTorch or JAX: the one that the family of tests has."""

import os

from tests.support import families

os.environ["KERAS_BACKEND"] = families.current()  # before Keras is imported

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras
import runyard
from runyard.exceptions import MissingPackage
from tests.flavors.examples import described

BACKEND = families.current()
VALUES = np.random.default_rng(7).normal(size=(40, 3)).astype("float32")
TARGET = (VALUES.sum(axis=1, keepdims=True) > 0).astype("float32")

pytestmark = pytest.mark.timeout(600)


def _trained() -> Any:
    dense = [keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
    model = keras.Sequential([keras.Input((3,)), *dense])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(VALUES, TARGET, epochs=2, batch_size=8, verbose=0, validation_data=(VALUES[:8], TARGET[:8]))
    return model


def test_a_model_predicts_as_before(store: Path) -> None:
    """Its requirements name the back end; TensorFlow is needed for exporting alone."""
    model = _trained()
    runyard.keras.save_model(model, "model", input_example=VALUES[:2])

    expected = model.predict(VALUES, verbose=0)
    np.testing.assert_allclose(runyard.keras.load_model("model").predict(VALUES, verbose=0), expected, rtol=1e-5)
    np.testing.assert_allclose(runyard.pyfunc.load_model("model").predict(VALUES), expected, rtol=1e-5)
    assert described(store / "model")["flavors"]["keras"]["keras_backend"] == BACKEND
    needed = (store / "model" / "requirements.txt").read_text(encoding="utf-8")
    assert f"{BACKEND}==" in needed
    assert "tensorflow" not in needed
    with pytest.raises(MissingPackage, match=r"runyard\[tensorflow\]"):
        runyard.keras.save_model(model, "graph", save_exported_model=True, pip_requirements=[])


def test_trainings_are_logged(store: Path) -> None:
    """With the metrics of each epoch, the data and the model."""
    runyard.keras.autolog()
    try:
        model = _trained()
    finally:
        runyard.keras.autolog(disable=True)

    runs: Any = runyard.search_runs(output_format="list")
    [run] = runs
    history = runyard.MlflowClient().get_metric_history(run.info.run_id, "val_loss")
    assert [point.step for point in history] == [0, 1]
    assert run.data.params["batch_size"] == "8"
    assert run.data.params["optimizer_name"] == model.optimizer.name
    assert {one.tags[0].value for one in run.inputs.dataset_inputs} == {"train", "eval"}
    loaded = runyard.keras.load_model(f"runs:/{run.info.run_id}/model")
    np.testing.assert_allclose(
        loaded.predict(VALUES, verbose=0), model.predict(VALUES, verbose=0), rtol=1e-4, atol=1e-6
    )
