"""Models of every flavor beside a real mlflow, which is installed in the environment of each family."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runyard.models.flavor import Flavor
from tests.flavors.collected import ALL, every_flavor
from tests.flavors.examples import Example, described, paths, same

SCRIPT = Path(__file__).with_name("interchange_script.py")
_MASKED = {"python_version", "mlflow_version"}
_MADE_UP = re.compile(r"(?<=_)[0-9a-f]{12}|(?<=part-)[0-9a-f-]{30,}(?:-c\d+)?")
"""Parts of names that Spark makes up."""

pytestmark = [pytest.mark.slow, pytest.mark.compat, pytest.mark.timeout(600)]


@every_flavor
def test_mlflow_loads_what_we_save(flavor: Flavor, example: Example, store: Path) -> None:
    """With equal predictions, as its own flavor's object and as a pyfunc; no file of ours asks for Runyard."""
    _script("runyard", "save", flavor, store)
    for folder in store.glob("*/MLmodel"):
        assert "runyard" not in folder.read_text(encoding="utf-8")

    _compare(_script("mlflow", "load", flavor, store), flavor, store)


@every_flavor
def test_we_load_what_mlflow_saves(flavor: Flavor, example: Example, store: Path) -> None:
    """With equal predictions; what we write of the same model has the same files, and the same keys and values."""
    theirs, ours = store / "theirs", store / "ours"
    _script("mlflow", "save", flavor, theirs)
    _script("runyard", "save", flavor, ours)

    _compare(_script("runyard", "load", flavor, theirs), flavor, theirs)
    for folder in theirs.iterdir():
        model = next(one for other, one in ALL if other == flavor and one.name == folder.name)
        assert _files(folder) == _files(ours / folder.name)
        for name, settings in described(folder)["flavors"].items():
            left_out = _MASKED | model.differing
            written = described(ours / folder.name)["flavors"][name]
            assert _in_order(settings, left_out) == _in_order(written, left_out), f"{folder.name}/{name}"


def _in_order(settings: dict[str, Any], left_out: set[str] | frozenset[str]) -> dict[str, Any]:
    """Settings less some, with lists of texts sorted: MLflow writes some of them in any order."""
    kept = {key: value for key, value in settings.items() if key not in left_out}
    texts = {
        key for key, value in kept.items() if isinstance(value, list) and all(isinstance(one, str) for one in value)
    }
    return {key: sorted(value) if key in texts else value for key, value in kept.items()}


def _files(folder: Path) -> set[str]:
    found = (str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
    return {_MADE_UP.sub("…", name) for name in found}


def _script(module: str, action: str, flavor: Flavor, folder: Path) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    name = flavor.module.rpartition(".")[2]
    command = [sys.executable, str(SCRIPT), module, action, name, str(folder)]
    done = subprocess.run(
        command, cwd=folder, env=os.environ | paths(), capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answers: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answers


def _compare(answers: dict[str, Any], flavor: Flavor, folder: Path) -> None:
    tried = [example for other, example in ALL if other == flavor]
    assert answers.keys() == {example.name for example in tried}
    for example in tried:
        expected = json.loads((folder / example.name / "expected.json").read_text(encoding="utf-8"))
        for predicted in answers[example.name].values():
            same(predicted, expected, example)
