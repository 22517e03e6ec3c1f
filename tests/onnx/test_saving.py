"""What is checked and written of a model of ONNX."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import onnx
import runyard
from runyard.exceptions import InvalidParameter
from runyard.models import infer_signature
from tests.flavors.examples import described
from tests.onnx.examples import ARRAY, classifier, layer

NONE: dict[str, Any] = {"pip_requirements": []}
ROWS = ARRAY[:, :3]


def _content(model: Any) -> bytes:
    """All of a model; that its tensors are in it may be said or left out."""
    for tensor in model.graph.initializer:
        tensor.data_location = onnx.TensorProto.DEFAULT
    return bytes(model.SerializeToString(deterministic=True))


def _names(folder: Path) -> set[str]:
    return {file.suffix for file in folder.iterdir()} - {"", ".txt", ".yaml"}


def test_large_tensors_are_files_and_the_model_stays_as_it_was(store: Path) -> None:
    """It can be used and saved again in any way."""
    model = layer(500)
    before = _content(model)

    runyard.onnx.save_model(model, "outside", **NONE)
    assert before == _content(model)
    runyard.onnx.save_model(model, "inside", save_as_external_data=False, **NONE)

    assert {".onnx", ".data"} == _names(store / "outside")
    assert {".onnx"} == _names(store / "inside")
    for folder in ("outside", "inside"):
        assert before == _content(runyard.onnx.load_model(folder))
        assert (150, 500) == runyard.pyfunc.load_model(folder).predict(ROWS)["y"].shape


def test_options_of_onnx_are_passed_on(store: Path) -> None:
    """Such as where large tensors go, and which are large."""
    runyard.onnx.save_model(layer(2), "model", size_threshold=0, location="weights.bin", **NONE)

    assert (store / "model" / "weights.bin").stat().st_size == 3 * 2 * 4
    assert (150, 2) == runyard.pyfunc.load_model("model").predict(ROWS)["y"].shape


def test_large_tensors_are_logged_and_fetched_with_the_model(store: Path) -> None:
    """The run's artifacts have both files."""
    with runyard.start_run():
        info = runyard.onnx.log_model(layer(500), name="model", signature=infer_signature(ROWS), **NONE)

    assert (150, 500) == runyard.pyfunc.load_model(info.model_uri).predict(ROWS)["y"].shape
    assert 1 == len(runyard.onnx.load_model(info.model_uri).graph.initializer)


def _invalid() -> Any:
    model = layer(500)
    model.graph.node[0].op_type = "Nonsense"
    return model


@pytest.mark.parametrize(
    ("model", "told"),
    [(object(), "ModelProto, not object"), ("model.onnx", "not str"), (_invalid(), "not valid.*Nonsense")],
)
def test_what_is_not_a_valid_model_is_refused(model: Any, told: str, store: Path) -> None:
    """The message has what ONNX says; a model that was refused has its tensors still."""
    before = _content(model) if isinstance(model, onnx.ModelProto) else b""

    with pytest.raises(InvalidParameter, match=told):
        runyard.onnx.save_model(model, "model", **NONE)

    assert not (store / "model").exists()
    assert not before or before == _content(model)


def test_a_model_whose_tensors_are_elsewhere_is_refused(store: Path) -> None:
    """They would be missing from the folder."""
    onnx.save_model(layer(500), "given.onnx", save_as_external_data=True)

    with pytest.raises(InvalidParameter, match=r"'w', are in other files.*load_external_data_for_model"):
        runyard.onnx.save_model(onnx.load("given.onnx", load_external_data=False), "model", **NONE)


def test_an_example_makes_the_signature(store: Path) -> None:
    """The names of the outputs are in it."""
    runyard.onnx.save_model(classifier(), "model", input_example=ARRAY[:2], **NONE)

    signature = runyard.models.get_model_info("model").signature
    assert signature is not None
    assert signature.inputs is not None
    assert signature.outputs is not None
    assert [(np.dtype("float32"), (-1, 4))] == [(one.type, one.shape) for one in signature.inputs.inputs]
    assert ["label", "probabilities"] == signature.outputs.input_names()
    assert "python_function" in described(store / "model")["flavors"]
