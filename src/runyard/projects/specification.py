"""What a project must be run with, as its files say: packages, or a container."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import yaml

from runyard.core.limits import shown
from runyard.core.yaml_problems import in_a_line
from runyard.environments.own_wheel import own_requirement
from runyard.environments.specification import PYTHON_VERSION, Specification
from runyard.exceptions import InvalidParameter, InvalidProject
from runyard.models.environment import conda
from runyard.models.environment.requirements import name_of, parsed, rooted
from runyard.projects.parameters import warn_of_unknown
from runyard.projects.state import state_of

PYTHON_ENV, CONDA_ENV, REQUIREMENTS = "python_env.yaml", "conda.yaml", "requirements.txt"

_MAX_BYTES = 1_000_000
_MAX_VALUES = 100_000
_NO_SUCH_VALUE = (ValueError, TypeError, KeyError, AttributeError)
"""How the library of YAML says that a value is not of its tag's type, or that text is not UTF-8."""
_TEXT, _MERGE = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EnvironmentSpec:
    """The packages that a project asks for.

    Attributes
    ----------
    kind: Which kind of file says so; ``none`` when no file does.
    file: That file.
    python: The version of Python, such as ``3.11``; empty when any will do.
    lines: Requirements for pip.
    constraints: Limits on versions, whatever is installed.
    depends_on: The state of the project's code, when a requirement is a path in it.
    conda_only: Packages of a conda environment that pip cannot be asked for.
    """

    kind: Literal["none", "python_env", "conda", "requirements"] = "none"
    file: Path | None = None
    python: str = ""
    lines: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    depends_on: str = ""
    conda_only: tuple[str, ...] = ()

    def by_name(self) -> "EnvironmentSpec":
        """The same without conda: its packages are asked for by their names from pip."""
        lines, skipped = conda.from_pip(self.conda_only)
        if skipped:
            log.warning("Only conda has %s: the environment is made without them.", ", ".join(skipped))
        if lines:
            log.warning("%s of %s are installed by their names from pip.", ", ".join(lines), CONDA_ENV)
        return replace(self, lines=(*lines, *self.lines), conda_only=())

    def wanted(self, python: str) -> Specification:
        """The environment to make, with Runyard in it so that the project's code can log.

        Parameters
        ----------
        python: The version of Python when the project asks for none.
        """
        ours = [] if any(name_of(line) == "runyard" for line in self.lines) else [own_requirement()]
        return Specification(
            python=self.python or python,
            requirements=(*self.lines, *ours),
            conda_file=self.file if self.kind == "conda" else None,
            constraints=self.constraints,
            depends_on=self.depends_on,
        )


@dataclass(frozen=True)
class DockerSpec:
    """The container that a project is run in.

    Attributes
    ----------
    image: Name of the image.
    volumes: What is mounted, as docker writes it: ``/on/host:/in/container``.
    environment: Variables: a name takes the value it has here, a pair brings its own.
    """

    image: str
    volumes: tuple[str, ...] = ()
    environment: tuple[str | tuple[str, str], ...] = ()


def read_yaml(file: Path) -> dict[str, Any]:
    """The mapping in a YAML file of a project; plain values only.

    Raises
    ------
    InvalidProject: It cannot be read, or holds something else.
    """
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise InvalidProject(f"{file.name} has more than {_MAX_BYTES:,} bytes. Is it the right file?")
        content = _plain_values(file)
    except (OSError, RecursionError, yaml.YAMLError, *_NO_SUCH_VALUE) as problem:
        raise InvalidProject(f"{file.name} cannot be read: {in_a_line(problem)}.") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise InvalidProject(f"{file.name} must hold names and values; it holds {shown(str(content))}.")
    return content


class _Loader(yaml.SafeLoader):
    """Reads all names as text: a parameter may be called yes, or 1."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The values of a mapping by their names."""
        for key, _value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                key.tag = _TEXT
        return super().construct_mapping(node, deep)


