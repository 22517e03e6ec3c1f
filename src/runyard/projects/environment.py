"""The environment of a project's command: the current one, or one made from the project's files."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from runyard import settings
from runyard.core.installed import named_with_version
from runyard.core.limits import shown
from runyard.environments import MANAGERS
from runyard.environments.creation import default_manager, interpreter_for, is_installed, require_manager
from runyard.exceptions import InvalidParameter, InvalidProject
from runyard.projects import tags
from runyard.projects.docker import DockerPlan
from runyard.projects.processes import Command
from runyard.projects.project import Project
from runyard.projects.specification import EnvironmentSpec

Say = Callable[[str], None]

_LIST_PACKAGES = (
    "from importlib.metadata import distributions as d;"
    "print('\\n'.join(sorted({f\"{x['Name']}=={x['Version']}\" for x in (y.metadata for y in d())}, key=str.lower)))"
)


_NAMED_PYTHONS = re.compile(r"(?:^|[;&|(]|\bexec|\benv)\s*(python[23](?:\.\d+)?)(?=\s|$)", re.MULTILINE)


class Plan(Protocol):
    """How a command is run."""

    @property
    def name(self) -> str:
        """What the run's page calls it."""

    @property
    def tags(self) -> Mapping[str, str]:
        """What the run notes of it."""

    @property
    def identity(self) -> str:
        """What makes its results what they are, for comparing runs."""

    def check(self, shell_command: str) -> None:
        """Check that the program of a command exists, as far as possible."""

    def command(self, shell_command: str, folder: Path, variables: Mapping[str, str], say: Say) -> Command:
        """The program to start, in an environment that is made now if need be.

        Parameters
        ----------
        shell_command: What the entry point says, for bash.
        folder: The project's folder.
        variables: All variables of the program.
        say: Called with progress lines.
        """

    def packages(self) -> str | None:
        """What is installed where the command runs, a requirement a line; None when unknown."""

    def stop(self) -> None:
        """End what does not end with the program that `command` gave."""


@dataclass
class PackagesPlan:
    """A command on this machine, with the Python that is here or one of the project's own.

    Attributes
    ----------
    manager: ``local``, ``uv``, ``virtualenv`` or ``conda``.
    """

    manager: str
    spec: EnvironmentSpec
    _python: Path | None = None

    @property
    def name(self) -> str:
        """What the run's page calls it."""
        return self.manager

    @property
    def tags(self) -> Mapping[str, str]:
        """MLflow's tag; none for the current environment."""
        return {} if self.manager == "local" else {tags.ENVIRONMENT: self.manager}

    @property
    def identity(self) -> str:
        """The manager with what it is asked for; the Python that runs for ``local``."""
        if self.manager == "local":
            return f"local {sys.prefix} {sys.version}"
        return repr((self.manager, self.spec.wanted(_this_python())))

    def command(self, shell_command: str, folder: Path, variables: Mapping[str, str], say: Say) -> Command:
        """Bash with the command; ``python`` in it is the environment's."""
        own = dict(variables)
        if self.manager == "local":
            python = Path(sys.executable)
        else:
            python = interpreter_for(self.spec.wanted(_this_python()), self.manager, say)
            own.pop("PYTHONHOME", None)
            own["CONDA_PREFIX" if self.manager == "conda" else "VIRTUAL_ENV"] = str(python.parent.parent)
        own["PATH"] = os.pathsep.join([str(python.parent), own.get("PATH", os.defpath)])
        self._python = python
        return Command(["bash", "-c", shell_command], folder, own)

    def check(self, shell_command: str) -> None:
        """Check that the Pythons that a command names exist, before anything is created.

        Raises
        ------
        InvalidProject: One is neither in the environment nor on this machine.
        """
        version = _this_python() if self.manager == "local" else self.spec.python or _this_python()
        for name in _NAMED_PYTHONS.findall(shell_command):
            wanted = name.removeprefix("python")
            is_own = version == wanted or version.startswith(f"{wanted}.")
            if not is_own and not _is_there(name):
                raise InvalidProject(
                    f"The command runs {name}, and there is no such program. Write python in the command, which is the "
                    f"project's own (here Python {version}); which version that is stands in python_env.yaml."
                )

    def packages(self) -> str | None:
        """What is installed in the environment."""
        if self._python is None:
            return None
        if self.manager == "local":
            found = named_with_version(importlib.metadata.distributions())
            return "\n".join(sorted(found, key=str.lower)) + "\n"
        clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
        asked = [str(self._python), "-c", _LIST_PACKAGES]
        done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60, env=clean)
        return done.stdout if done.returncode == 0 else None

    def stop(self) -> None:
        """There is nothing besides the processes."""


def _is_there(python: str) -> bool:
    """Whether there is such a Python. The stand-ins of pyenv and asdf are there for versions that are not."""
    found = shutil.which(python)
    if found is None:
        return False
    try:
        done = subprocess.run([found, "-c", ""], capture_output=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode not in (126, 127)


def planned(
    project: Project, manager: str | None, docker_args: Mapping[str, Any], build_image: bool, run_id_hint: str
) -> Plan:
    """How a project's commands are run, with everything checked that can be checked before one is.

    Parameters
    ----------
    manager: One of `MANAGERS`; None leaves the choice to what the project names and what is installed.
    docker_args: Options of ``docker run``, for projects that name a container.
    build_image: Build an image that holds the project, instead of mounting it into the one it names.
    run_id_hint: A name for the container.

    Raises
    ------
    InvalidProject: The manager cannot give what the project asks for.
    ExecutionException: It is not installed, or docker does not answer.
    """
    chosen = manager or settings.PROJECT_ENV_MANAGER.get()
    if chosen and chosen not in MANAGERS:
        raise InvalidProject(f"There is no environment manager {shown(str(chosen))}. Use one of {', '.join(MANAGERS)}.")
    if project.docker is not None:
        if manager not in (None, "local"):
            raise InvalidProject(f"The project runs in a container, so --env-manager {manager} has no meaning for it.")
        return DockerPlan.checked(project.docker, docker_args, build_image, project.name, run_id_hint)
    if docker_args or build_image:
        raise InvalidProject("Arguments for docker were given, and the project names no docker_env.")
    spec = project.environment
    found = str(chosen or _suited(spec))
    if found == "conda" and spec.kind != "conda":
        raise InvalidProject("The project has no conda environment. Use --env-manager uv, virtualenv or local.")
    if found in ("uv", "virtualenv") and spec.conda_only:
        if not chosen:
            raise InvalidProject(
                f"The project's conda environment names packages that only conda can be asked for: "
                f"{', '.join(spec.conda_only)}. Install conda; or use --env-manager uv, which asks pip for packages of "
                "these names, or --env-manager local."
            )
        spec = spec.by_name()
    try:
        require_manager(found, spec.python)
    except InvalidParameter as problem:
        raise InvalidProject(problem.message) from None
    return PackagesPlan(found, spec)


def _suited(spec: EnvironmentSpec) -> str:
    """The default manager for a project: none is needed without a file that names packages."""
    if spec.kind == "none":
        return "local"
    if spec.kind == "conda" and is_installed("conda"):
        return "conda"
    return default_manager()


def _this_python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"
