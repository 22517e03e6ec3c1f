"""The alias, on for one test of this process, or in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runyard import alias

Finished = subprocess.CompletedProcess[str]


@pytest.fixture
def installed() -> Iterator[None]:
    """`import mlflow` gives Runyard during this test."""
    alias.install()
    yield
    alias.uninstall()


@pytest.fixture
def python(tmp_path: Path) -> Callable[..., Finished]:
    """Runs a Python process in the test's folder; further folders may come first on its path."""

    def run(*arguments: str, path: str | Path = "", **variables: str) -> Finished:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(path), **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def real_mlflow(tmp_path: Path) -> Path:
    """A folder that holds a package named mlflow."""
    folder = tmp_path / "site"
    (folder / "mlflow").mkdir(parents=True)
    (folder / "mlflow" / "__init__.py").write_text("__version__ = '2.0'\n")
    return folder
