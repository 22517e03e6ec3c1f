"""Saving modules of PyTorch: formats, examples, what is refused."""

import importlib
import logging
import pickle
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
import pytest
import torch

import runyard
from runyard.exceptions import InvalidParameter
from runyard.models import infer_signature
from runyard.pytorch import pickle_module
from tests.flavors.examples import described
from tests.pytorch import nets
from tests.pytorch.examples import PICKLE, ROWS, TABLE, trained

NONE: dict[str, Any] = {"pip_requirements": []}

pytestmark = pytest.mark.timeout(600)


def _save(model: Any, **options: Any) -> Path:
    runyard.pytorch.save_model(model, "model", **NONE, **options)
    return Path("model")


def _outputs(model: Any, *rows: Any) -> Any:
    with torch.no_grad():
        return model(*(torch.from_numpy(one) for one in rows or (ROWS,))).numpy()


@pytest.mark.parametrize("rows", [ROWS[:4], ROWS[:1], torch.from_numpy(ROWS[:4])], ids=["four", "one", "tensor"])
def test_an_example_of_arrays_exports_the_module(rows: Any, store: Path) -> None:
    """The program takes any number of rows, whatever the example has, and needs no class; the mode of the module is
    what it was."""
    model = trained(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Dropout(0.5)))
    expected = _outputs(model)
    folder = _save(model.train(), input_example=rows)

    assert (folder / "data" / "model.pt2").exists()
    assert model.training
    assert described(folder)["signature"]["inputs"].count("-1") == 1
    for count in (1, 2, 40):
        np.testing.assert_allclose(
            runyard.pyfunc.load_model("model").predict(ROWS[:count]), expected[:count], rtol=1e-5, atol=1e-6
        )


def test_a_module_of_several_tensors_is_exported(store: Path) -> None:
    """Its arguments are named in the signature. A pyfunc would give them by name, so there is none."""
    model = trained(nets.Two(), ROWS, ROWS)
    folder = _save(model, input_example=(torch.from_numpy(ROWS[:3]), torch.from_numpy(ROWS[:3])))

    assert list(described(folder)["flavors"]) == ["pytorch"]
    assert '"name": "left"' in described(folder)["signature"]["inputs"]
    loaded = runyard.pytorch.load_model("model")
    np.testing.assert_allclose(_outputs(loaded, ROWS, ROWS), _outputs(model, ROWS, ROWS), rtol=1e-5)


@pytest.mark.parametrize("options", [{}, PICKLE], ids=["exported", "pickled"])
def test_tensors_have_names_in_a_dictionary(options: dict[str, Any], store: Path) -> None:
    """A pyfunc takes the arguments of the module by name."""
    model = trained(nets.Two(), ROWS, ROWS)
    rows = {"left": ROWS, "right": ROWS}
    _save(model, input_example={name: part[:2] for name, part in rows.items()}, **options)

    predicted = runyard.pyfunc.load_model("model").predict(rows)
    np.testing.assert_allclose(predicted, _outputs(model, ROWS, ROWS), rtol=1e-5, atol=1e-6)


def test_a_dictionary_of_tensors_is_one_of_arrays(store: Path) -> None:
    """Each has its name in the signature, too."""
    folder = _save(nets.Named().eval(), input_example=ROWS[:2], **PICKLE)

    predicted = runyard.pyfunc.load_model("model").predict(ROWS)
    assert {"scores": (40, 2), "best": (40,)} == {name: part.shape for name, part in predicted.items()}
    assert "scores" in described(folder)["signature"]["outputs"]


