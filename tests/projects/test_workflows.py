"""Projects whose entry points run others: a tree of runs, with `import mlflow` as their authors wrote it."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from runyard.exceptions import ExecutionException
from tests.projects.building import SHOW, all_runs, artifacts, output, project, shown

pytestmark = pytest.mark.usefixtures("forked_python")

MLPROJECT = """
name: three steps
entry_points:
  main:
    parameters: {rows: {type: float, default: 10}}
    command: "python main.py {rows}"
  load:
    parameters: {rows: float}
    command: "python load.py {rows}"
  train:
    parameters: {data: path, fail: {type: bool, default: false}}
    command: "python train.py {data} {fail}"
"""
MAIN = """import sys
import mlflow
from mlflow.projects import run
with mlflow.start_run() as active:
    loaded = mlflow.projects.run(".", "load", parameters={"rows": sys.argv[1]})
    for fail in (False, sys.argv[1] == "0"):
        data = f"runs:/{loaded.run_id}/data/rows.txt"
        trained = run(".", "train", parameters={"data": data, "fail": fail}, env_manager="local")
    mlflow.log_metric("rows", mlflow.get_run(trained.run_id).data.metrics["rows"])
"""
LOAD = """import sys
import mlflow
with mlflow.start_run():
    mlflow.log_text(sys.argv[1], "data/rows.txt")
"""
TRAIN = """import sys
import mlflow
with mlflow.start_run():
    if sys.argv[2] == "True":
        sys.exit("no rows to train on")
    mlflow.log_metric("rows", float(open(sys.argv[1]).read()))
"""


def workflow(folder: Path) -> str:
    """A project of three steps."""
    return str(project(folder / "code", MLPROJECT, main__py=MAIN, load__py=LOAD, train__py=TRAIN))


def test_the_steps_of_a_workflow_are_nested_runs(mlflow: ModuleType, tmp_path: Path) -> None:
    """The tree shows what belongs together, in the experiment of the whole, whatever the inner calls leave open."""
    run = mlflow.projects.run(workflow(tmp_path), parameters={"rows": "12"}, experiment_name="flow")
    main, *steps = all_runs()

    assert (run.run_id, {"rows": 12.0}) == (main.info.run_id, main.data.metrics)
    assert ["load", "train", "train"] == [one.data.tags["mlflow.project.entryPoint"] for one in steps]
    for name in ("mlflow.parentRunId", "runyard.project.root"):
        assert [run.run_id] * 3 == [one.data.tags[name] for one in steps]
    assert ["FINISHED"] * 4 == [one.info.status for one in (main, *steps)]
    assert 1 == len({one.info.experiment_id for one in (main, *steps)})
    assert "runyard.project.root" not in main.data.tags


def test_a_step_that_fails_fails_the_whole(mlflow: ModuleType, tmp_path: Path) -> None:
    """The error of the whole names the reason deep inside."""
    with pytest.raises(ExecutionException, match="no rows to train on") as problem:
        mlflow.projects.run(workflow(tmp_path), parameters={"rows": 0})

    assert ["FAILED", "FINISHED", "FINISHED", "FAILED"] == [one.info.status for one in all_runs()]
    assert ["1", None, None, "1"] == [one.data.tags.get("runyard.project.exitCode") for one in all_runs()]
    assert "exit code 1" in str(problem.value)


def test_deeper_runs_know_the_outermost(mlflow: ModuleType, tmp_path: Path) -> None:
    """A tree of any depth is found with one tag."""
    text = "import sys, mlflow\nwith mlflow.start_run():\n"
    text += "  if sys.argv[1] != '0': mlflow.projects.run('.', 'it.py', parameters={'n': int(sys.argv[2]) - 1})\n"
    folder = project(tmp_path / "code", it__py=text.replace("sys.argv[1] != '0'", "sys.argv[2] != '0'"))
    run = mlflow.projects.run(str(folder), "it.py", parameters={"n": 2})
    top, middle, low = all_runs()

    assert run.run_id == top.info.run_id
    assert [run.run_id] * 2 == [one.data.tags["runyard.project.root"] for one in (middle, low)]
    assert middle.info.run_id == low.data.tags["mlflow.parentRunId"]


def test_the_output_of_steps_is_kept_with_each_and_with_the_whole(mlflow: ModuleType, tmp_path: Path) -> None:
    """One looks at a step alone, or at everything in order."""
    main = "import mlflow\nwith mlflow.start_run():\n  print('begin')\n  mlflow.projects.run('.', 'step.sh')\n"
    main += "  print('end')"
    folder = project(tmp_path / "code", main__py=main, step__sh="echo step")
    run = mlflow.projects.run(str(folder), "main.py")

    assert "begin\nstep\nend\n" == output(run.run_id)
    assert {"output.log": b"step\n"} == artifacts(all_runs()[1].info.run_id, "logs")


def test_the_users_own_start_up_code_is_run(
    mlflow: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Coverage, tracing and the like switch themselves on in a sitecustomize of their own; one that fails is told."""
    site = project(tmp_path / "site", sitecustomize__py="import os, site\nos.environ['X_SITE'] = 'theirs'")
    monkeypatch.setenv("PYTHONPATH", str(site))
    text = f"import sitecustomize, mlflow\nassert mlflow.__name__ == 'runyard'\n{SHOW}"
    folder = project(tmp_path / "code", it__py=text)
    assert "theirs" == shown(mlflow.projects.run(str(folder), "it.py").run_id)["variables"]["X_SITE"]

    for broken in ("import no_such_module_here", "raise ValueError('theirs is broken')"):
        project(site, sitecustomize__py=broken)
        run = mlflow.projects.run(
            str(project(tmp_path / "code", it__py="import mlflow; print(mlflow.__name__)")), "it.py"
        )
        said = output(run.run_id)
        assert "runyard\n" in said
        assert "no_such_module_here" in said or "theirs is broken" in said


def test_programs_of_other_pythons_are_left_alone(tmp_path: Path) -> None:
    """What has no Runyard, or was not asked to, starts as ever."""
    programs = Path(sys.modules["runyard"].__file__ or "").parent / "mlflow" / "alias" / "programs"
    for variables in ({"RUNYARD_ALIAS": "never"}, {}, {"RUNYARD_ALIAS": "always", "PYTHONNOUSERSITE": "1"}):
        clean = {**os.environ, "PYTHONPATH": str(programs), **variables}
        options = ["-S"] if "PYTHONNOUSERSITE" in variables else []
        text = "import sitecustomize, sys; print('runyard' in sys.modules)"
        done = subprocess.run(
            [sys.executable, *options, "-c", text], env=clean, capture_output=True, text=True, check=False
        )

        assert ("False\n", "") == (done.stdout, done.stderr)


def test_the_store_of_a_folder_is_found_from_the_project(
    mlflow: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative addresses mean the same to the caller and to its programs, which start elsewhere."""
    folder = project(tmp_path / "code", it__py="import mlflow\nwith mlflow.start_run(): mlflow.log_metric('m', 1)")
    monkeypatch.chdir(tmp_path)
    for uri in ("sqlite:///mine.db", "runs-here", f"file://{tmp_path}/there"):
        mlflow.set_tracking_uri(uri)
        run = mlflow.projects.run(str(folder), "it.py")

        assert {"m": 1.0} == mlflow.get_run(run.run_id).data.metrics
    assert ["it.py"] == [path.name for path in folder.iterdir()]
