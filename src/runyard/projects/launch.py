"""``runyard.projects.run``: a project, run on this machine or handed to a backend."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runyard import settings
from runyard.core.limits import shown as quoted
from runyard.exceptions import ExecutionException, InvalidProject
from runyard.fluent.clients import client
from runyard.fluent.stack import innermost
from runyard.projects import config_keys, tags
from runyard.projects.backend import local
from runyard.projects.backend.loader import load_backend
from runyard.projects.request import Request
from runyard.projects.submitted_run import SubmittedRun


def run(
    uri: str | os.PathLike[str],
    entry_point: str = "main",
    version: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    docker_args: Mapping[str, Any] | None = None,
    experiment_name: str | None = None,
    experiment_id: str | None = None,
    backend: str = "local",
    backend_config: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    storage_dir: str | None = None,
    synchronous: bool = True,
    run_id: str | None = None,
    run_name: str | None = None,
    env_manager: str | None = None,
    build_image: bool = False,
    docker_auth: Mapping[str, str] | None = None,
    *,
    reuse: bool | None = None,
) -> SubmittedRun:
    """Run a project. Inside of an active run it becomes a nested run of that one.

    Parameters
    ----------
    uri: A folder, ``file://…``, a zip file (also ``http(s)://….zip``) or the address of a git repository; ``#folder``
        after it names a folder in it.
    entry_point: A name from the MLproject file, or the path of a ``.py`` or ``.sh`` script of the project.
    version: Branch, tag or commit, for projects in git.
    parameters: Values by name. Those that the entry point does not declare follow its command as ``--name value``.
    docker_args: Options of ``docker run`` for projects that name a container; True stands for one without a value.
    experiment_name: Experiment of the run, created if it does not exist; or else
    experiment_id: its id. The experiment of new runs when both are left out.
    backend: ``local``, ``kubernetes``, or one that an installed package offers.
    backend_config: What the backend needs to know: a mapping, JSON, or the path of a ``.json`` file.
    storage_dir: Folder to which the values of path parameters are fetched from elsewhere.
    synchronous: Wait for the run's end. Else the program waits for it when it ends itself.
    run_id: A run that exists already, to be used instead of a new one.
    run_name: Name of the run.
    env_manager: ``local``, ``uv``, ``virtualenv`` or ``conda``. When left out, what suits the environment that the
        project names; the one that is here when it names none.
    build_image: Build an image that holds the project, instead of mounting it into the one it names.
    docker_auth: Refused when given: log in with ``docker login``, which keeps the password.
    reuse: Take the newest finished run of the same files, entry point, values and environment as the result, if the
        experiment has one.

    Returns
    -------
    The run, which has ended when `synchronous` is set.

    Raises
    ------
    InvalidProject: Something about the project or the arguments is wrong; nothing was run, and no run was made.
    ExecutionException: The run failed; the message has its exit code and the last lines of its output.
    """
    request = Request(
        uri=str(uri) if isinstance(uri, os.PathLike) else uri,
        entry_point=entry_point,
        version=version,
        parameters=parameters or {},
        docker_args=docker_args or {},
        env_manager=env_manager,
        build_image=build_image,
        storage_dir=storage_dir,
        experiment_name=experiment_name,
        experiment_id=experiment_id,
        run_id=run_id,
        run_name=run_name,
        parent_run_id=active_parent(),
        reuse=settings.PROJECT_REUSE.get() if reuse is None else reuse,
    )
    request.check()
    if docker_auth:
        raise InvalidProject("docker_auth is not taken: log in with 'docker login', which keeps the password.")
    config = configuration(backend_config)
    if backend == local.NAME:
        submitted = local.submit(request, client())
    else:
        submitted = _handed_over(request, backend, config, synchronous)
    if synchronous:
        local.outcome(submitted)
    return submitted


def active_parent() -> str | None:
    """The run that a new one becomes a nested run of: this thread's active one."""
    active = innermost()
    return active.info.run_id if active is not None else None


def configuration(given: Mapping[str, Any] | str | os.PathLike[str] | None) -> dict[str, Any]:
    """The configuration of a backend: a mapping as it is, the object in a JSON text or in a ``.json`` file.

    Raises
    ------
    InvalidProject: It is none of these.
    """
    if given is None or isinstance(given, Mapping):
        return dict(given or {})
    text = os.fspath(given)
    try:
        if text.endswith(".json") or Path(text).is_file():
            text = Path(text).read_text(encoding="utf-8")
        config = json.loads(text)
    except (OSError, ValueError) as problem:
        raise InvalidProject(f"The backend configuration {quoted(str(given))} cannot be read: {problem}") from None
    if not isinstance(config, dict):
        raise InvalidProject(f"The backend configuration must be a JSON object; it is {quoted(str(config))}.")
    return config


def _handed_over(request: Request, backend: str, config: Mapping[str, Any], synchronous: bool) -> SubmittedRun:
    """Give a request to a backend, and note on its run which one it was."""
    further = {
        config_keys.PROJECT_SYNCHRONOUS: synchronous,
        config_keys.PROJECT_DOCKER_ARGS: dict(request.docker_args),
        config_keys.PROJECT_STORAGE_DIR: request.storage_dir,
        config_keys.PROJECT_ENV_MANAGER: request.env_manager,
        config_keys.PROJECT_BUILD_IMAGE: request.build_image,
        config_keys.MLFLOW_LOCAL_BACKEND_RUN_ID_CONFIG: request.run_id,
    }
    submitted = load_backend(backend).run(
        request.uri,
        request.entry_point,
        dict(request.parameters),
        request.version,
        {**further, **config},
        client().tracking_uri,
        request.experiment(client()),
    )
    if not callable(getattr(submitted, "wait", None)) or not getattr(submitted, "run_id", None):
        raise ExecutionException(f"The backend {backend!r} gave {submitted!r} where a submitted run was expected.")
    client().set_tag(submitted.run_id, tags.BACKEND, backend)
    if request.run_name is not None:
        client().update_run(submitted.run_id, name=request.run_name)
    return submitted
