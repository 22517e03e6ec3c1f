"""A project that learns nothing, and a store of the test's own."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import runyard
from runyard.client import RunyardClient
from tests.support.fluent import forget_everything

MLPROJECT = """
name: sums
entry_points:
  main:
    parameters:
      lr: {type: float, default: 0.1}
      depth: {type: int, default: 1}
      bad: {type: string, default: ""}
    command: "python add.py {lr} {depth} {bad}"
"""

ADD = """
import os, sys, time
import mlflow
lr, depth, bad = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3].split()
print("adding", lr, depth, flush=True)
with mlflow.start_run():
    mlflow.log_metric("sum", lr + depth)
while os.path.exists(f"wait-{depth}"):
    time.sleep(0.05)
if str(depth) in bad and not os.path.exists("mended"):
    sys.exit(4)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose program adds two numbers.

    It fails for the depths that `bad` names unless there is a file ``mended``, and waits while there is a file
    ``wait-<depth>``.
    """
    folder = tmp_path / "sums"
    folder.mkdir()
    (folder / "MLproject").write_text(MLPROJECT)
    (folder / "add.py").write_text(ADD)
    return folder


@pytest.fixture
def client(tmp_path: Path, clean_environment: None) -> Iterator[RunyardClient]:
    """Where this process logs: an empty database."""
    runyard.set_tracking_uri(f"sqlite:///{tmp_path / 'runyard.db'}")
    yield RunyardClient()
    forget_everything()


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Waits for something to become true, and fails when it does not."""

    def wait(is_true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not is_true():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.05)

    return wait
