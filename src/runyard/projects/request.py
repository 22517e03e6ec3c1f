"""The request to run a project, and its checks before anything runs."""

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from runyard import settings
from runyard.artifacts.addresses import PROXY_ROOT
from runyard.client import RunyardClient
from runyard.core.credentials import without_credentials
from runyard.core.lifecycle import LifecycleStage
from runyard.exceptions import InvalidProject, RunyardException
from runyard.fluent.artifacts import download_artifacts
from runyard.fluent.experiments import chosen_experiment_id
from runyard.projects import sources
from runyard.projects.entry_point import EntryPoint
from runyard.projects.environment import Plan, planned
from runyard.projects.parameters import is_local, local_file
from runyard.projects.project import Project, load_project
from runyard.projects.sources import Source


@dataclass(frozen=True)
class Request:
    """A project to run.

    Attributes
    ----------
    uri: Where it is.
    entry_point: What of it to run.
    version: Branch, tag or commit.
    parameters: Values by name.
    docker_args: Options of ``docker run``.
    env_manager: How it gets its environment; None leaves the choice to what it names.
    build_image: Build an image that holds the project.
    storage_dir: Folder for files that are fetched; a temporary one when None.
    experiment_name: Experiment of the run, created if it does not exist; or else
    experiment_id: its id. That of new runs when both are None.
    run_id: A run that exists already; None makes one.
    run_name: Name of the run.
    parent_run_id: The run above it.
    reuse: Take an earlier run of the same instead.
    tags: Further tags of the run.
    echo: Show the output on this program's streams.
    """

    uri: str
    entry_point: str = "main"
    version: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    docker_args: Mapping[str, Any] = field(default_factory=dict)
    env_manager: str | None = None
    build_image: bool = False
    storage_dir: str | None = None
    experiment_name: str | None = None
    experiment_id: str | None = None
    run_id: str | None = None
    run_name: str | None = None
    parent_run_id: str | None = None
    reuse: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    echo: bool = True

    def check(self) -> None:
        """Check that the arguments fit each other.

        Raises
        ------
        InvalidProject: They do not.
        """
        for name in ("uri", "entry_point"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name):
                raise InvalidProject(f"{name!r} must be a text; it is {getattr(self, name)!r}.")
        for name in ("parameters", "docker_args"):
            if not isinstance(getattr(self, name), Mapping):
                raise InvalidProject(f"{name!r} must be names with values; it is {getattr(self, name)!r}.")
        if self.experiment_name is not None and self.experiment_id is not None:
            both = f"{self.experiment_name!r} and {self.experiment_id!r}"
            raise InvalidProject(f"Give either experiment_name or experiment_id; got {both}.")

    def experiment(self, client: RunyardClient) -> str:
        """The id of the experiment, which is made now if need be.

        Raises
        ------
        RunyardException: There is none of that id, or it is deleted.
        """
        if self.experiment_id is None:
            return chosen_experiment_id(self.experiment_name, None)
        found = client.get_experiment(str(self.experiment_id))
        if found.lifecycle_stage != LifecycleStage.ACTIVE:
            raise InvalidProject(f"Experiment {found.name!r} (id {found.experiment_id}) is deleted. Restore it first.")
        return found.experiment_id


@dataclass
class Prepared:
    """A request with everything found and checked: all that is left is to run it.

    Attributes
    ----------
    values: Text of every parameter, as it was given: what is logged.
    resolved: The same with paths that lead to files of this machine.
    shell_command: The command for bash.
    """

    request: Request
    source: Source
    project: Project
    entry_point: EntryPoint
    values: Mapping[str, str]
    resolved: Mapping[str, str]
    shell_command: str
    plan: Plan
    _opened: ExitStack

    def close(self) -> None:
        """Remove what was fetched."""
        self._opened.close()


def prepared(request: Request, client: RunyardClient, container: str) -> Prepared:
    """Fetch the project and check everything that can be checked before a run is made.

    Parameters
    ----------
    client: Fetches values of path parameters.
    container: A name for the container of projects that run in one.

    Raises
    ------
    InvalidProject: The project, the entry point, a parameter or the environment is not what it must be.
    ExecutionException: Something that is needed to run it is not there.
    """
    with ExitStack() as opened:
        source = sources.fetch(request.uri, request.version)
        opened.callback(source.close)
        project = load_project(source.folder)
        entry_point = project.get_entry_point(request.entry_point)
        values = entry_point.values(request.parameters)
        plan = planned(project, request.env_manager, request.docker_args, request.build_image, container)
        resolved = resolved_values(entry_point, values, client, request.storage_dir, opened)
        command = entry_point.shell_command(resolved)
        plan.check(command)
        return Prepared(request, source, project, entry_point, values, resolved, command, plan, opened.pop_all())


def resolved_values(
    entry_point: EntryPoint, values: Mapping[str, str], client: RunyardClient, storage: str | None, opened: ExitStack
) -> dict[str, str]:
    """The values with those of the type path replaced by files of this machine; what is elsewhere is fetched.

    Parameters
    ----------
    storage: What is fetched goes to a new folder in this one, and stays there; when None, to a temporary one that goes
        with `opened`.

    Raises
    ------
    InvalidProject: Nothing is at a path.
    """
    resolved = dict(values)
    paths = [name for name, one in entry_point.parameters.items() if one.type == "path"]
    for name in paths:
        if is_local(values[name]):
            resolved[name] = str(local_file(name, values[name]))
    remote = [name for name in paths if not is_local(values[name])]
    if remote:
        root = _kept_folder(storage) if storage else _scratch(opened)
        places = list(entry_point.parameters)
        for name in remote:
            resolved[name] = _fetched(client, name, values[name], root / f"param_{places.index(name)}")
    return resolved


def _kept_folder(storage: str) -> Path:
    """A new folder in the one that was named: another run that uses it at the same time has its own files there."""
    Path(storage).mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="runyard-parameters-", dir=storage))


def _scratch(opened: ExitStack) -> Path:
    place = settings.TMP_DIR.get()
    if place:
        Path(place).mkdir(parents=True, exist_ok=True)
    return Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="runyard-parameters-", dir=place)))


def _fetched(client: RunyardClient, name: str, uri: str, folder: Path) -> str:
    parts = urlsplit(uri)
    try:
        if parts.scheme in ("http", "https") and PROXY_ROOT not in parts.path:
            folder.mkdir(parents=True, exist_ok=True)
            called = PurePosixPath(unquote(parts.path)).name
            is_name = called.strip(".") and "\0" not in called
            return str(sources.download(uri, folder / (called if is_name else "file")))
        return download_artifacts(artifact_uri=uri, dst_path=str(folder), tracking_uri=client.tracking_uri)
    except RunyardException as problem:
        shown = without_credentials(uri)
        raise InvalidProject(
            f"Parameter {name!r} names {shown!r}, which cannot be fetched: {problem.message}"
        ) from None
