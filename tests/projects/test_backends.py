"""Backends that packages of others bring, and what they use of ours."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from runyard.exceptions import ExecutionException, InvalidProject
from tests.projects.building import all_runs, command, project
from tests.projects.conftest import Refused

THEIRS = """
    import json
    from pathlib import Path
    import runyard
    from runyard.projects.backend.abstract_backend import AbstractBackend
    from runyard.projects.submitted_run import SubmittedRun

    class Submitted(SubmittedRun):
        def __init__(self, run_id, succeeds):
            self._run_id, self._succeeds = run_id, succeeds
        run_id = property(lambda self: self._run_id)
        def wait(self): return self._succeeds
        def get_status(self): return "FINISHED"
        def cancel(self): pass

    class Backend(AbstractBackend):
        def run(self, project_uri, entry_point, params, version, backend_config, tracking_uri, experiment_id):
            given = [project_uri, entry_point, params, version, backend_config, tracking_uri, experiment_id]
            Path("given.json").write_text(json.dumps(given))
            run = runyard.MlflowClient().create_run(experiment_id)
            return Submitted(run.info.run_id, backend_config.get("succeeds", True))
"""
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Installs a package that offers a backend of the name ``theirs``."""
    monkeypatch.syspath_prepend(str(tmp_path / "site"))

    def make(code: str = THEIRS, what: str = "Backend", group: str = "mlflow.project_backend", name: str = "a") -> None:
        module = f"backend_{name}_{tmp_path.name.replace('-', '_')}"
        monkeypatch.delitem(sys.modules, module, raising=False)
        project(tmp_path / "site", **{f"{module}__py": textwrap.dedent(code)})
        about = f"[{group}]\ntheirs = {module}:{what}\n"
        project(tmp_path / "site" / f"{module}-1.0.dist-info", METADATA=f"Name: {module}\n", entry_points__txt=about)

    return make


@pytest.mark.parametrize("group", ["mlflow.project_backend", "runyard.project_backend"])
def test_a_backend_of_a_package_gets_what_mlflow_gives(
    mlflow: ModuleType, install: Install, tmp_path: Path, group: str
) -> None:
    """Plug-ins for schedulers work as they are."""
    install(group=group)
    run = mlflow.projects.run(
        "git://somewhere/x.git", "train", "v1", {"a": 1}, {"gpus": "all"}, experiment_name="new", backend="theirs",
        backend_config={"partition": "gpu"}, storage_dir="kept", synchronous=False, run_name="named",
        env_manager="conda", build_image=True,
    )  # fmt: skip
    *given, config, tracking_uri, experiment_id = json.loads((tmp_path / "given.json").read_text())

    assert ["git://somewhere/x.git", "train", {"a": 1}, "v1"] == given
    assert {
        "SYNCHRONOUS": False,
        "DOCKER_ARGS": {"gpus": "all"},
        "STORAGE_DIR": "kept",
        "ENV_MANAGER": "conda",
        "build_image": True,
        "_mlflow_local_backend_run_id": None,
        "partition": "gpu",
    } == config
    assert (mlflow.get_tracking_uri(), mlflow.get_experiment_by_name("new").experiment_id) == (
        tracking_uri,
        experiment_id,
    )
    found = mlflow.get_run(run.run_id)
    assert ("theirs", "named") == (found.data.tags["mlflow.project.backend"], found.info.run_name)


def test_ours_wins_over_mlflows(mlflow: ModuleType, install: Install) -> None:
    """A package can bring one that knows us."""
    install("def make(): raise ValueError('of MLflow')", "make", name="b")
    install(group="runyard.project_backend")

    assert mlflow.projects.run("x", backend="theirs").wait()


@pytest.mark.parametrize("as_file", [True, False])
def test_the_configuration_may_be_a_file_or_json(
    mlflow: ModuleType, install: Install, tmp_path: Path, as_file: bool
) -> None:
    """As the command line gives it."""
    install()
    text = '{"partition": "gpu", "DOCKER_ARGS": "mine"}'
    (tmp_path / "config.json").write_text(text)
    mlflow.projects.run("x", backend="theirs", backend_config=str(tmp_path / "config.json") if as_file else text)

    config = json.loads((tmp_path / "given.json").read_text())[4]
    assert ("gpu", "mine", True) == (config["partition"], config["DOCKER_ARGS"], config["SYNCHRONOUS"])


def test_a_configuration_that_cannot_be_read_is_told(refused: Refused, install: Install, tmp_path: Path) -> None:
    """Before anything is handed over."""
    install()
    (tmp_path / "list.json").write_text("[1]")
    for config in ("none.json", "{", "[1]", "list.json", "word", "3"):
        assert "backend configuration" in refused("x", backend="theirs", backend_config=config, experiment_name="new")
    assert not (tmp_path / "given.json").exists()


def test_a_backend_that_nobody_offers_is_told(refused: Refused, install: Install) -> None:
    """With those that there are."""
    install()
    said = refused("x", backend="slurm", experiment_name="new")

    assert "no backend 'slurm'. Use one of: local, kubernetes, theirs" in said


