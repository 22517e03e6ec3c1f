"""A project: a folder, what its MLproject file says, and what can be run in it."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runyard.core.limits import check_storable, shown
from runyard.exceptions import InvalidParameter, InvalidProject
from runyard.projects.entry_point import EntryPoint
from runyard.projects.parameters import declared, unknown_keys, warn_of_unknown
from runyard.projects.specification import DockerSpec, EnvironmentSpec, environment_of, read_yaml

FILE_NAME = "MLproject"
_KEYS = ("name", "entry_points", "python_env", "conda_env", "docker_env")
_OF_ENTRY_POINTS = ("parameters", "command")
_SCRIPTS = {".py": "python", ".sh": "${{SHELL:-bash}}", ".R": "Rscript"}
"""What runs a script, by its suffix; as a template, so that literal braces are doubled."""


@dataclass(frozen=True)
class Project:
    """A folder with code that can be run.

    Attributes
    ----------
    folder: Where its files are.
    name: The name in its MLproject file, if there is one.
    entry_points: What the file declares, by name.
    environment: What must be installed to run it.
    docker: The container it runs in, for projects that name one.
    misspelt: Misspelt keys of its MLproject file, as text.
    """

    folder: Path
    name: str | None
    entry_points: Mapping[str, EntryPoint] = field(default_factory=dict)
    environment: EnvironmentSpec = field(default_factory=EnvironmentSpec)
    docker: DockerSpec | None = None
    misspelt: str = ""

    @property
    def env_type(self) -> str:
        """``docker``, ``conda`` or ``python_env``, as backends of MLflow ask for it."""
        if self.docker is not None:
            return "docker"
        return "conda" if self.environment.kind == "conda" else "python_env"

    @property
    def env_config_path(self) -> str | None:
        """The file that names the project's packages; None when there is none."""
        return None if self.environment.file is None else str(self.environment.file)

    def get_entry_point(self, name: str) -> EntryPoint:
        """The declared entry point of that name, else the script at that path in the project.

        Raises
        ------
        InvalidProject: There is neither.
        """
        if name in self.entry_points:
            return self.entry_points[name]
        path = Path(name)
        program = _SCRIPTS.get(path.suffix)
        if program is None or path.is_absolute() or ".." in path.parts:
            known = f"It declares: {', '.join(self.entry_points)}." if self.entry_points else "It declares none."
            known = f"{known} {self.misspelt}".strip()
            raise InvalidProject(
                f"The project has no entry point {shown(name)}. {known} A script of it can be named by its path "
                f"({', '.join(_SCRIPTS)})."
            )
        if not (self.folder / path).is_file():
            raise InvalidProject(f"The project has no entry point {shown(name)} and no script at that path.")
        script = shlex.quote(_operand(name)).replace("{", "{{").replace("}", "}}")
        return EntryPoint(name, f"{program} {script}")


def _operand(path: str) -> str:
    """A path that no program takes for an option."""
    return f"./{path}" if path.startswith("-") else path


def load_project(work_dir: str | Path) -> Project:
    """Read the project in a folder. One without an MLproject file has no entry points but its scripts.

    Raises
    ------
    InvalidProject: The folder is not there, or a file of it is not what the format asks for.
    """
    place = Path(work_dir)
    if not place.is_dir():
        raise InvalidProject(f"There is no project folder at {str(work_dir)!r}.")
    file = _file_in(place)
    content = read_yaml(file) if file else {}
    warn_of_unknown(FILE_NAME, content, _KEYS)
    environment, docker = environment_of(place, content)
    return Project(
        folder=place,
        name=None if content.get("name") is None else str(content["name"]),
        entry_points=_entry_points(content.get("entry_points")),
        environment=environment,
        docker=docker,
        misspelt=unknown_keys(content, _KEYS),
    )


def _file_in(folder: Path) -> Path | None:
    """The MLproject file, whatever the case of its name."""
    found = sorted(path for path in folder.iterdir() if path.name.lower() == FILE_NAME.lower() and path.is_file())
    return found[0] if found else None


def _entry_points(given: Any) -> dict[str, EntryPoint]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InvalidProject(f"'entry_points' must name commands; it is {shown(str(given))}.")
    return {str(name): _entry_point(str(name), content) for name, content in given.items()}


def _entry_point(name: str, content: Any) -> EntryPoint:
    if not isinstance(content, Mapping) or not isinstance(content.get("command"), str):
        misspelt = unknown_keys(content, _OF_ENTRY_POINTS) if isinstance(content, Mapping) else ""
        raise InvalidProject(f"Entry point {name!r} needs a 'command', the text of what is run. {misspelt}".strip())
    warn_of_unknown(f"Entry point {name!r}", content, _OF_ENTRY_POINTS)
    try:
        check_storable(f"The command of entry point {name!r}", content["command"])
    except InvalidParameter as problem:
        raise InvalidProject(problem.message) from None
    parameters = content.get("parameters") or {}
    if not isinstance(parameters, Mapping):
        raise InvalidProject(f"'parameters' of entry point {name!r} must name them; it is {shown(str(parameters))}.")
    for parameter in parameters:
        if not re.fullmatch(r"[^{}\[\]!:\s]+", str(parameter)):
            raise InvalidProject(f"Entry point {name!r} has a parameter with the name {shown(str(parameter))}.")
    found = {str(one): declared(name, str(one), kind) for one, kind in parameters.items()}
    return EntryPoint(name, content["command"], found)