def _plain_values(file: Path) -> Any:
    loader = _Loader(file.read_text(encoding="utf-8"))
    try:
        node = loader.get_single_node()
        if node is not None and _size(node, {}) > _MAX_VALUES:
            raise InvalidProject(f"{file.name} holds more than {_MAX_VALUES:,} values. Is it the right file?")
        return None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node stands for. One that is referred to counts each time: that is how small files explode."""
    if id(node) not in known:
        known[id(node)] = _MAX_VALUES + 1  # as long as it is being counted: one that holds itself has no end
        inside = node.value if isinstance(node, yaml.CollectionNode) else ()
        parts = (part for one in inside for part in (one if isinstance(one, tuple) else (one,)))
        known[id(node)] = 1 + sum(_size(part, known) for part in parts)
    return known[id(node)]


def environment_of(folder: Path, content: Mapping[str, Any]) -> tuple[EnvironmentSpec, DockerSpec | None]:
    """The environment that a project's files ask for.

    Parameters
    ----------
    content: The content of the MLproject file.

    Raises
    ------
    InvalidProject: The file names two environments, or a file of one that is not there or not understood.
    """
    named = [key for key in ("python_env", "conda_env", "docker_env") if content.get(key) is not None]
    if len(named) > 1:
        raise InvalidProject(f"The MLproject file names several environments: {', '.join(named)}. Keep one of them.")
    if not named:
        return _environment_beside(folder), None
    if named == ["docker_env"]:
        return EnvironmentSpec(), _docker(content["docker_env"])
    file = folder / str(content[named[0]])
    if not file.is_file():
        raise InvalidProject(
            f"The MLproject file names {named[0]} {shown(str(content[named[0]]))}, which is not there."
        )
    return (_python_env(file) if named == ["python_env"] else _conda_env(file)), None


def _environment_beside(folder: Path) -> EnvironmentSpec:
    """The environment of a project that names none: a file with a usual name in its folder."""
    if (file := folder / PYTHON_ENV).is_file():
        return _python_env(file)
    if (file := folder / CONDA_ENV).is_file():
        return _conda_env(file)
    if (file := folder / REQUIREMENTS).is_file():
        return EnvironmentSpec("requirements", file, **vars(_requirements(folder, [f"-r {file.name}"])))
    return EnvironmentSpec()


def _python_env(file: Path) -> EnvironmentSpec:
    content = read_yaml(file)
    warn_of_unknown(file.name, content, ("python", "build_dependencies", "dependencies"))
    python = str(content.get("python") or "")
    if content.get("python") == 3.1:
        python = "3.10"  # without quotes YAML takes it for a number, and drops the zero; it never means Python 3.1
    if python and not PYTHON_VERSION.fullmatch(python):
        raise InvalidProject(f"{file.name} names Python {shown(python)}, which is not a version such as '3.11'.")
    built, needed = (_lines(file, content, key) for key in ("build_dependencies", "dependencies"))
    return EnvironmentSpec("python_env", file, python, **vars(_requirements(file.parent, [*built, *needed])))


def _lines(file: Path, content: Mapping[str, Any], key: str) -> list[str]:
    found = content.get(key) or []
    if not isinstance(found, list) or not all(isinstance(line, str) for line in found):
        raise InvalidProject(f"{key!r} of {file.name} must be a list of requirements; it is {shown(str(found))}.")
    return found


def _conda_env(file: Path) -> EnvironmentSpec:
    content = read_yaml(file)
    warn_of_unknown(file.name, content, ("name", "channels", "dependencies", "prefix", "variables"))
    dependencies = content.get("dependencies") or []
    if not isinstance(dependencies, list):
        raise InvalidProject(f"'dependencies' of {file.name} must be a list; it is {shown(str(dependencies))}.")
    described = _requirements(file.parent, conda.pip_part(dependencies))
    others = tuple(conda.plain_packages(dependencies))
    return EnvironmentSpec("conda", file, conda.python_of(dependencies), **vars(described), conda_only=others)


@dataclass(frozen=True)
class _Requirements:
    """Lines for pip with the files they name read, their constraints, and the state of code they name by a path."""

    lines: tuple[str, ...]
    constraints: tuple[str, ...]
    depends_on: str


def _requirements(folder: Path, given: Sequence[str]) -> _Requirements:
    try:
        lines, constraints = parsed(given, folder)
    except InvalidParameter as problem:
        raise InvalidProject(problem.message) from None
    placed = [rooted(folder, line) for line in lines]
    depends_on = "" if placed == lines else state_of(folder)
    return _Requirements(tuple(dict.fromkeys(placed)), tuple(constraints), depends_on)


def _docker(given: Any) -> DockerSpec:
    if not isinstance(given, Mapping) or not isinstance(given.get("image"), str) or not given["image"]:
        raise InvalidProject("'docker_env' needs an 'image', the name of an image.")
    if given["image"].startswith("-"):
        raise InvalidProject(f"The image {shown(given['image'])} of 'docker_env' is not the name of an image.")
    volumes = given.get("volumes") or []
    if not isinstance(volumes, list) or not all(isinstance(one, str) for one in volumes):
        raise InvalidProject(f"'volumes' of 'docker_env' must be a list of texts; it is {shown(str(volumes))}.")
    return DockerSpec(given["image"], tuple(volumes), tuple(_variables(given.get("environment") or [])))


def _variables(given: Any) -> Iterator[str | tuple[str, str]]:
    for one in given if isinstance(given, list) else [given]:
        if isinstance(one, str) and one and "=" not in one:
            yield one
        elif isinstance(one, list) and len(one) == 2 and all(isinstance(part, str | int | float) for part in one):
            yield str(one[0]), str(one[1])
        else:
            raise InvalidProject(
                f"'environment' of 'docker_env' must list names, or pairs of name and value; got {shown(str(one))}."
            )