@pytest.mark.parametrize(
    ("code", "what", "problem"),
    [
        ("import no_such_module_here", "Backend", "cannot be loaded: No module named 'no_such_module_here'"),
        ("x = 1", "Backend", "cannot be loaded"),
        ("def make(): raise ValueError('their reason')", "make", "cannot be loaded: their reason"),
        ("x = 3", "x", "cannot be loaded"),
        ("class Backend: pass", "Backend", "has no method 'run'"),
    ],
)
def test_a_backend_that_is_broken_is_told(
    refused: Refused, install: Install, code: str, what: str, problem: str
) -> None:
    """The error names the package's part, and is not a run's fault."""
    install(code, what)
    said = refused("x", backend="theirs", kind=ExecutionException, experiment_name="new")

    assert "backend 'theirs' of backend_a_" in said
    assert problem in said


def test_a_backend_must_give_a_run(mlflow: ModuleType, install: Install) -> None:
    """None, as some give in synchronous mode, is not a run."""
    install("class Backend:\n  def run(self, *_): return None", name="none")
    with pytest.raises(ExecutionException, match="gave None where a submitted run was expected"):
        mlflow.projects.run("x", backend="theirs")


def test_a_run_that_fails_elsewhere_is_an_error_here(mlflow: ModuleType, install: Install) -> None:
    """A synchronous run tells how it ended, wherever it was."""
    install()
    with pytest.raises(ExecutionException, match=r"Run '\w+' failed") as problem:
        mlflow.projects.run("x", backend="theirs", backend_config={"succeeds": False})

    assert not isinstance(problem.value, InvalidProject)
    assert mlflow.projects.run("x", backend="theirs", backend_config={"succeeds": False}, synchronous=False).run_id


SCHEDULER = """
    import os, subprocess
    from mlflow import tracking
    from mlflow.entities import RunStatus
    from mlflow.projects.backend.abstract_backend import AbstractBackend
    from mlflow.projects.submitted_run import SubmittedRun
    from mlflow.projects.utils import (
        MLFLOW_LOCAL_BACKEND_RUN_ID_CONFIG, PROJECT_STORAGE_DIR, PROJECT_SYNCHRONOUS, fetch_and_validate_project,
        get_entry_point_command, get_or_create_run, get_run_env_vars, load_project,
    )

    class Job(SubmittedRun):
        def __init__(self, run_id, process):
            self._run_id, self.process = run_id, process
        run_id = property(lambda self: self._run_id)
        def wait(self):
            done = RunStatus.FINISHED if self.process.wait() == 0 else RunStatus.FAILED
            tracking.MlflowClient().set_terminated(self._run_id, RunStatus.to_string(done))
            return done == RunStatus.FINISHED
        def get_status(self): return RunStatus.RUNNING
        def cancel(self): self.process.kill()

    class Backend(AbstractBackend):
        def run(self, project_uri, entry_point, params, version, backend_config, tracking_uri, experiment_id):
            folder = fetch_and_validate_project(project_uri, version, entry_point, params)
            given = backend_config[MLFLOW_LOCAL_BACKEND_RUN_ID_CONFIG]
            run = get_or_create_run(given, project_uri, experiment_id, folder, version, entry_point, params)
            project = load_project(folder)
            assert project.env_type == "python_env" and project.env_config_path is None
            words = get_entry_point_command(project, entry_point, params, backend_config[PROJECT_STORAGE_DIR])
            variables = {**os.environ, **get_run_env_vars(run.info.run_id, experiment_id)}
            command = ["bash", "-c", " ".join(words)]
            return Job(run.info.run_id, subprocess.Popen(command, cwd=folder, env=variables))
"""


def test_a_scheduler_made_of_mlflows_parts_works(mlflow: ModuleType, install: Install, tmp_path: Path) -> None:
    """Integrations such as the one for Slurm are built from `mlflow.projects.utils`."""
    install(SCHEDULER)
    folder = project(tmp_path / "code", command("env | grep ^MLFLOW_ > seen; echo {a} >> seen; true", "{a: string}"))
    text = f"import mlflow\nmlflow.projects.run({str(folder)!r}, parameters={{'a': 'it is', 'b': 1}}, backend='theirs',"
    project(tmp_path, it__py=text + " experiment_name='new')")
    variables = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "MLFLOW_TRACKING_URI": mlflow.get_tracking_uri()}
    done = subprocess.run(
        [sys.executable, "-m", "runyard.alias", "it.py"], env=variables, capture_output=True, check=False
    )
    assert 0 == done.returncode, done.stderr
    (run,) = all_runs()

    seen = (folder / "seen").read_text().splitlines()
    assert {"a": "it is", "b": "1"} == run.data.params
    assert {f"MLFLOW_RUN_ID={run.info.run_id}", "MLFLOW_EXPERIMENT_ID=1", "it is"} <= set(seen)
    assert ("FINISHED", "PROJECT", "main", str(folder)) == (
        run.info.status,
        *(run.data.tags[f"mlflow.{name}"] for name in ("source.type", "project.entryPoint", "source.name")),
    )


def test_a_scheduler_finds_mistakes_first(mlflow: ModuleType, tmp_path: Path) -> None:
    """What is validated needs no run."""
    from runyard.mlflow import project_utils as utils  # noqa: PLC0415  (what others import by MLflow's name)

    folder = str(project(tmp_path / "code", command("run {a}", "{a: float}")))
    for parameters in ({"a": "x"}, {}, None):
        with pytest.raises(InvalidProject):
            utils.fetch_and_validate_project(folder, None, "main", parameters)
    with pytest.raises(InvalidProject):
        utils.fetch_and_validate_project(folder, None, "other", {})
    assert folder == utils.fetch_and_validate_project(folder, None, "main", {"a": 1})
    assert [] == all_runs()
