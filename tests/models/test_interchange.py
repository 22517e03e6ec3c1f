"""Models saved with Runyard are loaded by MLflow and the other way round, with the same answers."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.clients import real_client
from tests.support.programs import forked_python

pytestmark = [pytest.mark.compat, pytest.mark.slow]

SCRIPT = Path(__file__).with_name("interchange_script.py")
KINDS = {"arrays", "chances", "function", "line", "loader", "pipeline", "python"}
WITH = {"mlskinny3": {"skops"}, "mlflow2": set[str]()}
LOADED = ("pandas", "sklearn.linear_model", "sklearn.pipeline", "skops.io")
"""What ours import: they are forks of a Python that has, since that takes most of the time."""


def _run(python: Path, module: str, action: str, folder: Path) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    command = [str(python), str(SCRIPT), module, action, str(folder)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1]) if action == "load" else {}


def _compare(folder: Path, answers: dict[str, Any]) -> None:
    for name, answer in answers.items():
        expected = json.loads((folder / name / "expected.json").read_text(encoding="utf-8"))
        is_text = isinstance(expected[0], str)
        assert answer == (expected if is_text else [pytest.approx(row, rel=1e-12) for row in expected]), name


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models of every kind, saved with Runyard."""
    folder = tmp_path_factory.mktemp("ours")
    _run(forked_python(LOADED), "runyard", "save", folder)
    return folder


@pytest.mark.parametrize("client", WITH)
def test_mlflow_loads_what_we_save(client: str, ours: Path, tmp_path: Path) -> None:
    """Neither file of MLflow's own asks for Runyard, and every model gives the numbers it gave with us."""
    kept = tmp_path / "models"
    for name in KINDS | WITH[client]:
        shutil.copytree(ours / name, kept / name)
    answers = _run(real_client(client), "mlflow", "load", kept)
    assert answers.keys() == KINDS | WITH[client]
    _compare(ours, answers)
    for name in KINDS:
        assert "runyard" not in (ours / name / "MLmodel").read_text(encoding="utf-8")


@pytest.mark.parametrize("client", WITH)
def test_we_load_what_mlflow_saves(client: str, tmp_path: Path) -> None:
    """Without MLflow installed, every model gives the numbers it gave there."""
    folder = tmp_path / "theirs"
    _run(real_client(client), "mlflow", "save", folder)
    answers = _run(forked_python(LOADED), "runyard", "load", folder)
    assert answers.keys() == {*KINDS, *WITH[client], "code"}
    _compare(folder, answers)
