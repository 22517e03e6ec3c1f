"""`pytest --forks` runs every test once, and says what happened to it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.limits import ROOT

pytestmark = pytest.mark.timeout(300)

CONFTEST = """
import os, pathlib, pytest

@pytest.fixture(scope="session", autouse=True)
def noted(tmp_path_factory):
    yield
    (pathlib.Path(__file__).parent / f"ended-{os.getpid()}").touch()
"""
FIRST = """
import os, warnings, pytest

def test_passes(tmp_path):
    print("not shown")
    warnings.warn("of a library")

def test_fails(tmp_path):
    print("shown")
    assert os.getpid() == 0

@pytest.mark.skip(reason="why")
def test_is_skipped(): ...
"""
DIES = "import os\ndef test_ends_the_process(): os._exit(3)\n"


def _run(folder: Path, **files: str) -> tuple[int, str]:
    """Exit code and output of a run of these files in two processes."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.forks", "--forks", "2", "-c", os.devnull, "-rs"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    run = [*command, f"--rootdir={folder}", str(folder)]
    done = subprocess.run(run, cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False)
    return done.returncode, done.stdout + done.stderr


def test_every_test_is_told_of(tmp_path: Path) -> None:
    """A failure that is lost between processes is a fault that reaches users."""
    code, out = _run(tmp_path, conftest=CONFTEST, test_first=FIRST, test_second="def test_passes(): ...")

    assert code == 1
    assert "1 failed, 2 passed, 1 skipped, 1 warning in" in out
    assert "of a library" in out
    assert "why" in out
    assert "shown" in out
    assert "not shown" not in out
    assert len(list(tmp_path.glob("ended-*"))) == 2


def test_a_process_that_dies_ends_the_run(tmp_path: Path) -> None:
    """Its tests were not run: to say that the others passed would be wrong."""
    code, out = _run(tmp_path, conftest=CONFTEST, test_dies=DIES, test_second="def test_passes(): ...")

    assert code == 1
    assert "a process ended with 3, after test_dies.py::test_ends_the_process" in out
