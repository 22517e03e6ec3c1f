"""Projects in containers: what docker is told. A program that stands for it notes its calls and runs the commands."""

import json
import os
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from runyard.exceptions import ExecutionException, InvalidProject
from runyard.projects.docker import DockerPlan
from runyard.projects.specification import DockerSpec
from tests.projects.building import SHOW, all_runs, command, lives, output, project, shown, until, written_ids
from tests.projects.conftest import Refused

CODE = "/mlflow/projects/code"
TRACKING = ["MLFLOW_EXPERIMENT_ID", "MLFLOW_RUN_ID", "MLFLOW_TRACKING_URI"]


class Docker:
    """What stands for docker, and what it was told."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def calls(self, what: str) -> list[Any]:
        """Its calls of a kind."""
        lines = (self.home / "calls").read_text().splitlines()
        return [call for line in lines if (call := json.loads(line))["arguments"][0] == what]

    def ran(self) -> list[str]:
        """The arguments of the only ``docker run``."""
        (call,) = self.calls("run")
        return list(call["arguments"])


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    """A ``docker`` on the path."""
    home = tmp_path / "docker"
    home.mkdir()
    for name in [name for name in os.environ if name.startswith(("AWS_", "AZURE_", "GOOGLE_"))]:
        monkeypatch.delenv(name)
    program = home / "docker"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).with_name("docker_script.py")}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{home}:{Path(sys.executable).parent}:/usr/bin:/bin")
    monkeypatch.setenv("X_DOCKER", str(home))
    return Docker(home)


def contained(folder: Path, text: str = "python show.py", more: str = "") -> str:
    """A project that names a container."""
    header = f"name: My Project\ndocker_env: {{image: 'theirs:1.0'{more}}}\n"
    parameters = "{a: {default: x}}"
    return str(project(folder / "code", header + command(text, parameters), show__py=SHOW))


def test_a_command_is_run_in_the_container(mlflow: ModuleType, docker: Docker, tmp_path: Path) -> None:
    """The image is the one that is named, the project is where MLflow's images expect it, the store is within reach."""
    run = mlflow.projects.run(contained(tmp_path, "python show.py {a}"), parameters={"a": "$(touch pwned)"})
    passed = [part for name in TRACKING for part in ("--env", name)]
    ran = docker.ran()
    name = ran[ran.index("--name") + 1]
    others = [part for part in ran if part.startswith("RUNYARD_")]

    expected = ["run", "--rm", "--init", "--name", name, "--workdir", CODE, "--volume", f"{tmp_path}/code:{CODE}"]
    expected += ["--volume", f"{tmp_path}/store:{tmp_path}/store", *passed]
    expected += [part for one in others for part in ("--env", one)]
    assert [*expected, "theirs:1.0", "bash", "-c", "python show.py '$(touch pwned)'"] == ran
    assert not {"RUNYARD_SPOOL_DIR", "RUNYARD_PROJECT_RUNS"} & set(others)
    assert ["$(touch pwned)"] == shown(run.run_id)["arguments"]
    assert run.run_id == shown(run.run_id)["variables"]["MLFLOW_RUN_ID"]


def test_the_run_says_which_image(mlflow: ModuleType, docker: Docker, tmp_path: Path) -> None:
    """The name may mean another image tomorrow; the id does not."""
    tags = mlflow.get_run(mlflow.projects.run(contained(tmp_path)).run_id).data.tags

    expected = {"env": "docker", "uri": "theirs:1.0", "id": "sha256:0123"}
    assert expected == {
        "env": tags["mlflow.project.env"],
        "uri": tags["mlflow.docker.image.uri"],
        "id": tags["mlflow.docker.image.id"],
    }
    (docker.home / "no-image").touch()
    tags = mlflow.get_run(mlflow.projects.run(contained(tmp_path)).run_id).data.tags
    assert "mlflow.docker.image.id" not in tags


