"""The same sweep on more than one machine: here a real cluster whose two workers are processes of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runyard.client import RunyardClient
from runyard.exceptions import ExecutionException
from runyard.projects import sweep
from tests.support.server import RunningServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

PROGRAM = """
import os, sys, time
import mlflow, psutil
depth, bad = sys.argv[1:]
with mlflow.start_run():
    mlflow.log_param("parents", " ".join(str(one.pid) for one in psutil.Process().parents()))
    mlflow.log_param("folder", os.getcwd())
    time.sleep(float(open("seconds").read()))
if depth == bad:
    sys.exit(4)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that says which process started it, and where."""
    folder = tmp_path_factory.mktemp("dask") / "spread"
    folder.mkdir()
    (folder / "MLproject").write_text(
        "name: spread\nentry_points:\n  main:\n    parameters: {depth: int, bad: string}\n"
        '    command: "python go.py {depth} {bad}"\n'
    )
    (folder / "go.py").write_text(PROGRAM)
    (folder / "seconds").write_text("0.5")
    return folder


@pytest.fixture(scope="module")
def answers(server: RunningServer, project: Path) -> dict[str, Any]:
    """What sweeps on a cluster printed: one to its end, and then one that is interrupted."""
    script = Path(__file__).parent / "cluster_script.py"
    command = [sys.executable, str(script), server.url, str(project)]
    own = {**os.environ, "RUNYARD_SPOOL_DIR": str(project.parent / "spool")}
    done = subprocess.run(command, cwd=project.parent, env=own, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_points_run_on_both_workers(server: RunningServer, project: Path, answers: dict[str, Any]) -> None:
    """Each brings the project's files along, and a failure stays apart, as on one machine."""
    outcomes = answers["plain"]["outcomes"]
    client = RunyardClient(server.url)
    runs = [client.get_run(run_id) for _, _, run_id in outcomes]
    assert [["1", "FINISHED"], ["2", "FINISHED"], ["3", "FAILED"], ["4", "FINISHED"]] == [one[:2] for one in outcomes]
    used = {pid for run in runs for pid in map(int, run.data.params["parents"].split()) if pid in answers["workers"]}
    assert set(answers["workers"]) == used
    assert str(project) not in {run.data.params["folder"] for run in runs}
    assert {str(project)} == {run.data.tags["mlflow.source.name"] for run in runs}
    parent = client.get_run(runs[0].data.tags["mlflow.parentRunId"])
    assert ("FAILED", "dask") == (parent.info.status, parent.data.tags["mlflow.project.backend"])


def test_an_interrupted_sweep_ends_what_runs_on_the_workers(server: RunningServer, answers: dict[str, Any]) -> None:
    """Ctrl-C at one machine must not leave the others at work."""
    client = RunyardClient(server.url)
    experiment = client.get_experiment_by_name("interrupted")
    assert experiment is not None
    status = {run.info.run_id: run.info.status for run in client.search_runs([experiment.experiment_id])}
    assert "FINISHED" == status.pop(answers["interrupted"]["done"][0])
    assert "RUNNING" not in status.values()
    assert "KILLED" in status.values()


def test_a_cluster_that_is_not_there_is_said(client: RunyardClient, project: Path) -> None:
    """The parent run does not go on for ever."""
    config = {"address": "tcp://127.0.0.1:9", "timeout": 1}

    with pytest.raises(ExecutionException, match=r"tcp://127\.0\.0\.1:9.*cannot be reached"):
        sweep(project, {"depth": [1]}, parameters={"bad": 0}, engine="dask", engine_config=config)

    assert ["FAILED"] == [run.info.status for run in client.search_runs(["0"])]
