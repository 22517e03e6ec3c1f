"""Names of MLflow's projects under the alias, for scripts that run projects and for backends of others."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import runyard
from runyard import projects
from runyard.mlflow import project_utils
from runyard.projects.backend.abstract_backend import AbstractBackend
from runyard.projects.submitted_run import SubmittedRun
from tests.mlflow.conftest import Finished
from tests.mlflow.test_tier_a import resolved

RUN = {
    "uri": inspect.Parameter.empty,
    "entry_point": "main",
    "version": None,
    "parameters": None,
    "docker_args": None,
    "experiment_name": None,
    "experiment_id": None,
    "backend": "local",
    "backend_config": None,
    "storage_dir": None,
    "synchronous": True,
    "run_id": None,
    "run_name": None,
    "env_manager": None,
    "build_image": False,
    "docker_auth": None,
}
"""Parameters of mlflow.projects.run in mlflow 3.17.2, with their defaults."""

DOCUMENTED = [
    "mlflow.projects.SubmittedRun",
    "mlflow.projects.backend.AbstractBackend",
    "mlflow.projects.backend.abstract_backend.AbstractBackend",
    "mlflow.projects.run",
    "mlflow.projects.submitted_run.LocalSubmittedRun",
    "mlflow.projects.submitted_run.SubmittedRun",
    "mlflow.run",
]

USED_BY_BACKENDS = [
    "mlflow.projects.load_project",
    "mlflow.projects.utils.PROJECT_ENV_MANAGER",
    "mlflow.projects.utils.PROJECT_STORAGE_DIR",
    "mlflow.projects.utils.fetch_and_validate_project",
    "mlflow.projects.utils.get_entry_point_command",
    "mlflow.projects.utils.get_or_create_run",
    "mlflow.projects.utils.load_project",
]
"""What mlflow-slurm and azureml-mlflow take, but for PROJECT_USE_CONDA, which mlflow 3 does not have either."""

UTILITIES = {
    "fetch_and_validate_project": ["uri", "version", "entry_point", "parameters"],
    "get_entry_point_command": ["project", "entry_point", "parameters", "storage_dir"],
    "get_or_create_run": ["run_id", "uri", "experiment_id", "work_dir", "version", "entry_point", "parameters"],
    "get_run_env_vars": ["run_id", "experiment_id"],
}
"""Parameters of the functions that backends call, in mlflow 3.17.2."""

VALUES = {
    "MLFLOW_LOCAL_BACKEND_RUN_ID_CONFIG": "_mlflow_local_backend_run_id",
    "PROJECT_BUILD_IMAGE": "build_image",
    "PROJECT_DOCKER_ARGS": "DOCKER_ARGS",
    "PROJECT_DOCKER_AUTH": "docker_auth",
    "PROJECT_ENV_MANAGER": "ENV_MANAGER",
    "PROJECT_STORAGE_DIR": "STORAGE_DIR",
    "PROJECT_SYNCHRONOUS": "SYNCHRONOUS",
}
"""Keys of what a backend is told, in mlflow 3.17.2."""


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", [*DOCUMENTED, *USED_BY_BACKENDS])
def test_name_resolves(name: str) -> None:
    """A script or a backend that uses it works."""
    assert resolved(name) is not None


@pytest.mark.parametrize("function", [runyard.run, projects.run], ids=["run", "projects.run"])
def test_run_takes_the_documented_parameters(function: Callable[..., Any]) -> None:
    """Calls written for MLflow fit, by position and by name; what we take besides is given by name, if at all."""
    parameters = list(inspect.signature(function).parameters.values())
    documented, more = parameters[: len(RUN)], parameters[len(RUN) :]

    assert list(RUN.items()) == [(one.name, one.default) for one in documented]
    assert {one.kind for one in documented} == {inspect.Parameter.POSITIONAL_OR_KEYWORD}
    assert all(one.kind is one.KEYWORD_ONLY and one.default is None for one in more)


def test_classes_ask_for_the_documented_methods() -> None:
    """A backend of somebody else's that has them can be made; one without cannot."""
    assert SubmittedRun.__abstractmethods__ == {"run_id", "wait", "get_status", "cancel"}
    assert isinstance(vars(SubmittedRun)["run_id"], property)
    assert AbstractBackend.__abstractmethods__ == {"run"}
    assert list(inspect.signature(AbstractBackend.run).parameters) == [
        *("self", "project_uri", "entry_point", "params", "version", "backend_config", "tracking_uri", "experiment_id")
    ]


def test_a_local_run_is_used_without_arguments() -> None:
    """Whatever its methods take besides can be left out."""
    for method in (projects.submitted_run.LocalSubmittedRun.wait, projects.submitted_run.LocalSubmittedRun.cancel):
        rest = list(inspect.signature(method).parameters.values())[1:]
        assert all(one.default is not one.empty for one in rest)
    assert issubclass(projects.submitted_run.LocalSubmittedRun, SubmittedRun)


@pytest.mark.parametrize("name", UTILITIES)
def test_a_utility_takes_the_parameters_of_mlflows(name: str) -> None:
    """Backends call them by position and by name."""
    assert UTILITIES[name] == list(inspect.signature(getattr(project_utils, name)).parameters)


@pytest.mark.parametrize("name", VALUES)
def test_a_key_is_mlflows(name: str) -> None:
    """Backends look it up in their configuration, where we put what the caller said."""
    assert VALUES[name] == getattr(project_utils, name)


def test_a_program_that_is_aliased_imports_them(python: Callable[..., Finished], tmp_path: Path) -> None:
    """With every form of import that programs use, in a process where nothing was imported before."""
    lines = [f"from {name.rpartition('.')[0]} import {name.rpartition('.')[2]}" for name in DOCUMENTED]
    lines += ["import mlflow.projects.utils as utils, mlflow", "print(mlflow.projects.run is mlflow.run is run)"]
    (tmp_path / "program.py").write_text("\n".join(lines))

    done = python("-m", "runyard.alias", "program.py")

    assert (done.stdout, done.stderr) == ("True\n", "")
