"""Models on devices: chosen when they are loaded; one that was saved on a GPU loads without it."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import runyard
from runyard.exceptions import InvalidParameter
from runyard.models import infer_signature
from tests.flavors.examples import examples_of
from tests.pytorch.examples import PICKLE, ROWS

NONE: dict[str, Any] = {"pip_requirements": []}
_BY_NAME = {example.name: example for example in examples_of("pytorch")}

pytestmark = [pytest.mark.timeout(600), pytest.mark.skipif(torch.cuda.is_available(), reason="There is a GPU here")]


def _rewritten(file: Path, change: Callable[[str, bytes], bytes]) -> None:
    with zipfile.ZipFile(file) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in entries.items():
            archive.writestr(name, change(name, content))


def _tensors_on_cuda(name: str, content: bytes) -> bytes:
    return content.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0") if name.endswith(".pkl") else content


def _program_on_cuda(name: str, content: bytes) -> bytes:
    return content.replace(b'{"type": "cpu", "index": null}', b'{"type": "cuda", "index": 0}')


@pytest.mark.parametrize("name", ["pickled", "scripted", "exported"])
def test_a_model_saved_on_a_gpu_loads_without_one(name: str, store: Path) -> None:
    """Its files name the device that its tensors were on."""
    example = _BY_NAME[name]
    model = example.train()
    expected = example.native(model, ROWS)
    runyard.pytorch.save_model(model, "model", **NONE, **example.options)
    (file,) = Path("model", "data").glob("model.*")
    before = file.read_bytes()
    _rewritten(file, _program_on_cuda if name == "exported" else _tensors_on_cuda)
    assert b"cuda" in file.read_bytes()
    assert b"cuda" not in before

    np.testing.assert_allclose(example.native(runyard.pytorch.load_model("model"), ROWS), expected, rtol=1e-5)
    np.testing.assert_allclose(runyard.pyfunc.load_model("model").predict(ROWS), expected, rtol=1e-5)


def test_the_device_is_chosen_at_load(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the function, by the configuration of the pyfunc, or by the environment."""
    runyard.pytorch.save_model(_BY_NAME["pickled"].train(), "model", **NONE, **PICKLE)

    assert {one.device.type for one in runyard.pytorch.load_model("model", device="meta").parameters()} == {"meta"}
    loaded = runyard.pyfunc.load_model("model", model_config={"device": "cpu"})
    assert loaded.get_raw_model().training is False
    monkeypatch.setenv("MLFLOW_DEFAULT_PREDICTION_DEVICE", "cuda:3")
    with pytest.raises(InvalidParameter, match="no device 'cuda:3'"):
        runyard.pyfunc.load_model("model")
    assert runyard.pyfunc.load_model("model", model_config={"device": "cpu"}).predict(ROWS).shape == (40, 2)


@pytest.mark.parametrize("device", ["cuda", "mps", "somewhere"])
def test_a_device_that_is_not_here_is_refused(device: str, store: Path) -> None:
    """The message names it."""
    runyard.pytorch.save_model(_BY_NAME["pickled"].train(), "model", **NONE, **PICKLE)

    with pytest.raises(InvalidParameter, match=device):
        runyard.pytorch.load_model("model", device=device)


def test_the_device_is_no_parameter_of_predicting(store: Path) -> None:
    """The message says where it is chosen."""
    model = _BY_NAME["custom"].train()
    signature = infer_signature(ROWS, ROWS[:, :2], params={"device": "cpu"})
    runyard.pytorch.save_model(model, "model", signature=signature, **NONE, **PICKLE)

    pyfunc = runyard.pyfunc.load_model("model")
    with pytest.raises(InvalidParameter, match="model_config="):
        pyfunc.predict(ROWS, {"device": "cpu"})