def test_volumes_and_variables_of_the_project_are_given(
    mlflow: ModuleType, docker: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name takes the caller's value, a pair brings its own."""
    monkeypatch.setenv("X_FROM_HERE", "of the caller")
    more = ", volumes: ['/data:/data:ro', '/out:/out'], environment: [X_FROM_HERE, [X_OWN, 3], X_NOT_SET]"
    run = mlflow.projects.run(contained(tmp_path, more=more))
    ran = docker.ran()

    for option, values in {"--volume": ["/data:/data:ro", "/out:/out"], "--env": ["X_FROM_HERE", "X_OWN=3"]}.items():
        given = [value for name, value in pairwise(ran) if name == option]
        assert values == [value for value in given if value in values]
    assert {"X_FROM_HERE": "of the caller", "X_OWN": "3"}.items() <= shown(run.run_id)["variables"].items()


def test_options_of_docker_are_passed_on(mlflow: ModuleType, docker: Docker, tmp_path: Path) -> None:
    """As MLflow takes them, and lists for what can be given several times."""
    options = {"gpus": "all", "privileged": True, "rm": False, "m": "2g", "P": True, "label": ["a=1", "b=2"], "cpus": 2}
    mlflow.projects.run(contained(tmp_path), docker_args=options)
    given = ["--gpus", "all", "--privileged", "--rm=false", "-m", "2g", "-P", "--label", "a=1", "--label", "b=2"]

    ran = docker.ran()
    assert [*given, "--cpus", "2", "theirs:1.0", "bash"] == ran[ran.index("--gpus") : ran.index("bash") + 1]


@pytest.mark.parametrize("name", ["--privileged", "-v", "a b", "", "a=b", "a;b", 1])
def test_what_is_not_an_option_is_refused(refused: Refused, docker: Docker, tmp_path: Path, name: str) -> None:
    """Before docker is asked for anything."""
    assert "Invalid docker argument" in refused(contained(tmp_path), docker_args={name: "x"}, experiment_name="new")


def test_an_image_is_built_of_the_project(mlflow: ModuleType, docker: Docker, tmp_path: Path) -> None:
    """Nothing is mounted: what ran is what the image holds."""
    run = mlflow.projects.run(contained(tmp_path, "echo hi"), build_image=True)
    (build,) = docker.calls("build")
    ran = docker.ran()

    assert ["build", "--tag", "runyard-project-my-project", "--file", "-", f"{tmp_path}/code"] == build["arguments"]
    assert f"FROM theirs:1.0\nCOPY . {CODE}/\nWORKDIR {CODE}\n" == build["told"]
    assert "runyard-project-my-project" == ran[ran.index("bash") - 1]
    assert not any(CODE in part and ":" in part for part in ran)
    assert "runyard-project-my-project" == mlflow.get_run(run.run_id).data.tags["mlflow.docker.image.uri"]
    assert output(run.run_id).endswith("hi\n")


def test_an_image_that_cannot_be_built_fails_the_run(mlflow: ModuleType, docker: Docker, tmp_path: Path) -> None:
    """With what docker says, also in the output that is kept."""
    (docker.home / "no-build").touch()
    with pytest.raises(ExecutionException, match=r"docker build failed.*It said: Cannot connect"):
        mlflow.projects.run(contained(tmp_path), build_image=True)

    assert "FAILED" == all_runs()[0].info.status
    assert "docker build failed" in output(all_runs()[0].info.run_id)


def test_secrets_are_not_on_the_command_line(
    mlflow: ModuleType, docker: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every user of the machine can read it; the container gets them nevertheless."""
    names = ["MLFLOW_TRACKING_PASSWORD", "AWS_SECRET_ACCESS_KEY", "AZURE_CLIENT_SECRET", "GOOGLE_API_KEY"]
    for name in names:
        monkeypatch.setenv(name, f"s3cr3t of {name}")
    run = mlflow.projects.run(contained(tmp_path, "env | grep -c 's3cr3t of'"))

    assert "4\n" == output(run.run_id)
    assert not any("s3cr3t" in part for part in docker.ran() if part != docker.ran()[-1])
    assert set(names) <= set(docker.ran())


@pytest.mark.parametrize(
    ("uri", "options"),
    [
        ("http://localhost:5000", ["--network", "host"]),
        ("http://127.0.0.1:5000", ["--network", "host"]),
        ("https://[::1]:5000", ["--network", "host"]),
        ("postgresql+psycopg://u:p@127.0.0.1/db", ["--network", "host"]),
        ("postgresql://u:p@localhost/db", ["--network", "host"]),
        ("http://user:secret@localhost:5000", ["--network", "host"]),
        ("https://runs.example.org", []),
        ("postgresql://u:p@db.example.org/db", []),
        ("sqlite:////home/me/runs/x.db", ["--volume", "/home/me/runs:/home/me/runs"]),
        ("sqlite:////home/me/runs/x.db?timeout=3", ["--volume", "/home/me/runs:/home/me/runs"]),
        ("/home/me/runs", ["--volume", "/home/me/runs:/home/me/runs"]),
        ("", []),
    ],
)
def test_the_store_is_within_reach_of_the_container(tmp_path: Path, uri: str, options: list[str]) -> None:
    """A server on this machine is not on the container's, and a database file must be there."""
    plan = DockerPlan(DockerSpec("theirs:1.0"), [], "name")
    ran = plan.run_arguments("theirs:1.0", "true", tmp_path, {"MLFLOW_TRACKING_URI": uri})

    start = ran.index("--volume") + 2
    assert [*options, "--env", "MLFLOW_TRACKING_URI", "theirs:1.0", "bash", "-c", "true"] == ran[start:]


def test_without_a_daemon_there_is_no_run(refused: Refused, docker: Docker, tmp_path: Path) -> None:
    """The error says what to look at."""
    (docker.home / "no-version").touch()
    said = refused(contained(tmp_path), kind=ExecutionException, experiment_name="new")

    assert "is its daemon running? It said: Cannot connect to the Docker daemon" in said


def test_without_docker_there_is_no_run(
    refused: Refused, docker: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the program that is missing, not the project that is wrong."""
    monkeypatch.setenv("PATH", str(tmp_path))

    assert "docker is not installed here" in refused(contained(tmp_path), kind=ExecutionException)


def test_arguments_that_do_not_fit_are_refused(refused: Refused, docker: Docker, tmp_path: Path) -> None:
    """Nothing that was asked for is passed over in silence."""
    plain = str(project(tmp_path / "plain", command("true")))

    assert "names no docker_env" in refused(plain, docker_args={"gpus": "all"})
    assert "names no docker_env" in refused(plain, build_image=True)
    assert "runs in a container" in refused(contained(tmp_path), env_manager="uv")


def test_cancelling_ends_the_container(mlflow: ModuleType, docker: Docker, tmp_path: Path) -> None:
    """It is not a child of ours: docker is asked to end it."""
    folder = contained(tmp_path, "echo $$ > ids; echo begun; exec sleep 600")
    run = mlflow.projects.run(folder, synchronous=False)
    (inside,) = written_ids(Path(folder) / "ids", 1)
    until(lambda: list(docker.home.glob("runyard-*")))
    run.cancel()
    (name,) = (path.name for path in docker.home.glob("runyard-*"))

    assert ["kill", name] == docker.calls("kill")[0]["arguments"]
    until(lambda: not lives(inside))
    assert ("KILLED", "KILLED") == (run.get_status(), all_runs()[0].info.status)


def test_a_container_that_fails_fails_the_run(mlflow: ModuleType, docker: Docker, tmp_path: Path) -> None:
    """Its exit code is the command's."""
    with pytest.raises(ExecutionException, match=r"exit code 5\. Its last lines:\nthe reason") as problem:
        mlflow.projects.run(contained(tmp_path, "echo the reason; exit 5"))

    assert not isinstance(problem.value, InvalidProject)
