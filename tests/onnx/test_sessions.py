"""Where a model of ONNX computes, and with which options."""

import logging
from pathlib import Path
from typing import Any

import pytest

import runyard
from runyard.exceptions import InvalidParameter
from tests.flavors.examples import described
from tests.onnx.examples import ARRAY, layer

NONE: dict[str, Any] = {"pip_requirements": []}


def _session(**options: Any) -> Any:
    runyard.onnx.save_model(layer(), "model", **NONE, **options)
    return runyard.pyfunc.load_model("model").get_raw_model()


def test_options_reach_the_session(store: Path) -> None:
    """They are in the MLmodel file as they were given."""
    given = {
        "execution_mode": "PARALLEL",
        "graph_optimization_level": 1,
        "inter_op_num_threads": 2,
        "intra_op_num_threads": 3,
        "extra_session_config": {"session.use_env_allocators": 0},
    }
    options = _session(onnx_session_options=given).get_session_options()

    assert "ORT_PARALLEL" == options.execution_mode.name
    assert "ORT_ENABLE_BASIC" == options.graph_optimization_level.name
    assert (2, 3) == (options.inter_op_num_threads, options.intra_op_num_threads)
    assert "0" == options.get_session_config_entry("session.use_env_allocators")
    assert given == described(store / "model")["flavors"]["onnx"]["onnx_session_options"]


def test_a_model_saved_for_a_gpu_runs_without_one(store: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What is named by default is not told to be missing."""
    with caplog.at_level(logging.WARNING, logger="runyard"):
        assert ["CPUExecutionProvider"] == _session().get_providers()

    assert ["CUDAExecutionProvider", "CPUExecutionProvider"] == runyard.onnx.ONNX_EXECUTION_PROVIDERS
    assert "" == caplog.text


def test_providers_that_are_missing_here_are_told(store: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Those that were chosen: the model is slower than its author meant."""
    chosen = [("TensorrtExecutionProvider", {"device_id": 0}), "CUDAExecutionProvider"]

    with caplog.at_level(logging.WARNING, logger="runyard"):
        assert ["CPUExecutionProvider"] == _session(onnx_execution_providers=chosen).get_providers()

    assert "TensorrtExecutionProvider or CUDAExecutionProvider" in caplog.text
    saved = described(store / "model")["flavors"]["onnx"]["providers"]
    assert [["TensorrtExecutionProvider", {"device_id": 0}], "CUDAExecutionProvider"] == saved


def test_a_model_that_names_no_providers_is_loaded(store: Path) -> None:
    """Older versions of MLflow did not write them."""
    runyard.onnx.save_model(layer(), "model", **NONE)
    file = store / "model" / "MLmodel"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    unwanted = ("providers", "onnx_session_options", "- CUDA", "- CPU")
    file.write_text("".join(line for line in lines if not line.strip().startswith(unwanted)), encoding="utf-8")

    assert "providers" not in described(store / "model")["flavors"]["onnx"]
    assert (150, 2) == runyard.pyfunc.load_model("model").predict(ARRAY[:, :3])["y"].shape


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"onnx_execution_providers": "CPUExecutionProvider"}, "list of names"),
        ({"onnx_execution_providers": [("CPUExecutionProvider",)]}, "list of names"),
        ({"onnx_session_options": [1]}, "is a dictionary"),
        ({"onnx_session_options": {"nonsense": 1}}, "execution_mode.*not nonsense"),
        ({"onnx_session_options": {"execution_mode": "both"}}, "sequential, parallel"),
        ({"onnx_session_options": {"graph_optimization_level": 7}}, "0, 1, 2, 99"),
        ({"onnx_session_options": {"inter_op_num_threads": "four"}}, "number of threads"),
        ({"onnx_session_options": {"extra_session_config": "a=b"}}, "dictionary of onnxruntime's own keys"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], told: str, store: Path) -> None:
    """Before anything is written."""
    with pytest.raises(InvalidParameter, match=told):
        runyard.onnx.save_model(layer(), "model", **NONE, **options)

    assert not (store / "model").exists()
