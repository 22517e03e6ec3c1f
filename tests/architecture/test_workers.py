"""The processes in which the suite runs: what goes wrong in one of them fails the run."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]

MIXED = """
import pytest

@pytest.fixture
def ends_badly():
    yield
    raise ValueError("at its end")

def test_passes(tmp_path):
    assert "w" == tmp_path.parent.name[0]

def test_fails():
    print("printed before")
    assert 1 == 2

def test_ends(ends_badly):
    pass

@pytest.mark.skip(reason="not here")
def test_is_skipped():
    pass
"""
ALONE = "def test_alone():\n    pass\n"


def _run(folder: Path, *options: str, workers: int = 2, **files: str) -> tuple[int, str]:
    """Run tests in workers: the exit code, and what is printed."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.workers", "--workers", str(workers)]
    command += ["-c", "/dev/null", "--rootdir", str(folder)]
    environment = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run([*command, *options, folder], cwd=folder, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout


def test_workers_tell_the_results_of_each_test(tmp_path: Path) -> None:
    """The summary and the report for machines are those of one process."""
    code, out = _run(tmp_path, "--junitxml=told.xml", test_mixed=MIXED, test_alone=ALONE)

    assert 1 == code
    assert "1 failed, 3 passed, 1 skipped, 1 error" in out
    assert "printed before" in out
    assert "ValueError: at its end" in out
    suite = ET.parse(tmp_path / "told.xml").getroot()[0]
    assert ("5", "1", "1", "1") == tuple(suite.attrib[name] for name in ("tests", "failures", "errors", "skipped"))


DYING = {
    "test_aborted": "os.abort()",
    "test_killed": "os.kill(os.getpid(), signal.SIGKILL)",
    "test_hanging": "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM]); time.sleep(600)",
}


def test_workers_that_die_end_the_run_as_failed(tmp_path: Path) -> None:
    """It says which tests they were at, instead of waiting for ever for processes that are gone.

    None dies before all have begun: what no worker has begun when the first one dies is not run.
    """
    begins = f"""
import os, pathlib, signal, time
def test_dies():
    pathlib.Path(__file__).with_suffix(".begun").touch()
    while len(list(pathlib.Path(__file__).parent.glob("*.begun"))) < {len(DYING)}:
        time.sleep(0.01)
"""
    dying = {name: f"{begins}    {statement}\n{ALONE}" for name, statement in DYING.items()}
    limits = ["-o", "faulthandler_timeout=5", "-o", "faulthandler_exit_on_timeout=true"]

    code, out = _run(tmp_path, *limits, workers=len(DYING) + 1, **dying, test_well=ALONE)

    assert 1 == code, out
    assert set(DYING) == set(re.findall(r"the worker died while it ran (\w+)\.py::test_dies", out)), out


def test_a_worker_that_is_interrupted_ends_the_run(tmp_path: Path) -> None:
    """Its other tests do not run, which must not look as if they had passed."""
    text = f"import os, signal\ndef test_ends():\n    os.kill(os.getpid(), signal.SIGINT)\n{ALONE}"

    code, out = _run(tmp_path, test_ending=text, test_well=ALONE)

    assert 2 == code, out
    assert "KeyboardInterrupt" in out


def test_a_worker_ends_the_pools_that_its_tests_leave(tmp_path: Path) -> None:
    """As Python itself does; it would wait for their processes for ever."""
    text = """
from concurrent.futures import ProcessPoolExecutor
pool = ProcessPoolExecutor(1)
def test_leaves_a_pool():
    assert 3 == pool.submit(len, "abc").result()
"""
    code, out = _run(tmp_path, test_pool=text, test_alone=ALONE)

    assert 0 == code, out
    assert "2 passed" in out
