"""Models written in Python: classes, functions, scripts and loaders."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel

import runyard
from runyard import pyfunc
from runyard.exceptions import InvalidParameter, RunyardException
from runyard.models import ModelConfig, infer_signature

NONE: dict[str, Any] = {"pip_requirements": []}
ROWS = pd.DataFrame({"a": [1.0, 2.0]})


class Scaled(pyfunc.PythonModel):
    """Multiplies by what its file and its configuration say."""

    def load_context(self, context: pyfunc.PythonModelContext) -> None:
        """Read the factor."""
        self.factor = float(Path(context.artifacts["factor"]).read_text(encoding="utf-8"))
        self.configured = context.model_config.get("extra", 0) if context.model_config else 0

    def predict(self, context: pyfunc.PythonModelContext, model_input: Any, params: Any = None) -> Any:
        """The column, multiplied, and what is to be added."""
        return (model_input["a"] * self.factor + self.configured + (params or {}).get("add", 0)).tolist()

    def predict_stream(self, context: pyfunc.PythonModelContext, model_input: Any, params: Any = None) -> Any:
        """The rows, one by one."""
        yield from self.predict(context, model_input, params)


@pytest.fixture
def scaled(store: Path) -> Path:
    """The folder of a saved model with a file."""
    (store / "factor.txt").write_text("10", encoding="utf-8")
    signature = infer_signature(ROWS, [1.0], params={"add": 0.0})
    artifacts = {"factor": str(store / "factor.txt")}
    pyfunc.save_model(
        store / "model",
        python_model=Scaled(),
        artifacts=artifacts,
        signature=signature,
        model_config={"extra": 1},
        **NONE,
    )
    (store / "factor.txt").unlink()
    return store / "model"


def test_a_class_predicts_with_its_files_configuration_and_params(scaled: Path) -> None:
    """The files were copied; the configuration can be overridden, params have defaults."""
    model = pyfunc.load_model(str(scaled))
    assert model.predict(ROWS) == [11, 21]
    assert model.predict(ROWS, params={"add": 0.5}) == [11.5, 21.5]
    assert list(model.predict_stream(ROWS)) == [11, 21]
    assert pyfunc.load_model(str(scaled), model_config={"extra": 2}).predict(ROWS) == [12, 22]
    assert isinstance(model.unwrap_python_model(), Scaled)
    assert model.metadata.signature is not None
    assert model.loader_module == "mlflow.pyfunc.model"


def test_input_that_does_not_fit_the_signature_is_refused(scaled: Path) -> None:
    """The message names the column or the parameter."""
    model = pyfunc.load_model(str(scaled))
    with pytest.raises(RunyardException, match="a"):
        model.predict(pd.DataFrame({"b": [1.0]}))
    with pytest.raises(RunyardException, match=r"'?a'?"):
        model.predict(pd.DataFrame({"a": ["text"]}))
    with pytest.raises(RunyardException, match="add"):
        model.predict(ROWS, params={"add": "much"})


class Point(BaseModel):
    """A point of the plane."""

    x: float
    y: float = 0


def test_hints_say_what_the_input_is(store: Path) -> None:
    """Rows become objects of the hinted class; the signature comes from the hints; others are refused."""

    class Far(pyfunc.PythonModel):
        def predict(self, model_input: list[Point]) -> list[float]:  # type: ignore[override]
            return [point.x + point.y for point in model_input]

    pyfunc.save_model("model", python_model=Far(), input_example=[Point(x=1)], **NONE)
    model = pyfunc.load_model("model")
    assert model.predict([{"x": 1, "y": 2}, {"x": 3}]) == [3, 3]
    assert model.predict(pd.DataFrame({"x": [1.0], "y": [2.0]})) == [3]
    assert model.metadata.signature is not None
    assert model.metadata.signature.inputs is not None
    assert [column.name for column in model.metadata.signature.inputs] == ["x", "y"]
    with pytest.raises(InvalidParameter, match="x"):
        model.predict([{"y": 1}])


def test_functions_with_and_without_hints(store: Path) -> None:
    """A plain function is a model; one with hints has a signature."""
    pyfunc.save_model("plain", python_model=lambda model_input: len(model_input), **NONE)
    assert pyfunc.load_model("plain").predict(ROWS) == 2

    def shout(lines: list[str]) -> list[str]:
        return [line.upper() for line in lines]

    pyfunc.save_model("hinted", python_model=shout, **NONE)
    model = pyfunc.load_model("hinted")
    assert model.predict(["a"]) == ["A"]
    assert model.unwrap_python_model()(["b"]) == ["B"]


def test_a_script_defines_a_model(store: Path) -> None:
    """It is run when the model is loaded, with the configuration of that time; a copy is part of the model."""
    script = (
        "from runyard.models import ModelConfig, set_model\nfrom runyard.pyfunc import PythonModel\n"
        "factor = ModelConfig(development_config='dev.yaml').get('factor')\n"
        "class Scaled(PythonModel):\n"
        "    def predict(self, context, model_input, params=None):\n"
        "        return [value * factor for value in model_input['a']]\n"
        "set_model(Scaled())\n"
    )
    Path("dev.yaml").write_text("factor: 2\n", encoding="utf-8")
    Path("model.py").write_text(script, encoding="utf-8")
    pyfunc.save_model("saved", python_model="model.py", model_config={"factor": 3}, **NONE)
    Path("model.py").unlink()
    assert pyfunc.load_model("saved").predict(ROWS) == [3, 6]
    assert pyfunc.load_model("saved", model_config={"factor": 4}).predict(ROWS) == [4, 8]
    assert ModelConfig(development_config="dev.yaml").get("factor") == 2


def test_a_configuration_that_comes_back_as_something_else_is_refused(store: Path) -> None:
    """Numbers of numpy come back as numbers, paths as texts; an object would not come back at all."""
    given = {"rate": np.float32(0.5), "file": Path("a.txt"), "key": b"k"}
    pyfunc.save_model("model", python_model=len, model_config=given, **NONE)
    assert pyfunc.load_model("model").model_config == {"rate": 0.5, "file": "a.txt", "key": b"k"}
    with pytest.raises(InvalidParameter, match=r"model_config\['a'\]\[0\] holds object"):
        pyfunc.save_model("other", python_model=len, model_config={"a": [object()]}, **NONE)
    assert not Path("other").exists()


def test_a_model_takes_the_configuration_it_was_saved_with(store: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Values are overridden; a key nobody saved it with is a misspelling, which is said and left out."""

    class Told(pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return [context.model_config]

    pyfunc.save_model("saved", python_model=Told(), model_config={"size": 1, "kind": "a"}, **NONE)
    model = pyfunc.load_model("saved", model_config={"size": 2, "unknown": 3})
    assert (model.predict([0]), model.model_config) == ([{"size": 2, "kind": "a"}], {"size": 2, "kind": "a"})
    assert "does not take 'unknown' in its configuration" in caplog.text
    pyfunc.save_model("bare", python_model=Told(), **NONE)
    assert pyfunc.load_model("bare", model_config={"size": 2}).predict([0]) == [{}]
    assert "saved without model_config" in caplog.text


def test_a_script_without_a_configuration_says_so(store: Path) -> None:
    """Run by hand it takes the development's; saved as a model it takes the model's, and not that of one machine."""
    script = (
        "from runyard.models import ModelConfig, set_model\nconfig = ModelConfig(development_config={'a': 1})\n"
        "def told(model_input):\n    return [config.to_dict()]\nset_model(told)\n"
    )
    Path("model.py").write_text(script, encoding="utf-8")
    with pytest.raises(InvalidParameter, match="save it with model_config"):
        pyfunc.save_model("saved", python_model="model.py", **NONE)
    config = ModelConfig(development_config={"a": 1})
    assert (config.get("a"), config.to_dict()) == (1, {"a": 1})
    with pytest.raises(KeyError, match="has no 'b'; it has a"):
        config.get("b")
    for none in (None, "nowhere.yaml"):
        with pytest.raises(FileNotFoundError, match="a dictionary or a file"):
            ModelConfig(development_config=none)


def test_scripts_that_define_nothing_or_fail_are_refused(store: Path) -> None:
    """The message names the script and the reason."""
    for text, says in (("x = 1\n", "set_model"), ("1 / 0\n", "ZeroDivisionError"), ("x = (\n", "")):
        Path("bad.py").write_text(text, encoding="utf-8")
        with pytest.raises(RunyardException, match=r"bad\.py") as refused:
            pyfunc.save_model("saved", python_model="bad.py", **NONE)
        assert says in refused.value.message
    with pytest.raises(RunyardException, match=r"nowhere\.py"):
        pyfunc.save_model("saved", python_model="nowhere.py", **NONE)


def test_a_loader_reads_its_data_with_code_of_its_own(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The code travels with the model."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    Path("tripling_loader.py").write_text(
        "import pathlib\nclass Model:\n    def __init__(self, factor):\n        self.factor = factor\n"
        "    def predict(self, data):\n        return data['a'] * self.factor\n"
        "def _load_pyfunc(path):\n    return Model(float(pathlib.Path(path).read_text()))\n",
        encoding="utf-8",
    )
    Path("factor.txt").write_text("3", encoding="utf-8")
    pyfunc.save_model(
        "saved", loader_module="tripling_loader", data_path="factor.txt", code_paths=["tripling_loader.py"], **NONE
    )
    Path("tripling_loader.py").unlink()
    answer = pyfunc.load_model("saved").predict(ROWS)
    assert np.asarray(answer).tolist() == [3, 6]


def test_a_missing_package_is_named(store: Path) -> None:
    """Loading says which module is missing, and where the model's requirements are."""
    pyfunc.save_model("saved", python_model=lambda model_input: 1, **NONE)
    described = Path("saved/MLmodel").read_text(encoding="utf-8")
    Path("saved/MLmodel").write_text(
        described.replace("mlflow.pyfunc.model", "no_such_library.loader"), encoding="utf-8"
    )
    with pytest.raises(RunyardException, match=r"'no_such_library'.*requirements\.txt"):
        pyfunc.load_model("saved")
    Path("saved/MLmodel").write_text(described.replace("mlflow.pyfunc.model", "mlflow.mleap"), encoding="utf-8")
    with pytest.raises(RunyardException, match="no such flavor"):
        pyfunc.load_model("saved")


def test_dependencies_are_given_as_files(store: Path) -> None:
    """For pip and for conda; versions that differ from those installed are reported."""
    pyfunc.save_model("saved", python_model=lambda model_input: 1, pip_requirements=["numpy==1.0", "pandas"])
    assert Path(pyfunc.get_model_dependencies("saved")).read_text(encoding="utf-8").splitlines()[-2:] == [
        "numpy==1.0",
        f"pandas=={pd.__version__}",
    ]
    assert "dependencies" in Path(pyfunc.get_model_dependencies("saved", "conda")).read_text(encoding="utf-8")
    with pytest.raises(InvalidParameter, match="'nix'"):
        pyfunc.get_model_dependencies("saved", "nix")


def test_older_names_of_arguments_work(store: Path) -> None:
    """Scripts of MLflow 2 pass the artifact path first."""
    with runyard.start_run() as run:
        pyfunc.log_model("model", python_model=lambda model_input: 1, **NONE)
    assert pyfunc.load_model(f"runs:/{run.info.run_id}/model").predict(ROWS) == 1
