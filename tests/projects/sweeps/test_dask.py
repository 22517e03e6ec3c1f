"""The same sweep on more than one machine: here a real cluster whose two workers are processes of their own."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runyard.client import RunyardClient
from runyard.exceptions import ExecutionException
from runyard.projects import sweep
from tests.support.server import RunningServer

pytestmark = pytest.mark.slow

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


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that says which process started it, and where."""
    folder = tmp_path / "spread"
    folder.mkdir()
    (folder / "MLproject").write_text(
        "name: spread\nentry_points:\n  main:\n    parameters: {depth: int, bad: string}\n"
        '    command: "python go.py {depth} {bad}"\n'
    )
    (folder / "go.py").write_text(PROGRAM)
    (folder / "seconds").write_text("0.5")
    return folder


def on_cluster(server: RunningServer, project: Path, mode: str) -> dict[str, Any]:
    """What the sweep on a cluster printed."""
    script = Path(__file__).parent / "cluster_script.py"
    command = [sys.executable, str(script), server.url, str(project), mode]
    done = subprocess.run(command, cwd=project.parent, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_points_run_on_both_workers(start_server: Callable[..., RunningServer], project: Path) -> None:
    """Each brings the project's files along, and a failure stays apart, as on one machine."""
    server = start_server()
    answer = on_cluster(server, project, "plain")

    client = RunyardClient(server.url)
    runs = [client.get_run(run_id) for _, _, run_id in answer["outcomes"]]
    assert [["1", "FINISHED"], ["2", "FINISHED"], ["3", "FAILED"], ["4", "FINISHED"]] == [
        one[:2] for one in answer["outcomes"]
    ]
    used = {pid for run in runs for pid in map(int, run.data.params["parents"].split()) if pid in answer["workers"]}
    assert set(answer["workers"]) == used
    assert str(project) not in {run.data.params["folder"] for run in runs}
    assert {str(project)} == {run.data.tags["mlflow.source.name"] for run in runs}
    parent = client.get_run(runs[0].data.tags["mlflow.parentRunId"])
    assert ("FAILED", "dask") == (parent.info.status, parent.data.tags["mlflow.project.backend"])


def test_an_interrupted_sweep_ends_what_runs_on_the_workers(
    start_server: Callable[..., RunningServer], project: Path
) -> None:
    """Ctrl-C at one machine must not leave the others at work."""
    server = start_server()
    answer = on_cluster(server, project, "interrupted")

    client = RunyardClient(server.url)
    experiment = client.get_experiment_by_name("cluster")
    assert experiment is not None
    status = {run.info.run_id: run.info.status for run in client.search_runs([experiment.experiment_id])}
    assert "FINISHED" == status.pop(answer["done"][0])
    assert "RUNNING" not in status.values()
    assert "KILLED" in status.values()


def test_a_cluster_that_is_not_there_is_said(client: RunyardClient, project: Path) -> None:
    """The parent run does not go on for ever."""
    config = {"address": "tcp://127.0.0.1:9", "timeout": 1}

    with pytest.raises(ExecutionException, match=r"tcp://127\.0\.0\.1:9.*cannot be reached"):
        sweep(project, {"depth": [1]}, parameters={"bad": 0}, engine="dask", engine_config=config)

    assert ["FAILED"] == [run.info.status for run in client.search_runs(["0"])]