@pytest.mark.parametrize(
    ("model", "options", "reason"),
    [
        (nets.Net(), {}, "give an input_example"),
        (nets.Net(), {"input_example": TABLE[:2]}, "give an input_example"),
        (nets.Net(), {"input_example": (ROWS[:2], {"scale": 2.0})}, "without parameters"),
        (nets.Branching(), {"input_example": ROWS[:2]}, "cannot be exported"),
    ],
)
def test_what_cannot_be_exported_is_pickled(
    model: Any, options: dict[str, Any], reason: str, store: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A warning says why, and what the files may do; who asks for the exported format gets an error."""
    with caplog.at_level(logging.WARNING, logger="runyard"):
        folder = _save(model.eval(), **options)

    assert (folder / "data" / "model.pth").exists()
    assert not (folder / "data" / "model.pt2").exists()
    assert reason in caplog.text
    with pytest.raises(InvalidParameter, match="serialization format 'pickle'"):
        runyard.pytorch.save_model(model, "other", serialization_format="pt2", **NONE, **options)
    assert not Path("other").exists()


@pytest.mark.parametrize("module", [pickle, cloudpickle], ids=["pickle", "cloudpickle"])
def test_a_module_for_pickling_may_be_given(module: ModuleType, store: Path) -> None:
    """Its name is kept; models that were written with it are read."""
    model = trained(torch.nn.Linear(3, 2))
    folder = _save(model, pickle_module=module)

    assert described(folder)["flavors"]["python_function"]["pickle_module_name"] == module.__name__
    np.testing.assert_allclose(_outputs(runyard.pytorch.load_model("model")), _outputs(model))


def test_the_module_that_pickled_a_model_may_be_missing(store: Path) -> None:
    """The error names it."""
    folder = _save(torch.nn.Linear(3, 2), **PICKLE)
    (folder / "data" / "pickle_module_info.txt").write_text("dill_of_theirs")

    with pytest.raises(runyard.RunyardException, match="'dill_of_theirs', which is not installed"):
        runyard.pytorch.load_model("model")
    assert runyard.pytorch.load_model("model", pickle_module=pickle_module).in_features == 3


def test_code_and_files_go_along(store: Path) -> None:
    """A module's class comes from its own code; older programs name a file of requirements."""
    Path("own_net.py").write_text(Path(nets.__file__).read_text())
    Path("needed.txt").write_text("torch\nnumpy\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(store))
        model = importlib.import_module("own_net").Net()
        options = {"code_paths": ["own_net.py"], "extra_files": ["needed.txt"], "requirements_file": "needed.txt"}
        runyard.pytorch.save_model(model, "model", **options, **PICKLE)
        del sys.modules["own_net"]
    Path("own_net.py").unlink()

    settings = described(Path("model"))["flavors"]["pytorch"]
    assert ("code", [{"path": "extra_files/needed.txt"}]) == (settings["code"], settings["extra_files"])
    needed = Path("model", "requirements.txt").read_text()
    assert "numpy==" in needed
    assert "cloudpickle" not in needed
    np.testing.assert_allclose(_outputs(runyard.pytorch.load_model("model")), _outputs(model))


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ({"weight": 1}, {}, "is a torch.nn.Module, not dict"),
        (nets.Net(), {"serialization_format": "onnx"}, "use pt2 or pickle"),
        (nets.Net(), {"serialization_format": "pickle", "export_model": True}, "export_model=True means"),
        (nets.Unpicklable(), {"serialization_format": "pickle"}, "cannot be pickled"),
    ],
)
def test_what_cannot_be_saved_is_refused(model: Any, options: dict[str, Any], message: str, store: Path) -> None:
    """Nothing is left of the folder."""
    with pytest.raises(InvalidParameter, match=message):
        _save(model, **options)
    assert not Path("model").exists()


def test_a_signature_fixes_the_number_of_rows(store: Path) -> None:
    """Its dimensions that are not -1 are those of the program."""
    model = trained(torch.nn.Linear(3, 2))
    signature = infer_signature(ROWS[:4])
    signature.inputs.inputs[0].shape = (4, 3)  # type: ignore[union-attr]
    _save(model, input_example=ROWS[:4], signature=signature)

    loaded = runyard.pyfunc.load_model("model")
    assert loaded.predict(ROWS[:4]).shape == (4, 2)
    with pytest.raises(InvalidParameter):
        loaded.predict(ROWS[:3])


def test_frames_keep_their_index(store: Path) -> None:
    """Rows of a table come back as rows of one; in whatever precision the module computes."""
    model = trained(torch.nn.Linear(3, 2))
    _save(model.double(), **PICKLE)
    loaded = runyard.pyfunc.load_model("model")

    predicted = loaded.predict(TABLE.set_index(pd.Index(range(100, 140))))
    assert list(predicted.index) == list(range(100, 140))
    np.testing.assert_allclose(loaded.predict(TABLE.to_numpy().tolist()), predicted.to_numpy(), rtol=1e-5)
    with pytest.raises(InvalidParameter, match="is numbers"):
        loaded.predict(pd.DataFrame({"a": ["x"], "b": ["y"], "c": ["z"]}))


def test_outputs_without_a_form_are_refused(store: Path) -> None:
    """The message says what to give instead."""
    _save(nets.Pair(), **PICKLE)

    with pytest.raises(InvalidParameter, match="gives tuple; a pyfunc needs a tensor"):
        runyard.pyfunc.load_model("model").predict(ROWS)
