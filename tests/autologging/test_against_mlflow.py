"""Trainings under automatic logging leave behind what they leave with MLflow: one script, run with both."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(320)]

ROOT = Path(__file__).resolve().parents[1]
RECORDED: dict[str, Any] = json.loads(
    (ROOT / "recorded" / "autolog-script-mlflow-3.17.2.json").read_text(encoding="utf-8")
)
PARTS = sorted(RECORDED["parts"])
SHARES = [PARTS[start::3] for start in range(3)]
"""A process trains several parts, since most of its time is for starting."""


@pytest.mark.parametrize("parts", SHARES, ids=lambda parts: "+".join(parts))
def test_runs_models_and_files_are_those_of_mlflow(parts: list[str], tmp_path: Path) -> None:
    """Params, metrics, tags, files, datasets, child runs and logged models are the same; metrics agree to 1e-9."""
    script = ROOT / "compat" / "autolog_script.py"
    command = [sys.executable, str(script), "runyard", f"sqlite:///{tmp_path}/runs.db", str(tmp_path), *parts]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])["parts"]
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
