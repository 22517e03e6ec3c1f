"""Trainings under automatic logging leave behind what they leave with MLflow: one script, run with both."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.programs import INFERENCE, forked_python

pytestmark = [pytest.mark.slow, pytest.mark.timeout(620)]

ROOT = Path(__file__).resolve().parents[1]
RECORDED: dict[str, Any] = json.loads(
    (ROOT / "recorded" / "autolog-script-mlflow-3.17.2.json").read_text(encoding="utf-8")
)
PARTS = sorted(RECORDED["parts"])
SHARES = [PARTS[start::3] for start in range(3)]


LOADED = ("pandas", "scipy.sparse", "sklearn.ensemble", "sklearn.linear_model", "sklearn.model_selection", "skops.io")
"""What the script imports, and the processes that infer the requirements of its models: they are forks."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each part leaves behind. One process trains all of them, since much of its time is for starting."""
    script, folder = ROOT / "compat" / "autolog_script.py", tmp_path_factory.mktemp("trained")
    command = [
        str(forked_python(LOADED, modules=(INFERENCE,))),
        str(script),
        "runyard",
        f"sqlite:///{folder}/runs.db",
        str(folder),
    ]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "RUNYARD_"))}
    own = {**clean, "RUNYARD_SPOOL_DIR": str(folder / "spool")}
    done = subprocess.run(command, env=own, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    parts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])["parts"]
    return parts


@pytest.mark.parametrize("parts", SHARES, ids=lambda parts: "+".join(parts))
def test_runs_models_and_files_are_those_of_mlflow(parts: list[str], seen: dict[str, Any]) -> None:
    """Params, metrics, tags, files, datasets, child runs and logged models are the same; metrics agree to 1e-9."""
    for part in parts:
        _compare(seen[part], RECORDED["parts"][part], part)


def _compare(seen: Any, wanted: Any, where: str) -> None:
    if where.endswith("/requirements"):
        # Packages that something uses only if it is installed may be missing where this was recorded.
        assert set(wanted) <= set(seen), where
        assert not {"runyard", "orjson"} & set(seen), where
    elif isinstance(wanted, dict):
        assert seen.keys() == wanted.keys(), where
        for key, value in wanted.items():
            _compare(seen[key], value, f"{where}/{key}")
    elif isinstance(wanted, list) and len(wanted) == len(seen):
        for number, value in enumerate(wanted):
            _compare(seen[number], value, f"{where}/{number}")
    elif isinstance(wanted, float):
        assert seen == pytest.approx(wanted, rel=1e-9, abs=1e-9), where
    else:
        assert seen == wanted, where
