"""Commands of `runyard models` as functions of Python."""

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import runyard
from runyard.exceptions import InvalidParameter, RunyardException
from tests.support.programs import forked_python

pytestmark = pytest.mark.slow
_LOADED = ("pandas", "fastapi", "jinja2", "runyard.cli.main")


@pytest.fixture(autouse=True)
def forks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands are forks of a Python that has imported what they need."""
    monkeypatch.setattr(sys, "executable", str(forked_python(_LOADED)))


@pytest.fixture
def doubled(tmp_path: Path) -> str:
    """The folder of a model that doubles its column and names a variable."""
    script = tmp_path / "model.py"
    script.write_text(
        "import os\n"
        "from runyard.models import set_model\n"
        "from runyard.pyfunc import PythonModel\n"
        "class Doubled(PythonModel):\n"
        "    def predict(self, context, model_input, params=None):\n"
        "        return [f\"{2 * a}{os.environ.get('UNIT', '')}\" for a in model_input['a']]\n"
        "set_model(Doubled())\n"
    )
    folder = str(tmp_path / "doubled")
    runyard.pyfunc.save_model(folder, python_model=script, pip_requirements=[])
    return folder


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (pd.DataFrame({"a": [1, 2]}), "json"),
        ({"dataframe_split": {"columns": ["a"], "data": [[1], [2]]}}, "json"),
        ("a\n1\n2\n", "csv"),
    ],
)
def test_predict_takes_data_and_requests(
    doubled: str, given: Any, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is tried here is what the server will be asked."""
    runyard.models.predict(doubled, given, content_type=kind, env_manager="local", extra_envs={"UNIT": "m"})

    assert {"predictions": ["2m", "4m"]} == json.loads(capsys.readouterr().out)


def test_predict_from_file_to_file(doubled: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A batch leaves nothing on the screen."""
    (tmp_path / "in.json").write_text('{"dataframe_records": [{"a": 3}]}')
    out = tmp_path / "out.json"

    runyard.models.predict(doubled, input_path=tmp_path / "in.json", output_path=out, env_manager="local")

    assert ({"predictions": ["6"]}, "") == (json.loads(out.read_text()), capsys.readouterr().out)


def test_failures_are_errors_of_python(doubled: str) -> None:
    """The sentence that the command line shows, as an exception."""
    with pytest.raises(RunyardException, match="nowhere"):
        runyard.models.predict("nowhere", [{"a": 1}], env_manager="local")
    with pytest.raises(InvalidParameter, match="one of 'input_data' and 'input_path'"):
        runyard.models.predict(doubled)
    with pytest.raises(RunyardException, match=r"(?i)docker"):
        runyard.models.build_docker(doubled)


def test_requirements_of_a_saved_model_are_edited(doubled: str) -> None:
    """What was forgotten when it was saved is added without logging it anew."""
    assert "tomli==2.0.1" in runyard.models.update_model_requirements(doubled, "add", ["tomli==2.0.1"])
    assert "tomli==2.0.1" not in runyard.models.update_model_requirements(doubled, "remove", ["tomli"])
    with pytest.raises(InvalidParameter, match="never change"):
        runyard.models.update_model_requirements("models:/churn/1", "add", ["tomli"])
    with pytest.raises(InvalidParameter, match="'add' or 'remove'"):
        runyard.models.update_model_requirements(doubled, "drop", ["tomli"])


def test_inferred_code_paths_are_refused_with_what_to_use(tmp_path: Path) -> None:
    """A model without its code would fail where it is loaded."""
    with pytest.raises(InvalidParameter, match="in 'code_paths'"):
        runyard.pyfunc.save_model(str(tmp_path / "m"), python_model=lambda rows: rows, infer_code_paths=True)
