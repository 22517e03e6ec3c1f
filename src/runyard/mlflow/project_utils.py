"""Names that backends of others take from ``mlflow.projects.utils``."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from runyard.core import origin
from runyard.core.git import git_tags
from runyard.fluent.clients import client
from runyard.fluent.stack import innermost
from runyard.projects import runs, sources, tags, variables
from runyard.projects.config_keys import (
    MLFLOW_LOCAL_BACKEND_RUN_ID_CONFIG,
    PROJECT_BUILD_IMAGE,
    PROJECT_DOCKER_ARGS,
    PROJECT_DOCKER_AUTH,
    PROJECT_ENV_MANAGER,
    PROJECT_STORAGE_DIR,
    PROJECT_SYNCHRONOUS,
)
from runyard.projects.project import Project, load_project
from runyard.projects.request import Request, resolved_values
from runyard.tracking.runs.entities import Run

__all__ = [
    "MLFLOW_LOCAL_BACKEND_RUN_ID_CONFIG",
    "PROJECT_BUILD_IMAGE",
    "PROJECT_DOCKER_ARGS",
    "PROJECT_DOCKER_AUTH",
    "PROJECT_ENV_MANAGER",
    "PROJECT_STORAGE_DIR",
    "PROJECT_SYNCHRONOUS",
    "fetch_and_validate_project",
    "get_entry_point_command",
    "get_or_create_run",
    "get_run_env_vars",
    "load_project",
]


def fetch_and_validate_project(
    uri: str, version: str | None, entry_point: str, parameters: Mapping[str, Any] | None
) -> str:
    """Bring a project to this machine and check what is asked of it.

    Returns
    -------
    Its folder. What was fetched is the caller's to remove.

    Raises
    ------
    InvalidProject: The project, its entry point or a parameter is not what it must be.
    """
    source = sources.fetch(uri, version)
    try:
        load_project(source.folder).get_entry_point(entry_point).values(parameters or {})
    except BaseException:
        source.close()
        raise
    source.keep()
    return str(source.folder)


def get_or_create_run(
    run_id: str | None,
    uri: str,
    experiment_id: str,
    work_dir: str,
    version: str | None,
    entry_point: str,
    parameters: Mapping[str, Any] | None,
) -> Run:
    """The run of that id, or a new one with the tags and params of a project's run."""
    if run_id:
        return client().get_run(run_id)
    values = load_project(work_dir).get_entry_point(entry_point).values(parameters or {})
    parent = innermost()
    request = Request(uri, entry_point, version, parent_run_id=parent.info.run_id if parent is not None else None)
    about = {
        tags.USER: origin.user(),
        tags.SOURCE_NAME: sources.shown(uri),
        tags.SOURCE_TYPE: "PROJECT",
        tags.ENTRY_POINT: entry_point,
        **git_tags(Path(work_dir, "MLproject")),
        **runs.placed(request),
    }
    return runs.run_for(client(), experiment_id, request, about, values)


def get_entry_point_command(
    project: Project, entry_point: str, parameters: Mapping[str, Any] | None, storage_dir: str | None
) -> list[str]:
    """The shell command of an entry point, as the one element of a list.

    Raises
    ------
    InvalidProject: A parameter is not what it must be.
    """
    chosen = project.get_entry_point(entry_point)
    opened = ExitStack()  # a temporary folder stays: the command reads from it later
    resolved = resolved_values(chosen, chosen.values(parameters or {}), client(), storage_dir, opened)
    opened.pop_all()
    return [chosen.shell_command(resolved)]


def get_run_env_vars(run_id: str, experiment_id: str) -> dict[str, str]:
    """The variables with which a program logs to a run."""
    return variables.of_run(client(), run_id, experiment_id)
