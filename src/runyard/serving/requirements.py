"""What a model's environment holds, read from the files beside it."""

import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from runyard.core.yaml_problems import in_a_line
from runyard.environments.own_wheel import own_requirement
from runyard.environments.specification import PYTHON_VERSION, Specification, replaced, required_name
from runyard.exceptions import InvalidParameter
from runyard.models.environment import conda
from runyard.models.environment.requirements import FRAMEWORKS, name_of, parsed, rooted

_LEFT_OUT = (*FRAMEWORKS, "mlflow-tracing")
"""What loads the model: that is us."""


def wanted_environment(folder: Path, overrides: Sequence[str] = ()) -> Specification:
    """The environment that a model asks for, and Runyard in it.

    Parameters
    ----------
    folder: The model's files.
    overrides: Requirements that replace the model's own of the same package.

    Raises
    ------
    InvalidParameter: One of the files cannot be understood.
    """
    conda_file = folder / "conda.yaml"
    environment = _mapping(conda_file)
    dependencies = environment.get("dependencies") or []
    python = str(
        _mapping(folder / "python_env.yaml").get("python") or conda.python_of(dependencies) or platform.python_version()
    )
    if not PYTHON_VERSION.fullmatch(python):
        raise InvalidParameter(f"The model's python_env.yaml names Python {python!r}, which is not a version.")
    listed = folder / "requirements.txt"
    named = conda.from_pip(conda.plain_packages(dependencies))[0]
    lines, constraints = parsed(listed if listed.exists() else [*named, *conda.pip_part(dependencies)], folder)
    own = [rooted(folder, line) for line in lines if name_of(line) not in _LEFT_OUT]
    complete = replaced(own, [*overrides, own_requirement()])
    if not any(name_of(line) == "pandas" for line in complete):
        complete.append("pandas")  # tables in requests; MLflow, in whose place we are, brings it too
    return Specification(python, tuple(complete), conda_file if environment else None, tuple(constraints))


def edit_requirements(folder: Path, operation: str, requirements: Sequence[str]) -> list[str]:
    """Add requirements to a model's files, or remove packages from them; returns what it then requires.

    Parameters
    ----------
    folder: The model's files, of which requirements.txt and conda.yaml are written again.
    operation: ``add`` or ``remove``. Added ones replace those of the same package; versions are ignored on removal.
    requirements: Lines for pip.

    Raises
    ------
    InvalidParameter: There is no requirements.txt, or one of the requirements is none.
    """
    listed = folder / "requirements.txt"
    if not listed.exists():
        raise InvalidParameter(f"There is no requirements.txt in {str(folder)!r}: is that a saved model?")
    names = {required_name(one) for one in requirements}

    def edited(lines: Sequence[str]) -> list[str]:
        if operation == "add":
            return replaced(lines, requirements)
        return [line for line in lines if name_of(line) not in names]

    result = edited(listed.read_text(encoding="utf-8").splitlines())
    conda_file = folder / "conda.yaml"
    environment = _mapping(conda_file)
    for one in environment.get("dependencies", ()):
        if isinstance(one, dict) and "pip" in one:
            one["pip"] = edited(one["pip"])
    listed.write_text("\n".join(result), encoding="utf-8")
    if environment:
        conda_file.write_text(yaml.safe_dump(environment, default_flow_style=False, sort_keys=False), encoding="utf-8")
    return result


def _mapping(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise InvalidParameter(f"The model's {path.name} is not YAML: {in_a_line(problem)}.") from None
    if not isinstance(found, dict):
        raise InvalidParameter(f"The model's {path.name} must hold names and values.")
    return found
