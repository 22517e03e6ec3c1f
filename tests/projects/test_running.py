"""Runs on this machine: how the program is started, and how the run ends."""

import os
import sys
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

from runyard.exceptions import ExecutionException, InvalidProject, RunyardException
from tests.projects.building import SHOW, all_runs, artifacts, command, lives, output, project, shown, written_ids
from tests.projects.conftest import Refused

pytestmark = pytest.mark.usefixtures("forked_python")


def script(folder: Path, text: str) -> str:
    """A project whose ``main.py`` has these lines."""
    return str(project(folder / "code", command("python main.py"), main__py=text))


def failed(mlflow: ModuleType, uri: str, **more: object) -> ExecutionException:
    """The error of a run that fails."""
    with pytest.raises(ExecutionException) as problem:
        mlflow.projects.run(uri, **more)
    assert not isinstance(problem.value, InvalidProject)
    return problem.value


def test_a_run_that_succeeds_is_finished_and_described(mlflow: ModuleType, tmp_path: Path) -> None:
    """The run shows what was run, and integrations find MLflow's tags."""
    folder = project(tmp_path / "code", command("echo {a}", "{a: string}"))
    run = mlflow.projects.run(str(folder), parameters={"a": "b c"}, experiment_name="new", run_name="first")
    found = mlflow.get_run(run.run_id)

    assert ("FINISHED", True, "FINISHED") == (run.get_status(), run.wait(), found.info.status)
    assert ("first", "new") == (found.info.run_name, mlflow.get_experiment(found.info.experiment_id).name)
    expected = {
        "mlflow.source.type": "PROJECT",
        "mlflow.source.name": str(folder),
        "mlflow.project.entryPoint": "main",
        "mlflow.project.backend": "local",
        "runyard.project.command": "echo 'b c'",
        "mlflow.runName": "first",
    }
    assert expected.items() <= found.data.tags.items()
    assert "mlflow.project.env" not in found.data.tags
    run.cancel()
    assert "FINISHED" == mlflow.get_run(run.run_id).info.status


