"""The suite itself comes to an end, whatever happens to its processes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.limits import ROOT

pytestmark = pytest.mark.slow

DYING = {
    "aborted": "os.abort()",
    "killed": "os.kill(os.getpid(), signal.SIGKILL)",
    "hanging": "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM]); time.sleep(600)",
}
GOOD = "def test_one() -> None: pass\ndef test_two() -> None: pass\n"


def test_workers_that_die_end_the_run_as_failed(tmp_path: Path) -> None:
    """`make test` says which tests they were at, instead of waiting for ever for processes that are gone.

    The files of the dying come first and in order: what no worker has begun when the first one dies is not run.
    """
    for number in range(6):
        (tmp_path / f"test_well_{number}.py").write_text(GOOD, encoding="utf-8")
    for how, statement in DYING.items():
        dying = f"import os, signal, time\n\n\ndef test_dies() -> None:\n    {statement}\n\n\n{GOOD}"
        (tmp_path / f"test_{how}.py").write_text(dying, encoding="utf-8")

    here = ["--rootdir", str(tmp_path), "--confcutdir", str(tmp_path)]  # else all folders around it are looked at
    options = ["-c", str(ROOT / "pyproject.toml"), *here, *_options_of_make()]
    quick = ["-o", "timeout=2", "-o", "faulthandler_timeout=10", "-p", "no:cacheprovider", "-p", "no:randomly"]
    command = [sys.executable, "-m", "pytest", *options, *quick, str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=110, check=False)

    assert done.returncode == 1, done.stdout
    crashed = re.findall(r"crashed while running 'test_(\w+)\.py::test_dies'", done.stdout)
    assert set(DYING) == set(crashed), done.stdout


def _options_of_make() -> list[str]:
    """Those that `make test` gives pytest; one worker outlives the others."""
    found = re.search(r"^PYTEST \?= (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return found.group(1).replace("$(WORKERS)", str(len(DYING) + 1)).split()
