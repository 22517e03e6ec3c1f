"""Runs the examples of a page as a reader would."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest

from tests.docs.pages import UNCHECKED, Example, examples
from tests.support.clients import real_client
from tests.support.programs import INFERENCE, forked_python, start_program

_ADDRESS = "http://127.0.0.1:5000"

_FIRST = (
    "__import__('warnings').filterwarnings('error', '', DeprecationWarning, '__main__$');"
    "__import__('sys').executable = __import__('shutil').which('python')\n"
)
"""The first line of examples: what will not work for long is shown to nobody, and their Python is that on the path."""

_LOADED = (
    *("pandas", "runyard.cli.main", "skops.io"),
    *("sklearn.datasets", "sklearn.linear_model", "sklearn.model_selection", "sklearn.tree"),
)
"""What examples import: they, and the `runyard` and `python` that they call, are forks of a Python that has."""


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
    code, place = example.code.replace(_ADDRESS, address), f"{example.page}:{example.line}"
    if example.language == "python" and "with-mlflow" not in example.notes:
        started = start_program(
            _FIRST + code, folder=folder, environment=_reader_environment(folder), loaded=(*_LOADED, INFERENCE)
        )
        status, out, errors = started.finish()
    elif example.language == "python":
        script = folder / "example.py"
        script.write_text(code, encoding="utf-8")
        status, out, errors = _ended([str(real_client()), str(script)], folder)
    elif example.language == "bash":
        status, out, errors = _ended(["bash", "-euo", "pipefail", "-c", code], folder)
    else:
        pytest.fail(f"{place}: do not know how to run {example.language!r}")
    assert status == 0, f"{place}\n{out}\n{errors}"


def _ended(command: list[str], folder: Path) -> tuple[int, str, str]:
    """Run a command to its end: its exit code, what it printed, and its errors."""
    done = subprocess.run(
        command, cwd=folder, env=_reader_environment(folder), capture_output=True, text=True, timeout=300
    )
    return done.returncode, done.stdout, done.stderr


def _reader_environment(folder: Path) -> dict[str, str]:
    """What a reader's shell has: no settings of ours yet, and `runyard` on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RUNYARD_", "MLFLOW_"))}
    folders = [
        forked_python(_LOADED, modules=(INFERENCE,)).parent,
        Path(sys.executable).parent,
        _commands(),
        kept.get("PATH", os.defpath),
    ]
    path = os.pathsep.join(map(str, folders))
    return {**kept, "PATH": path, "HOME": str(folder)}


@cache
def _commands() -> Path:
    """A folder with the command for an environment in which Runyard is only on Python's path, such as a family's."""
    folder = Path(tempfile.mkdtemp(prefix="runyard-commands-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    command = folder / "runyard"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m runyard "$@"\n')
    command.chmod(0o755)
    return folder
