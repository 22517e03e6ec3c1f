"""``mlflow.utils.environment``: the files of a model's environment, for flavors of other packages."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from runyard.core.libraries import yaml
from runyard.exceptions import InvalidParameter
from runyard.flavors.requirements import infer_pip_requirements
from runyard.models.environment import conda
from runyard.models.environment.files import (
    CONDA,
    CONSTRAINTS,
    PYTHON_ENV,
    REQUIREMENTS,
    Contents,
    check,
    conda_environment,
    contents,
    python_environment,
    with_framework,
    write_yaml,
)
from runyard.models.environment.requirements import FRAMEWORKS, name_of, parsed
from runyard.models.environment.stored import without_login
from runyard.models.options import Options

__all__ = ["infer_pip_requirements"]

_CONDA_ENV_FILE_NAME = CONDA
_REQUIREMENTS_FILE_NAME = REQUIREMENTS
_CONSTRAINTS_FILE_NAME = CONSTRAINTS
_PYTHON_ENV_FILE_NAME = PYTHON_ENV

_Files = tuple[dict[str, Any], list[str], list[str]]
"""The conda environment, the lines of requirements.txt, and those of constraints.txt."""


class _PythonEnv:
    """What python_env.yaml says.

    Parameters
    ----------
    python: The version of Python; this one's when left out.
    build_dependencies: What builds packages.
    dependencies: Lines for pip.
    """

    BUILD_PACKAGES = ("pip", "setuptools", "wheel")

    def __init__(
        self,
        python: str | None = None,
        build_dependencies: Sequence[str] | None = None,
        dependencies: Sequence[str] | None = None,
    ) -> None:
        for name, value in (("build_dependencies", build_dependencies), ("dependencies", dependencies)):
            if value is not None and not isinstance(value, list | tuple):
                raise InvalidParameter(f"{name!r} is a list of requirements, not {value!r}.")
        self.python = python or python_environment()["python"]
        self.build_dependencies = list(build_dependencies or [])
        self.dependencies = list(dependencies or [])

    @classmethod
    def current(cls) -> Self:
        """This Python, with the requirements of requirements.txt."""
        return cls.from_dict(python_environment())

    @staticmethod
    def get_current_build_dependencies() -> list[str]:
        """What builds packages here."""
        return list(python_environment()["build_dependencies"])

    @classmethod
    def from_dict(cls, dct: Mapping[str, Any]) -> Self:
        """One with the keys of the file."""
        return cls(**dct)

    def to_dict(self) -> dict[str, Any]:
        """The keys of the file."""
        return {
            "python": self.python,
            "build_dependencies": self.build_dependencies,
            "dependencies": self.dependencies,
        }

    def to_yaml(self, path: str) -> None:
        """Write the file."""
        write_yaml(Path(path), {name: value for name, value in self.to_dict().items() if value})

    @classmethod
    def from_yaml(cls, path: str) -> Self:
        """Read the file."""
        return cls.from_dict(_read(path))

    @staticmethod
    def get_dependencies_from_conda_yaml(path: str) -> dict[str, Any]:
        """The keys for what a conda.yaml names. Programs that only conda has are left out.

        Raises
        ------
        InvalidParameter: It names no version of Python.
        """
        dependencies = _read(path).get("dependencies") or []
        python = conda.python_of(dependencies)
        if not python:
            raise InvalidParameter(f"{path!r} names no version of Python: write python=3.11 among its dependencies.")
        lines, _ = conda.from_pip(conda.plain_packages(dependencies))
        building = [line for line in lines if name_of(line) in _PythonEnv.BUILD_PACKAGES]
        return {
            "python": python,
            "build_dependencies": building or None,
            "dependencies": [line for line in lines if line not in building] + conda.pip_part(dependencies),
        }

    @classmethod
    def from_conda_yaml(cls, path: str) -> Self:
        """One for what a conda.yaml names."""
        return cls.from_dict(cls.get_dependencies_from_conda_yaml(path))


def _mlflow_conda_env(
    path: str | None = None,
    additional_conda_deps: Sequence[str] | None = None,
    additional_pip_deps: Sequence[str] | None = None,
    additional_conda_channels: Sequence[str] | None = None,
    install_mlflow: bool = True,
) -> dict[str, Any] | None:
    """A conda environment of this Python.

    Parameters
    ----------
    path: The file to write it to instead of returning it.
    additional_conda_deps, additional_pip_deps: What conda and pip install in it.
    additional_conda_channels: Where conda finds packages, besides conda-forge.
    install_mlflow: Have what loads the model installed too.
    """
    lines = list(additional_pip_deps or [])
    made = conda_environment(with_framework(lines) if install_mlflow else lines)
    python, pip, by_pip = made["dependencies"]
    named = [python, *(additional_conda_deps or [])]
    made["dependencies"] = [*named, pip, by_pip] if by_pip["pip"] else named
    made["channels"] = [*made["channels"], *(additional_conda_channels or [])]
    if path is None:
        return made
    write_yaml(Path(path), made)
    return None


def _validate_env_arguments(conda_env: Any, pip_requirements: Any, extra_pip_requirements: Any) -> None:
    """Check that requirements are given in one way only, and are valid.

    Raises
    ------
    InvalidParameter: They are not.
    """
    check(conda_env, pip_requirements, extra_pip_requirements)


def _process_pip_requirements(
    default_pip_requirements: Sequence[str] | None,
    pip_requirements: Sequence[str] | str | None = None,
    extra_pip_requirements: Sequence[str] | str | None = None,
) -> _Files:
    """What the files say for requirements that a caller gives, or for those of the flavor.

    Raises
    ------
    InvalidParameter: Both kinds are given, or a line is not a requirement.
    """
    check(None, pip_requirements, extra_pip_requirements)
    options = Options(pip_requirements=pip_requirements, extra_pip_requirements=extra_pip_requirements)
    return _files(options, default_pip_requirements or [])


def _process_conda_env(conda_env: Mapping[str, Any] | str) -> _Files:
    """What the files say for a conda environment that a caller gives, as a dictionary or a file of one.

    Raises
    ------
    InvalidParameter: It is neither.
    """
    check(conda_env, None, None)
    return _files(Options(conda_env=conda_env), [])


def _files(options: Options, defaults: Sequence[str]) -> _Files:
    made: Contents = contents(options, lambda: list(defaults), lambda lines: [without_login(line) for line in lines])
    return made.conda, made.requirements, made.constraints


def _parse_pip_requirements(pip_requirements: Sequence[str] | str | None) -> tuple[list[str], list[str]]:
    """Requirements and constraints, from a list or a file, with the files that these name."""
    return parsed(pip_requirements or [])


def _is_mlflow_requirement(requirement_string: str) -> bool:
    """Whether a requirement is for what loads models."""
    return name_of(requirement_string) in FRAMEWORKS


def _get_pip_deps(conda_env: Mapping[str, Any] | None) -> list[str]:
    """The lines for pip of a conda environment."""
    return conda.pip_part((conda_env or {}).get("dependencies") or [])


def _read(path: str) -> dict[str, Any]:
    return yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
