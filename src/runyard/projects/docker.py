"""Running a project in a container, through the docker command line."""

import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from runyard.core.limits import shown
from runyard.core.store_address import absolute, sqlite_file
from runyard.exceptions import ExecutionException, InvalidProject
from runyard.projects import tags
from runyard.projects.processes import MARK, Command
from runyard.projects.specification import DockerSpec

Say = Callable[[str], None]

WORKDIR = "/mlflow/projects/code"
"""The project's folder in the container: MLflow's, so that images made for it work."""

PASSED_ON = ("MLFLOW_", "RUNYARD_", "AWS_", "AZURE_", "GOOGLE_")
"""Beginnings of variables that the container is given: where to log, and with which credentials."""
_NOT_PASSED_ON = ("RUNYARD_SPOOL_DIR", "RUNYARD_ENV_ROOT", "MLFLOW_ENV_ROOT")

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SECONDS = 30


@dataclass
class DockerPlan:
    """A command in a container.

    Attributes
    ----------
    spec: What the project says.
    arguments: Further options of ``docker run``.
    container: Name of the container.
    repository: Name of the image to build from the project; None mounts the project into the image it names.
    """

    spec: DockerSpec
    arguments: Sequence[str]
    container: str
    repository: str | None = None
    tags: dict[str, str] = field(default_factory=dict)  # grows when the image is there
    name: str = "docker"

    @classmethod
    def checked(
        cls, spec: DockerSpec, docker_args: Mapping[str, Any], build_image: bool, project: str | None, container: str
    ) -> "DockerPlan":
        """A plan, when docker answers.

        Raises
        ------
        InvalidProject: An argument cannot be an option of docker.
        ExecutionException: Docker is not installed, or its daemon does not answer.
        """
        arguments = option_list(docker_args)
        docker("version", "--format", "{{.Server.Version}}")
        repository = _image_name(project) if build_image else None
        found = {tags.ENVIRONMENT: "docker", tags.IMAGE: repository or spec.image}
        return cls(spec, arguments, f"runyard-{container}", repository, found)

    @property
    def identity(self) -> str:
        """The image, and how it is run."""
        return repr((self.spec, tuple(self.arguments), self.repository is not None))

    def check(self, shell_command: str) -> None:
        """What is in the image is not known."""

    def command(self, shell_command: str, folder: Path, variables: Mapping[str, str], say: Say) -> Command:
        """``docker run`` with the command, after the image is there."""
        image = self.spec.image
        if self.repository is not None:
            image = self.repository
            say(f"Building the image {image} from {self.spec.image}")
            build_image(self.spec.image, image, folder)
        self.tags[tags.IMAGE_ID] = docker("image", "inspect", "--format", "{{.Id}}", image, missing_is_fine=True)
        own = {name: value for name, value in variables.items() if name not in _NOT_PASSED_ON}
        return Command(self.run_arguments(image, shell_command, folder, own), folder, own)

    def run_arguments(self, image: str, shell_command: str, folder: Path, variables: Mapping[str, str]) -> list[str]:
        """The call of ``docker run``. Values of variables are not in it: other users of the machine can read it."""
        passed = [name for name in variables if name.startswith(PASSED_ON) and name != MARK]
        given = ["docker", "run", "--rm", "--init", "--name", self.container, "--workdir", WORKDIR]
        if self.repository is None:
            given += ["--volume", f"{folder.absolute()}:{WORKDIR}"]
        given += _reaching(variables.get("MLFLOW_TRACKING_URI", ""))
        for volume in self.spec.volumes:
            given += ["--volume", volume]
        for name in sorted(passed):
            given += ["--env", name]
        for one in self.spec.environment:
            given += ["--env", one if isinstance(one, str) else "=".join(one)]
        return [*given, *self.arguments, image, "bash", "-c", shell_command]

    def packages(self) -> str | None:
        """Not known: the image holds them."""
        return None

    def stop(self) -> None:
        """End the container: it is not a child of the program that started it."""
        docker("kill", self.container, missing_is_fine=True)


def option_list(given: Mapping[str, Any]) -> list[str]:
    """Options of ``docker run`` from names and values: True stands for an option without one, False switches it off.

    Raises
    ------
    InvalidProject: A name is none of an option.
    """
    options: list[str] = []
    for name, value in given.items():
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", str(name)):
            raise InvalidProject(
                f"Invalid docker argument {shown(str(name))}: give the name of an option of docker run."
            )
        dashed = f"-{name}" if len(str(name)) == 1 else f"--{name}"
        for one in value if isinstance(value, list | tuple) else [value]:
            if isinstance(one, bool):
                options.append(dashed if one else f"{dashed}=false")
            else:
                options += [dashed, str(one)]
    return options


def build_image(base: str, image: str, folder: Path) -> None:
    """Build an image that holds a project.

    Parameters
    ----------
    base: The image it starts from.
    image: Its name.
    folder: The project.

    Raises
    ------
    ExecutionException: Docker says why it could not.
    """
    recipe = f"FROM {base}\nCOPY . {WORKDIR}/\nWORKDIR {WORKDIR}\n"
    docker("build", "--tag", image, "--file", "-", str(folder), stdin=recipe, seconds=None)


def docker(
    *arguments: str, missing_is_fine: bool = False, stdin: str | None = None, seconds: float | None = _SECONDS
) -> str:
    """What a call of docker prints.

    Parameters
    ----------
    missing_is_fine: Give an empty text when it fails, as for an image that is not here yet.
    stdin: Its input.
    seconds: How long it may take.

    Raises
    ------
    ExecutionException: It is not installed, does not answer in time, or fails.
    """
    try:
        done = subprocess.run(
            ["docker", *arguments], input=stdin, capture_output=True, text=True, check=False, timeout=seconds
        )
    except (FileNotFoundError, PermissionError):
        raise ExecutionException("The project runs in a container, and docker is not installed here.") from None
    except subprocess.TimeoutExpired:
        raise ExecutionException(f"docker {arguments[0]} did not answer within {seconds} seconds.") from None
    if done.returncode and not missing_is_fine:
        said = " ".join(done.stderr.split())[-500:]
        raise ExecutionException(f"docker {arguments[0]} failed; is its daemon running? It said: {said}")
    return done.stdout.strip() if done.returncode == 0 else ""


def _reaching(tracking_uri: str) -> list[str]:
    """What lets a container reach the store: this machine's network, or the folder of a database file."""
    store = absolute(tracking_uri) if tracking_uri else ""
    file = sqlite_file(store)
    if file is not None:
        return ["--volume", f"{file.parent}:{file.parent}"]
    return ["--network", "host"] if urlsplit(store).hostname in _LOOPBACK else []


def _image_name(project: str | None) -> str:
    """A name for the image of a project, as docker allows them."""
    clean = re.sub(r"[^a-z0-9]+", "-", (project or "").lower()).strip("-")
    return f"runyard-project-{clean}" if clean else "runyard-project"