def test_the_program_gets_the_variables_of_mlflow(
    mlflow: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It logs to its run with any client, whatever the caller had set; everything else is passed on."""
    for name in ("RUN_ID", "TRACKING_URI", "EXPERIMENT_NAME"):
        monkeypatch.setenv(f"RUNYARD_{name}", "of the caller")
    mlflow.set_tracking_uri("sqlite:///here.db")
    monkeypatch.setenv("X_OWN", "mine")
    run = mlflow.projects.run(script(tmp_path, SHOW), experiment_name="new")
    seen = shown(run.run_id)

    experiment = mlflow.get_run(run.run_id).info.experiment_id
    assert {
        "MLFLOW_RUN_ID": run.run_id,
        "MLFLOW_EXPERIMENT_ID": experiment,
        "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/here.db",
        "X_OWN": "mine",
        "PYTHONUNBUFFERED": "1",
    }.items() <= seen["variables"].items()
    assert not {"RUNYARD_RUN_ID", "RUNYARD_TRACKING_URI", "RUNYARD_EXPERIMENT_NAME"} & set(seen["variables"])
    assert (sys.prefix, str(tmp_path / "code")) == (seen["python"], seen["folder"])


LOOKS = """
import os, runyard as mlflow
seen = mlflow.active_run()
assert seen is mlflow.active_run()
print(seen.data.params["a"], mlflow.last_active_run().info.run_id == seen.info.run_id)
mlflow.log_param("before", 1)
with mlflow.start_run(run_name="renamed") as run:
    print(run.info.run_id == seen.info.run_id, mlflow.active_run() is run)
    with mlflow.start_run(nested=True, run_name="child"):
        pass
print(mlflow.active_run(), "MLFLOW_RUN_ID" in os.environ)
with mlflow.start_run(run_name="second"):
    pass
"""


def test_the_projects_run_is_the_programs_from_the_first_look(mlflow: ModuleType, tmp_path: Path) -> None:
    """Its params can be read before a run is started, and the first one that is started resumes it."""
    folder = project(tmp_path / "code", command("python main.py", "{a: string}"), main__py=LOOKS)
    run = mlflow.projects.run(str(folder), parameters={"a": "b"})

    assert ["b True", "True True", "None False"] == output(run.run_id).splitlines()
    found = {one.info.run_name: one for one in all_runs()}
    assert {"renamed", "child", "second"} == set(found)
    assert (run.run_id, {"a": "b", "before": "1"}) == (found["renamed"].info.run_id, found["renamed"].data.params)
    assert "mlflow.parentRunId" not in found["second"].data.tags
    assert run.run_id == found["child"].data.tags["mlflow.parentRunId"]


def test_a_program_that_only_looks_ends_as_it_exits(mlflow: ModuleType, tmp_path: Path) -> None:
    """What was not started by the program is not ended by it either: the exit code decides."""
    text = "import sys, runyard\nprint(runyard.active_run().info.status)\nsys.exit(3)"
    failed(mlflow, script(tmp_path, text))

    (run,) = all_runs()
    assert ("FAILED", "RUNNING") == (run.info.status, output(run.info.run_id).splitlines()[0])


def test_other_runs_can_be_started_after_the_look(mlflow: ModuleType, tmp_path: Path) -> None:
    """What an argument names is meant: another run, or a child of the project's."""
    text = """
    import runyard as mlflow
    seen = mlflow.active_run().info.run_id
    for number in range(2):
        with mlflow.start_run(nested=True, run_name="child"):
            pass
    with mlflow.start_run(parent_run_id=seen, run_name="child"):
        pass
    print(mlflow.active_run())
    """
    run = mlflow.projects.run(script(tmp_path, textwrap.dedent(text)))

    children = [one for one in all_runs() if one.info.run_name == "child"]
    assert [run.run_id] * 3 == [child.data.tags["mlflow.parentRunId"] for child in children]
    assert "FINISHED" == mlflow.get_run(run.run_id).info.status


def test_a_failing_program_fails_the_run_and_says_why(mlflow: ModuleType, tmp_path: Path) -> None:
    """The exit code and the last lines are what one wants to know first."""
    text = "import sys\nfor n in range(50): print('line', n)\nprint('the reason', file=sys.stderr)\nsys.exit(7)"
    problem = failed(mlflow, script(tmp_path, text), experiment_name="new")
    (run,) = all_runs()

    assert ("FAILED", "7") == (run.info.status, run.data.tags["runyard.project.exitCode"])
    assert "ended with exit code 7" in str(problem)
    assert "the reason" in str(problem)
    assert "line 49" in str(problem)
    assert "line 3\n" not in str(problem)
    assert run.info.run_id in str(problem)
    assert isinstance(problem, RunyardException)


def test_a_program_that_fails_in_silence(mlflow: ModuleType, tmp_path: Path) -> None:
    """There is nothing to show, and that is said."""
    assert "exit code 3. It printed nothing" in str(failed(mlflow, str(project(tmp_path / "code", command("exit 3")))))
    said = str(failed(mlflow, str(project(tmp_path / "code", command("no-such-program-here")))))
    assert "exit code 127" in said
    assert "no-such-program-here" in said


@pytest.mark.parametrize(("number", "commands"), [(9, "exec"), (11, "exec"), (15, "exec")])
def test_a_program_that_is_killed_fails_the_run(mlflow: ModuleType, tmp_path: Path, number: int, commands: str) -> None:
    """Out of memory looks like this: signal 9, without a word."""
    text = f"import os\nprint('working', flush=True)\nos.kill(os.getpid(), {number})"
    folder = project(tmp_path / "code", command(f"{commands} python main.py"), main__py=text)
    problem = failed(mlflow, str(folder))

    assert f"ended with signal {number}. Its last lines:\nworking" in str(problem)
    assert ("FAILED", f"-{number}") == (all_runs()[0].info.status, all_runs()[0].data.tags["runyard.project.exitCode"])


def test_a_run_that_its_program_failed_stays_failed(mlflow: ModuleType, tmp_path: Path) -> None:
    """A script that handles its errors tells with the status of its run; the exit code says that it coped."""
    text = "import mlflow\nmlflow.start_run()\nmlflow.end_run('FAILED')"
    run = mlflow.projects.run(script(tmp_path, text))

    assert "FAILED" == mlflow.get_run(run.run_id).info.status
    assert "runyard.project.exitCode" not in mlflow.get_run(run.run_id).data.tags


def test_a_run_that_its_program_finished_fails_with_the_program(mlflow: ModuleType, tmp_path: Path) -> None:
    """What goes wrong after end_run went wrong."""
    text = "import mlflow\nwith mlflow.start_run(): mlflow.log_metric('m', 1)\nraise SystemExit(1)"
    failed(mlflow, script(tmp_path, text))

    assert ("FAILED", {"m": 1.0}) == (all_runs()[0].info.status, all_runs()[0].data.metrics)


def test_a_run_that_exists_is_used(mlflow: ModuleType, refused: Refused, tmp_path: Path) -> None:
    """Schedulers make the run first; what it was given it keeps."""
    client = mlflow.MlflowClient()
    run_id = client.create_run(client.create_experiment("theirs"), run_name="theirs").info.run_id
    client.log_param(run_id, "a", "1")
    uri = str(project(tmp_path / "code", command("echo {a}", "{a: string}")))
    run = mlflow.projects.run(uri, parameters={"a": "1", "b": "2"}, run_id=run_id)
    found = client.get_run(run_id)

    assert (run_id, 1, "theirs") == (run.run_id, len(all_runs()), found.info.run_name)
    assert {"a": "1", "b": "2"} == found.data.params
    assert ("FINISHED", "PROJECT") == (found.info.status, found.data.tags["mlflow.source.type"])
    with pytest.raises(InvalidProject, match="has the param 'a' = '1'"):
        mlflow.projects.run(uri, parameters={"a": "2"}, run_id=run_id)
    assert "FINISHED" == client.get_run(run_id).info.status
    with pytest.raises(RunyardException, match="0123"):
        mlflow.projects.run(uri, parameters={"a": "2"}, run_id="0123")


def test_a_run_is_nested_under_the_active_one(mlflow: ModuleType, tmp_path: Path) -> None:
    """A notebook that runs projects has their runs under its own, which stays active."""
    uri = script(tmp_path, "import mlflow\nwith mlflow.start_run():\n  with mlflow.start_run(nested=True): pass")
    with mlflow.start_run() as outer:
        run = mlflow.projects.run(uri)
        assert outer.info.run_id == mlflow.active_run().info.run_id
    inner = mlflow.get_run(run.run_id).data.tags

    assert [outer.info.run_id] * 2 == [inner["mlflow.parentRunId"], inner["runyard.project.root"]]
    assert run.run_id == all_runs()[-1].data.tags["mlflow.parentRunId"]
    assert ["FINISHED"] * 3 == [one.info.status for one in all_runs()]


def test_a_process_left_in_the_background_is_not_waited_for(mlflow: ModuleType, tmp_path: Path) -> None:
    """A daemon that a program starts holds its output open; the run has ended with the program."""
    text = "(echo $BASHPID >> ids; exec sleep 60) & echo started"
    folder = project(tmp_path / "code", command(text))
    run = mlflow.projects.run(str(folder))
    (left,) = written_ids(folder / "ids", 1)

    assert ("FINISHED", "started\n") == (run.get_status(), output(run.run_id))
    assert lives(left)
    os.kill(left, 9)


def test_a_failure_of_the_store_of_artifacts_does_not_fail_the_run(
    mlflow: ModuleType, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Training goes on when its output cannot be kept; it is said once."""
    (tmp_path / "blocked").write_text("a file where a folder should be")
    experiment = mlflow.create_experiment("e", artifact_location=str(tmp_path / "blocked"))
    run = mlflow.projects.run(str(project(tmp_path / "code", command("echo hi"))), experiment_id=experiment)

    assert "FINISHED" == mlflow.get_run(run.run_id).info.status
    assert 1 == caplog.text.count("output cannot be stored")
    assert 1 == caplog.text.count("was run with cannot be stored")


def test_what_is_printed_is_shown_too(mlflow: ModuleType, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Each stream goes where it belongs, so `runyard run … > file` works."""
    mlflow.projects.run(str(project(tmp_path / "code", command("echo out; echo err >&2; printf 'ünï 🏃'"))))

    assert ("out\nünï 🏃", "err\n") == tuple(capfd.readouterr())


def test_projects_of_others_are_run_as_they_are(mlflow: ModuleType, tmp_path: Path) -> None:
    """A shell script is run by the user's shell, in the project's folder, with its parameters behind it."""
    project(tmp_path / "code", run__sh='echo "$PWD $@" > here; cat here')
    run = mlflow.projects.run(str(tmp_path / "code"), "run.sh", parameters={"lr": 0.1})

    assert f"{tmp_path}/code --lr 0.1\n" == output(run.run_id)
    assert {"requirements.txt"} == set(artifacts(run.run_id, "project"))
