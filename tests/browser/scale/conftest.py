"""A server on 100,000 runs, as the benchmarks' program seeds them, among which somebody has a job to do."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from runyard.gate.gate import Gate
from runyard.tracking.experiments.messages import GetExperimentByName
from tests.factories import an_experiment
from tests.support.server import ROOT, RunningServer
from tests.ui.sweeps import Sweep, a_sweep

RUNS = 100_000


@dataclass(frozen=True)
class Store:
    """The experiment of the seeded runs, and the sweep in it."""

    experiment_id: str
    sweep: Sweep


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server process on a store of many runs."""
    home = tmp_path_factory.mktemp("server")
    running = RunningServer(home, f"sqlite:///{home / 'runyard.db'}")
    program = [sys.executable, str(ROOT / "tests/benchmarks/seed_store.py")]
    subprocess.run([*program, "--store", running.database_uri, "--runs", str(RUNS)], check=True, capture_output=True)
    yield running.start()
    running.kill()
    Path(home / "runyard.db").unlink()  # 650 MB


@pytest.fixture(scope="module")
def store(server: RunningServer) -> Store:
    """The sweep that somebody has to do with, beside the server."""
    gate = Gate.open(server.database_uri, artifact_root=str(server.folder / "runyard-artifacts"))
    try:
        experiment_id = gate.ask(GetExperimentByName(experiment_name="seeded-0")).experiment.experiment_id
        return Store(experiment_id, a_sweep(gate, experiment_id, an_experiment(gate, "archive/2026")))
    finally:
        gate.close()
