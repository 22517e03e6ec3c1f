"""`runyard demo`: the first thing a newcomer runs."""

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from runyard.client import RunyardClient
from runyard.demo.local_server import free_port
from tests.support.programs import forked_python, start_program

LOADED = (
    *("joblib", "matplotlib.backends.backend_agg", "matplotlib.figure", "pandas", "PIL.PngImagePlugin"),
    *("skops.io", "sklearn.datasets", "sklearn.ensemble", "sklearn.linear_model", "sklearn.neural_network"),
)
"""What the demo's programs import: they are forks of a Python that has."""

RUN = "sys.exit(run(['demo', '--exit', '--port', sys.argv[1]]))"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def test_demo_leaves_a_sweep_of_real_runs(tmp_path: Path) -> None:
    """What it logs is what every page has to show: metrics over steps, params, tags, data, files, nested runs."""
    program = f"import sys\nsys.executable = {str(forked_python(LOADED))!r}\nfrom runyard.cli.main import run\n{RUN}"
    code, out, errors = start_program(program, str(free_port(0, "127.0.0.1")), folder=tmp_path).finish()
    assert code == 0, out + errors

    client = RunyardClient(f"sqlite:///{tmp_path / 'runyard.db'}")
    for name, models in (("digits", 8), ("diabetes", 6)):
        experiment = client.get_experiment_by_name(name)
        assert experiment is not None
        runs = client.search_runs([experiment.experiment_id])
        nested = [run for run in runs if "mlflow.parentRunId" in run.data.tags]
        assert models == len(nested)
        assert {"FINISHED"} == {run.info.status for run in runs}
        assert all(run.data.params and run.inputs and run.inputs.dataset_inputs for run in nested)
        assert {name} == {run.data.tags["mlflow.project.entryPoint"] for run in runs}
        logged = {file.path for file in client.list_artifacts(nested[0].info.run_id)}
        assert {"logs", "model", "plots", "project"} <= logged
        assert len(client.get_metric_history(nested[0].info.run_id, _curve(nested[0].data.metrics))) >= 30
        champion = client.get_model_version_by_alias(f"{name}-model", "champion")
        assert champion.run_id in {run.data.tags["best_run_id"] for run in runs if run not in nested}


def _curve(metrics: dict[str, float]) -> str:
    return next(key for key in metrics if key in ("val_loss", "val_rmse"))


def test_demo_takes_another_port_and_stops_in_order(tmp_path: Path) -> None:
    """Something else often listens on 5000; and Ctrl-C must leave no server behind."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-u", "-m", "runyard", "demo", "--port", str(port)]
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
            watchdog = threading.Timer(60, process.kill)
            watchdog.start()
            address = _announced_address(process)
            with urllib.request.urlopen(f"{address}/health", timeout=5) as page:
                assert page.status == 200
            os.kill(process.pid, signal.SIGINT)
            process.communicate(timeout=30)
            watchdog.cancel()

    assert str(port) not in address
    # Python itself ends by the signal when it came while a class was being made; a shell shows 130 for both
    assert process.returncode in (130, -signal.SIGINT)
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{address}/health", timeout=5)


def _announced_address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if "running at " in line:
            return line.split("running at ")[1].strip()
    pytest.fail("the demo did not say where it runs")
