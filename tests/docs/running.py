"""Runs the examples of a page as a reader would."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import UNCHECKED, Example, examples
from tests.support.environments import environment

_ADDRESS = "http://127.0.0.1:5000"


def run_page(page: Path, folder: Path, address: str = _ADDRESS) -> None:
    """Run the examples of a page, one after the other.

    Parameters
    ----------
    folder: The working directory.
    address: The server that they find where the pages say that one is.
    """
    for example in examples(page):
        if example.language not in UNCHECKED and example.reason_not_to_run is None:
            _run(example, folder, address)


def _run(example: Example, folder: Path, address: str) -> None:
    code = example.code.replace(_ADDRESS, address)
    if example.language == "python":
        python = str(environment("mlskinny3")) if "with-mlflow" in example.notes else sys.executable
        command = [python, "-W", "error::DeprecationWarning:__main__", "-c", code]
    elif example.language == "bash":
        command = ["bash", "-euo", "pipefail", "-c", code]
    else:
        pytest.fail(f"{example.page}:{example.line}: do not know how to run {example.language!r}")
    done = subprocess.run(
        command, cwd=folder, env=_reader_environment(folder), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"{example.page}:{example.line}\n{done.stdout}\n{done.stderr}"


def _reader_environment(folder: Path) -> dict[str, str]:
    """What a reader's shell has: no settings of ours yet, and `runyard` on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RUNYARD_", "MLFLOW_"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)])
    return {**kept, "PATH": path, "HOME": str(folder)}
