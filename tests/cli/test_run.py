"""`runyard run`, as it is typed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runyard.client import RunyardClient
from runyard.tracking.runs.entities import Run
from tests.cli.conftest import Runyard

pytestmark = pytest.mark.usefixtures("forked_python")

MLPROJECT = """
name: typed
entry_points:
  main:
    parameters:
      alpha: {type: float, default: 0.5}
      fail: {type: string, default: ""}
    command: "python train.py {alpha} {fail}"
  other:
    command: "echo another entry point"
"""

TRAIN = """
import os, sys, time
import mlflow
print("alpha is", sys.argv[1])
print("a warning", file=sys.stderr)
with mlflow.start_run():
    mlflow.log_metric("m", float(sys.argv[1]))
    while os.path.exists("wait"):
        time.sleep(0.05)
sys.exit(3 if "yes" in sys.argv[2:] else 0)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project beside the store."""
    folder = tmp_path / "typed"
    folder.mkdir()
    (folder / "MLproject").write_text(MLPROJECT)
    (folder / "train.py").write_text(TRAIN)
    return folder


def runs(tmp_path: Path, experiment: str = "Default") -> list[Run]:
    """All runs of an experiment in the local store, newest first."""
    client = RunyardClient(f"sqlite:///{tmp_path / 'runyard.db'}")
    found = client.get_experiment_by_name(experiment)
    return [] if found is None else list(client.search_runs([found.experiment_id]))


def test_a_project_is_run(runyard: Runyard, project: Path, tmp_path: Path) -> None:
    """What it prints is shown where it was printed, and the last line says how it ended."""
    done = runyard("run", "-P", "alpha=0.25", "-P", "more=x y", "--experiment-name", "cli", "--run-name", "n", "typed")

    (run,) = runs(tmp_path, "cli")
    assert (0, f"alpha is 0.25\nRun {run.info.run_id} FINISHED\n") == (done.code, done.out)
    assert "a warning\n" in done.err
    assert ("n", "FINISHED", {"alpha": "0.25", "fail": "", "more": "x y"}, {"m": 0.25}) == (
        run.info.run_name,
        run.info.status,
        run.data.params,
        run.data.metrics,
    )


def test_another_entry_point_is_run(runyard: Runyard, project: Path) -> None:
    """By its name, or as a script by its path."""
    assert "another entry point\n" in runyard("run", "-e", "other", "typed").out
    (project / "hello.sh").write_text("echo hello from $0\n")
    assert "hello from hello.sh\n" in runyard("run", "typed", "-e", "hello.sh").out


def test_a_failure_is_the_exit_code(runyard: Runyard, project: Path, tmp_path: Path) -> None:
    """A CI job must stop; the reason stands in one line after the output."""
    done = runyard("run", "-P", "fail=yes", "typed")

    (run,) = runs(tmp_path)
    assert 1 == done.code
    assert f"Error: Run (ID '{run.info.run_id}') of entry point 'main' failed: it ended with exit code 3.\n" in done.err
    assert "FAILED" == run.info.status


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run"], 2, "Missing argument 'URI'"),
        (["run", "nowhere"], 1, "no project at 'nowhere'"),
        (["run", "typed", "-e", "none"], 1, "no entry point 'none'. It declares: main, other."),
        (["run", "typed", "-P", "alpha"], 1, "-P 'alpha' is not of the form NAME=VALUE"),
        (["run", "typed", "-P", "alpha=1", "-P", "alpha=2"], 1, "-P gives 'alpha' twice"),
        (["run", "typed", "-P", "alpha=high"], 1, "takes a number such as 0.1; got 'high'"),
        (["run", "typed", "-v", "v1"], 1, "can be chosen of git repositories only"),
        (["run", "typed", "--env-manager", "poetry"], 2, "'poetry' is not one of"),
        (["run", "typed", "-b", "moon"], 1, "no backend 'moon'"),
        (["run", "typed", "-c", "{"], 1, "configuration '{' cannot be read"),
        (["run", "typed", "-A", "gpus=all"], 1, "names no docker_env"),
        (["run", "typed", "--parallel", "2"], 2, "--parallel has no meaning without --sweep"),
        (["run", "typed", "--sweep", "alpha"], 1, "--sweep 'alpha' is not of the form NAME=VALUES, such as lr=0.1"),
        (["run", "typed", "--sweep", "alpha=1", "--sweep", "alpha=2"], 1, "--sweep gives 'alpha' twice"),
        (["run", "typed", "--sweep", "alpha=1", "--run-id", "r"], 2, "--run-id cannot be used with --sweep"),
        (["run", "typed", "--experiment-name", "a", "--experiment-id", "0"], 1, "either experiment_name or"),
        (["run", "--resume", "0" * 32], 1, "0" * 32),
    ],
)
def test_wrong_usage_is_said_in_a_line(
    runyard: Runyard, project: Path, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    """And nothing is run."""
    done = runyard(*arguments)

    assert code == done.code
    assert said in done.err
    assert [] == runs(tmp_path)


def test_the_experiment_of_the_command_line_wins(
    runyard: Runyard, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shell often has one in its environment."""
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "of the shell")
    other = RunyardClient(f"sqlite:///{tmp_path / 'runyard.db'}").create_experiment("by id")

    runyard("run", "-e", "other", "typed", "--experiment-id", other)
    runyard("run", "-e", "other", "typed")

    assert (1, 1) == (len(runs(tmp_path, "by id")), len(runs(tmp_path, "of the shell")))


