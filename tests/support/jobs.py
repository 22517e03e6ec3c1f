"""Unmodified programs that log with other libraries: with the real mlflow, and with Runyard under its name."""

import os
import subprocess
import sys
from pathlib import Path

from runyard import MlflowClient
from runyard.entities import Run
from tests.support.environments import ROOT

ALIAS, REAL = "alias", "real client"
CLIENTS = (ALIAS, REAL)


def run_job(client: str, url: str, folder: Path, program: Path, *arguments: str, **variables: str) -> str:
    """Run a program to its end; what it prints.

    Parameters
    ----------
    client: What it logs with, one of `CLIENTS`.
    url: The server that it logs to.
    folder: Its working directory, made if it is not there.
    program: Its file; ``-m`` for a module that the first argument names.
    """
    folder.mkdir(exist_ok=True)
    given = {"PYTHONPATH": str(ROOT / "src"), "MLFLOW_TRACKING_URI": url, "RUNYARD_OFFLINE_AFTER": "60", **variables}
    done = subprocess.run(
        [sys.executable, *(["-m", "runyard.alias"] if client == ALIAS else []), str(program), *arguments],
        cwd=folder,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


def runs_of(client: MlflowClient, experiment: str) -> list[Run]:
    """The runs of an experiment, the oldest first."""
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    return list(client.search_runs([found.experiment_id], order_by=["attributes.start_time ASC"]))


def logged_values(client: MlflowClient, run: Run, key: str) -> list[tuple[int, float]]:
    """A metric's steps and values."""
    return [(point.step, point.value) for point in client.get_metric_history(run.info.run_id, key)]
