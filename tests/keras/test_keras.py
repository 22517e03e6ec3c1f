"""Models of Keras: what the contract of all flavors does not try."""

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

import keras
import runyard
from runyard.exceptions import InvalidParameter, RunyardException
from runyard.models.signature import ModelSignature, infer_signature
from runyard.types.schema import Schema, TensorSpec
from tests.flavors.examples import described
from tests.keras.examples import ROWS, TEXTS, VALUES, classifier, tensor, texts, two_inputs

NONE: dict[str, Any] = {"pip_requirements": []}

pytestmark = pytest.mark.timeout(600)


def _close(one: Any, other: Any) -> None:
    np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=1e-5, atol=1e-6)


def test_an_exported_model_predicts_without_its_layers(store: Path) -> None:
    """Its graph has the inputs of the signature; the model tells one when none is given."""
    model = classifier()
    given = infer_signature(VALUES, model.predict(VALUES, verbose=0))
    for name, options in {"told": {}, "given": {"signature": given}}.items():
        runyard.keras.save_model(model, name, save_exported_model=True, **options, **NONE)
        loaded = runyard.pyfunc.load_model(name)
        assert loaded.metadata.signature == given
        _close(loaded.predict(VALUES), model.predict(VALUES, verbose=0))
        _close(loaded.predict(ROWS), model.predict(VALUES, verbose=0))
        settings = described(store / name)["flavors"]["keras"]
        assert settings["save_exported_model"] is True
        assert not (store / name / "data" / "model.keras").exists()
    assert hasattr(runyard.keras.load_model("told"), "serve")


def test_an_exported_model_may_have_several_inputs(store: Path) -> None:
    """They are given as a list, or by name."""
    model = two_inputs()
    runyard.keras.save_model(model, "model", save_exported_model=True, signature=False, **NONE)

    loaded = runyard.pyfunc.load_model("model")
    _close(loaded.predict([VALUES, VALUES[:, :1]]), model.predict([VALUES, VALUES[:, :1]], verbose=0))


def test_inputs_are_found_by_name_in_arrays_and_in_columns(store: Path) -> None:
    """A table with a column for each input gives them, and the signature names them."""
    one, other = keras.Input((1,), name="a"), keras.Input((1,), name="b")
    joined = keras.layers.Concatenate()([one, other])
    model = keras.Model({"a": one, "b": other}, {"sum": keras.layers.Dense(1)(joined), "first": one})
    arrays = {"a": VALUES[:, :1], "b": VALUES[:, 1:2]}
    runyard.keras.save_model(model, "model", input_example=arrays, **NONE)

    expected = model.predict(arrays, verbose=0)
    loaded = runyard.pyfunc.load_model("model")
    runyard.keras.save_model(model, "bare", **NONE)
    for found in (loaded.predict(arrays), loaded.predict(ROWS), runyard.pyfunc.load_model("bare").predict(ROWS)):
        assert set(found) == {"sum", "first"}
        _close(found["sum"], expected["sum"])
    assert loaded.metadata.signature is not None
    assert loaded.metadata.signature.inputs is not None
    assert loaded.metadata.signature.inputs.input_names() == ["a", "b"]


def test_texts_are_predicted(store: Path) -> None:
    """From arrays and from tables; Keras alone takes them as tensors only."""
    model = texts()
    runyard.keras.save_model(model, "model", **NONE)

    expected = model.predict(tensor(TEXTS[:, None]), verbose=0)
    loaded = runyard.pyfunc.load_model("model")
    for rows in (TEXTS[:, None], pd.DataFrame({"text": TEXTS}), [[text] for text in TEXTS]):
        _close(loaded.predict(rows), expected)


def test_a_table_keeps_its_index(store: Path) -> None:
    """A table gives a table; an array an array."""
    runyard.keras.save_model(classifier(), "model", **NONE)

    found = runyard.pyfunc.load_model("model").predict(ROWS.set_index(ROWS.index + 100))
    assert list(found.index) == list(ROWS.index + 100)


@pytest.mark.parametrize(
    ("signature", "message"),
    [
        (ModelSignature(outputs=Schema([TensorSpec(np.dtype("float32"), (-1, 1))])), "at least one input"),
        (ModelSignature(Schema([TensorSpec(np.dtype("float32"), (4, 3))])), "number of rows"),
    ],
)
def test_a_signature_must_be_one_of_tensors(signature: ModelSignature, message: str, store: Path) -> None:
    """Its first dimension is open."""
    with pytest.raises(InvalidParameter, match=message):
        runyard.keras.save_model(classifier(), "model", signature=signature, **NONE)
    assert not (store / "model").exists()


def test_what_is_not_a_model_is_refused(store: Path) -> None:
    """The message says what it is."""
    with pytest.raises(InvalidParameter, match=r"keras\.Model, not dict"):
        runyard.keras.save_model({}, "model", **NONE)


def test_layers_that_keras_does_not_know_are_given_when_loading(store: Path) -> None:
    """Without them the message names what is missing."""

    class Doubled(keras.layers.Layer):  # type: ignore[misc, unused-ignore]
        def call(self, inputs: Any) -> Any:
            return inputs * 2

    model = keras.Sequential([keras.Input((3,)), Doubled()])
    runyard.keras.save_model(model, "model", save_model_kwargs={"include_optimizer": False}, **NONE)

    with pytest.raises(RunyardException, match=r"cannot be read.*Doubled"):
        runyard.keras.load_model("model")
    loaded = runyard.keras.load_model(
        "model", custom_objects={"Doubled": Doubled}, load_model_kwargs={"compile": False}
    )
    _close(loaded(VALUES), VALUES * 2)


def test_requirements_name_the_back_end(store: Path) -> None:
    """Keras alone computes nothing."""
    runyard.keras.save_model(classifier(), "model")

    needed = (store / "model" / "requirements.txt").read_text(encoding="utf-8")
    assert f"keras=={keras.__version__}" in needed
    assert "tensorflow" in needed
    assert described(store / "model")["flavors"]["keras"]["keras_backend"] == "tensorflow"


def test_another_back_end_is_no_other_version(store: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The files are the same for all back ends."""
    runyard.keras.save_model(classifier(), "model", **NONE)
    model = described(store / "model")
    model["flavors"]["keras"]["keras_backend"] = "torch"
    (store / "model" / "MLmodel").write_text(yaml.safe_dump(model), encoding="utf-8")

    with caplog.at_level(logging.WARNING, logger="runyard"):
        _close(runyard.keras.load_model("model").predict(VALUES, verbose=0).shape, (40, 1))
    assert caplog.text == ""


EXPORTED = """
import json, sys
import numpy as np
import mlflow
rows = np.array(json.loads(sys.stdin.read()), dtype="float32")
print(json.dumps(mlflow.pyfunc.load_model(sys.argv[1]).predict(rows).tolist()))
"""


@pytest.mark.slow
@pytest.mark.compat
def test_mlflow_reads_an_exported_model(store: Path) -> None:
    """With equal predictions."""
    model = classifier()
    runyard.keras.save_model(model, "model", save_exported_model=True, **NONE)

    command = [sys.executable, "-c", EXPORTED, str(store / "model")]
    given = json.dumps(VALUES.tolist())
    done = subprocess.run(command, input=given, cwd=store, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    _close(json.loads(done.stdout.splitlines()[-1]), model.predict(VALUES, verbose=0))