def test_an_earlier_run_is_reused(runyard: Runyard, project: Path, tmp_path: Path) -> None:
    """The second time nothing is run, and the answer names the first run."""
    runyard("run", "typed")
    (run,) = runs(tmp_path)

    done = runyard("run", "typed", "--reuse")

    assert f"Run {run.info.run_id} FINISHED\n" == done.out
    assert 1 == len(runs(tmp_path))
    assert "alpha is 0.7" in runyard("run", "typed", "--reuse", "-P", "alpha=0.7").out


def test_a_sweep_is_run_and_resumed(runyard: Runyard, project: Path, tmp_path: Path) -> None:
    """A line a point, the number that succeeded, and what to type to go on."""
    script = project / "train.py"
    script.write_text(TRAIN.replace('"yes" in sys.argv[2:]', "float(sys.argv[1]) > 1"))
    first = runyard("run", "typed", "--sweep", "alpha=0.5..1.5..0.5", "--parallel", "2", "--experiment-name", "s")
    parent = next(run for run in runs(tmp_path, "s") if "mlflow.parentRunId" not in run.data.tags)

    assert (1, f"Run {parent.info.run_id}: 3 points") == (first.code, first.out.splitlines()[0])
    assert f"Run {parent.info.run_id}: 2 of 3 points succeeded" == first.out.splitlines()[-1]
    assert "alpha=1.5  FAILED" in first.out
    assert f"runyard run --resume {parent.info.run_id}" in first.err
    script.write_text(TRAIN)

    second = runyard("run", "--resume", parent.info.run_id)

    assert (0, f"Run {parent.info.run_id}: 3 of 3 points succeeded") == (second.code, second.out.splitlines()[-1])
    assert "[3/3] alpha=1.5  FINISHED" in second.out


def _begun(command: list[str], tmp_path: Path) -> subprocess.Popen[str]:
    """The command in a process of its own, once its run has logged something."""
    process = subprocess.Popen(
        [sys.executable, "-m", "runyard", *command],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not any(run.data.metrics for run in runs(tmp_path)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize("command", [["run", "typed"], ["run", "typed", "--sweep", "alpha=1,2"]], ids=["run", "sweep"])
def test_an_interrupted_command_ends_its_runs(
    project: Path, tmp_path: Path, number: signal.Signals, command: list[str]
) -> None:
    """With all their processes: nothing trains on unseen, and no run seems to."""
    (project / "wait").touch()
    with _begun(command, tmp_path) as process:
        os.kill(process.pid, number)
        try:
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()

    assert 130 == process.returncode, out + err
    assert {"KILLED"} == {run.info.status for run in runs(tmp_path)}
