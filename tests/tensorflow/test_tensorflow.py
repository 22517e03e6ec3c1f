"""Models of TensorFlow: what the contract of all flavors does not try."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import runyard
import tensorflow as tf
from runyard.exceptions import InvalidParameter, RunyardException
from tests.flavors.examples import described
from tests.tensorflow.examples import ROWS, VALUES, Halved, network, regression

NONE: dict[str, Any] = {"pip_requirements": []}

pytestmark = pytest.mark.timeout(600)


_COLUMNS = [tf.TensorSpec([None], tf.float32, "a"), tf.TensorSpec([None], tf.float32, "b")]


def _close(one: Any, other: Any) -> None:
    np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=1e-5, atol=1e-6)


def test_an_hdf5_file_is_read_again(store: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Without its loss, whose name such files do not hold as Keras reads it; a warning says so."""
    model = network()
    model.compile(optimizer="adam", loss="mse")
    runyard.tensorflow.save_model(model, "model", keras_model_kwargs={"save_format": "h5"}, **NONE)

    assert (store / "model" / "data" / "model.h5").exists()
    assert described(store / "model")["flavors"]["tensorflow"]["save_format"] == "h5"
    expected = model.predict(VALUES, verbose=0)
    _close(runyard.tensorflow.load_model("model").predict(VALUES, verbose=0), expected)
    _close(runyard.pyfunc.load_model("model").predict(ROWS), expected)


def test_models_of_the_flavor_keras_are_read_as_well(store: Path) -> None:
    """Those of Keras 3, and those of old versions of MLflow, which had one flavor for both."""
    model = network()
    runyard.keras.save_model(model, "new", **NONE)
    runyard.tensorflow.save_model(model, "old", keras_model_kwargs={"save_format": "h5"}, **NONE)
    description = described(store / "old")
    settings = {"data": "data", "keras_module": "tensorflow.keras", "keras_version": "2.3.1", "save_format": "h5"}
    description["flavors"]["keras"] = settings
    del description["flavors"]["tensorflow"]
    (store / "old" / "MLmodel").write_text(yaml.safe_dump(description), encoding="utf-8")

    expected = model.predict(VALUES, verbose=0)
    _close(runyard.tensorflow.load_model("new").predict(VALUES, verbose=0), expected)
    _close(
        runyard.tensorflow.load_model("old", keras_model_kwargs={"compile": False}).predict(VALUES, verbose=0), expected
    )
    _close(runyard.pyfunc.load_model("old").predict(ROWS), expected)


class Sums(tf.Module):  # type: ignore[misc, unused-ignore]
    """Adds columns."""

    @tf.function(input_signature=_COLUMNS)  # type: ignore[untyped-decorator, unused-ignore]
    def add(self, a: Any, b: Any) -> Any:
        """Their sums, and both."""
        return {"sum": (a + b)[:, None], "both": tf.stack([a, b], axis=1)}


def test_a_function_with_named_inputs_is_called_as_tensorflow_1_saved_it(store: Path) -> None:
    """A table gives a table of the outputs, a dictionary a dictionary."""

    module = Sums()
    tf.saved_model.save(module, str(store / "model" / "graph"), signatures={"adds": module.add})
    settings = {"saved_model_dir": "graph", "meta_graph_tags": ["serve"], "signature_def_key": "adds"}
    flavors = {"tensorflow": settings, "python_function": {"loader_module": "mlflow.tensorflow"}}
    (store / "model" / "MLmodel").write_text(yaml.safe_dump({"flavors": flavors}), encoding="utf-8")
    loaded = runyard.pyfunc.load_model("model")

    found = loaded.predict(ROWS[["a", "b"]].astype("float32"))
    assert list(found.columns) == ["both", "sum"] or list(found.columns) == ["sum", "both"]
    _close(found["sum"], ROWS["a"] + ROWS["b"])
    _close(loaded.predict({"a": VALUES[:, 0], "b": VALUES[:, 1]})["both"], VALUES[:, :2])
    _close(runyard.tensorflow.load_model("model")(a=VALUES[:, 0], b=VALUES[:, 1])["both"], VALUES[:, :2])
    with pytest.raises(InvalidParameter, match="dictionary or a DataFrame"):
        loaded.predict(VALUES)


def test_custom_objects_travel_with_the_model(store: Path) -> None:
    """The requirements name what reads them; what cannot be pickled is told."""
    runyard.tensorflow.save_model(network(Halved()), "model", custom_objects={"Halved": Halved})

    assert (store / "model" / "data" / "custom_objects.cloudpickle").exists()
    assert "cloudpickle==" in (store / "model" / "requirements.txt").read_text(encoding="utf-8")
    objects = {"lock": threading.Lock()}
    with pytest.raises(InvalidParameter, match="'lock' cannot be pickled"):
        runyard.tensorflow.save_model(network(), "other", custom_objects=objects, **NONE)
    assert not (store / "other").exists()


def test_a_module_takes_numbers_of_other_sizes_only(store: Path) -> None:
    """Texts and tables of texts are not numbers."""
    runyard.tensorflow.save_model(regression(), "model", **NONE)
    loaded = runyard.pyfunc.load_model("model")

    with pytest.raises(InvalidParameter, match=r"numpy array, a list or a DataFrame, not dict"):
        loaded.predict({"a": VALUES})


def test_what_is_not_a_model_is_refused(store: Path) -> None:
    """The message says what it is."""
    with pytest.raises(InvalidParameter, match=r"tf\.Module, not object"):
        runyard.tensorflow.save_model(object(), "model", **NONE)


def test_a_model_of_an_unknown_kind_is_told(store: Path) -> None:
    """As a later version may have more of them."""
    runyard.tensorflow.save_model(regression(), "model", **NONE)
    description = described(store / "model")
    description["flavors"]["tensorflow"]["model_type"] = "tf3"
    (store / "model" / "MLmodel").write_text(yaml.safe_dump(description), encoding="utf-8")

    with pytest.raises(RunyardException, match="unknown kind 'tf3'"):
        runyard.tensorflow.load_model("model")
    assert runyard.tensorflow.get_default_pip_requirements(include_cloudpickle=True)[1].startswith("cloudpickle==")
