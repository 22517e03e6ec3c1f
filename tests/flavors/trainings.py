"""Trainings with automatic logging, run with us and with a real mlflow: what each leaves behind."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.flavors.examples import paths

SCRIPT = Path(__file__).with_name("training_script.py")

Logged = dict[str, list[dict[str, Any]]]
"""Training → the runs it made."""


def logged_by_both(flavor: str, folder: Path) -> tuple[Logged, Logged]:
    """What the trainings in `tests/<flavor>/trainings.py` leave behind with us, and with mlflow."""
    started = [
        subprocess.Popen(
            [sys.executable, str(SCRIPT), module, flavor, str(folder)],
            cwd=folder,
            env=os.environ | paths(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for module in ("runyard", "mlflow")
    ]
    found = []
    for process in started:
        answer, said = process.communicate(timeout=500)
        assert process.returncode == 0, said[-3000:]
        found.append(json.loads(answer.splitlines()[-1]))
    return found[0], found[1]


def same_runs(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> None:
    """Check that the runs of a training have the same in everything, numbers as far as they are rounded."""
    assert len(ours) == len(theirs)
    for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        for part in other:
            _same(one[part], other[part], f"run {number}, {part}")


def _same(one: Any, other: Any, where: str) -> None:
    if isinstance(other, dict):
        assert one.keys() == other.keys(), where
        for key in other:
            _same(one[key], other[key], f"{where}, {key}")
    elif isinstance(other, list) and len(one) == len(other):
        for place, value in enumerate(other):
            _same(one[place], value, f"{where}, {place}")
    elif isinstance(other, float):
        assert one == pytest.approx(other, rel=1e-6), where
    else:
        assert one == other, where
