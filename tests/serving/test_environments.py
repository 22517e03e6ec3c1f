"""Environments of models: serving and predicting simply work, in an environment with what the model asks for."""

import json
import os
import zipfile
from pathlib import Path

import pandas as pd
import pytest

import runyard
from runyard.environments.own_wheel import own_requirement
from runyard.serving.requirements import wanted_environment
from tests.projects.wheels import wheel
from tests.support.programs import start_command

ROWS = pd.DataFrame({"a": [1.0, 2.0]})


def _models(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """The exit code of a command, what it printed, and its errors."""
    own = {**os.environ, "RUNYARD_ENV_ROOT": str(folder / "environments")}
    return start_command("models", *arguments, folder=folder, environment=own, loaded=("runyard.cli.main",)).finish()


def test_what_is_not_a_model_is_refused_before_anything_is_prepared(tmp_path: Path) -> None:
    """The environment would take a minute, and be for nothing."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "silent").mkdir()
    (tmp_path / "silent" / "MLmodel").write_text("flavors: {other: {}}\n")
    for name, says in (("empty", "no file called MLmodel"), ("silent", "no flavor 'python_function'")):
        for verb in ("serve", "predict", "prepare-env"):
            code, _, errors = _models(tmp_path, verb, "-m", name)
            assert (1, True) == (code, says in errors), errors
    assert not (tmp_path / "environments").exists()


@pytest.mark.slow
@pytest.mark.timeout(320)
def test_a_model_predicts_without_any_option(tmp_path: Path) -> None:
    """uv makes the environment, which is told as it goes on; Runyard itself is the one that runs here."""
    runyard.pyfunc.save_model(
        tmp_path / "model", python_model=lambda rows: (rows["a"] + 1).tolist(), input_example=ROWS
    )
    code, answer, errors = _models(tmp_path, "predict", "-m", "model", "-i", "model/serving_input_example.json")
    assert code == 0, errors
    assert json.loads(answer) == {"predictions": [pytest.approx(2.0), pytest.approx(3.0)]}
    assert "with uv: Python" in errors
    assert "Resolved" in errors
    _, answer, errors = _models(tmp_path, "prepare-env", "-m", "model")
    assert "Using the environment" in errors
    assert answer.startswith("Ready: ")


def test_this_runyard_is_packed_from_where_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No index has it; the wheel is whole, and the same content is packed once."""
    monkeypatch.setenv("RUNYARD_ENV_ROOT", str(tmp_path))
    line = own_requirement()
    assert line == own_requirement()
    (packed,) = tmp_path.rglob("*.whl")
    assert line == f"runyard @ {packed.as_uri()}"
    with zipfile.ZipFile(packed) as opened:
        names = set(opened.namelist())
    assert "runyard/__init__.py" in names
    assert any(name.startswith("runyard/_web/templates/") for name in names)
    assert any(name.startswith("runyard/_migrations/") for name in names)
    assert any(name.endswith(".dist-info/METADATA") for name in names)


def test_paths_in_requirements_start_at_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel that travels with the model is found wherever the command is run."""
    monkeypatch.setenv("RUNYARD_ENV_ROOT", str(tmp_path / "environments"))
    runyard.pyfunc.save_model(
        tmp_path / "model", python_model=len, pip_requirements=[str(wheel(tmp_path, "tiny", "1.0")), "mlflow==3.1"]
    )
    wanted = wanted_environment(tmp_path / "model")
    assert str(tmp_path / "model" / "wheels" / "tiny-1.0-py3-none-any.whl") in wanted.requirements
    assert not any(line.startswith("mlflow") for line in wanted.requirements)
    assert any(line.startswith("runyard @ file:") for line in wanted.requirements)
