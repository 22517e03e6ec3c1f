"""The environment files of a model: requirements.txt, conda.yaml, python_env.yaml."""

import logging
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from runyard.core.yaml_problems import in_a_line
from runyard.exceptions import InvalidParameter
from runyard.models.environment import conda
from runyard.models.environment.pins import as_made, fits, tell_of_folders
from runyard.models.environment.requirements import FRAMEWORKS, name_of, parsed, pinned, rooted, unlimited
from runyard.models.environment.stored import check_places, stored, without_login
from runyard.models.options import Options
from runyard.version import VERSION

REQUIREMENTS, CONSTRAINTS, CONDA, PYTHON_ENV = "requirements.txt", "constraints.txt", "conda.yaml", "python_env.yaml"
ENVIRONMENT = {"conda": CONDA, "virtualenv": PYTHON_ENV}
"""How flavors name these files."""

log = logging.getLogger(__name__)


def check(conda_env: Any, pip_requirements: Any, extra_pip_requirements: Any) -> None:
    """Check that a caller gives the requirements in one way only, and that they are valid.

    Raises
    ------
    InvalidParameter: In several ways, or a line is not a requirement.
    """
    given = [
        name
        for name, value in (
            ("conda_env", conda_env),
            ("pip_requirements", pip_requirements),
            ("extra_pip_requirements", extra_pip_requirements),
        )
        if value is not None
    ]
    if len(given) > 1:
        raise InvalidParameter(
            f"Only one of `conda_env`, `pip_requirements`, `extra_pip_requirements` can be given; {given} were."
        )
    if conda_env is not None:
        lines, constraints = _conda_pip(conda_env)
    else:
        lines, constraints = parsed(pip_requirements or extra_pip_requirements or [])
    check_places([*lines, *constraints])


@dataclass(frozen=True)
class Contents:
    """What the files of a model's environment say.

    Attributes
    ----------
    conda: The conda environment.
    requirements, constraints: Lines for pip.
    """

    conda: dict[str, Any]
    requirements: list[str]
    constraints: list[str]


def contents(options: Options, infer: Callable[[], list[str]], store: Callable[[Sequence[str]], list[str]]) -> Contents:
    """What the files are to say.

    Parameters
    ----------
    infer: Finds out what the model needs, as pinned requirements; called where the options do not say it.
    store: Makes lines that a caller gives such as others can install.
    """
    environment: dict[str, Any] | None = None
    by_name: list[str] = []
    if options.conda_env is not None:
        given, constraints = _conda_pip(options.conda_env)
        environment, by_name, requirements = _conda_as_made(_conda_given(options.conda_env), store(given), constraints)
    elif options.pip_requirements is not None:
        given, constraints = parsed(options.pip_requirements)
        requirements = as_made(store(given), constraints)
    else:
        extra, constraints = parsed(options.extra_pip_requirements or [])
        found = [line if fits(line, constraints) else line.partition("==")[0] for line in infer()]
        requirements = _merged(found, as_made(store(extra), constraints))
    requirements = with_framework(requirements)
    tell_of_folders([*by_name, *requirements])
    if constraints:
        requirements = [*requirements, f"-c {CONSTRAINTS}"]
    return Contents(
        conda_environment(requirements) if environment is None else _with_pip(environment, requirements),
        _merged(by_name, requirements),
        [without_login(line) for line in constraints],
    )


def write(folder: Path, options: Options, infer: Callable[[], list[str]]) -> None:
    """Write the files into a model's folder.

    Parameters
    ----------
    infer: Finds out what the model needs, as pinned requirements; called where the options do not say it.
    """
    made = contents(options, infer, partial(stored, folder=folder))
    if made.constraints:
        (folder / CONSTRAINTS).write_text("\n".join(made.constraints), encoding="utf-8")
    (folder / REQUIREMENTS).write_text("\n".join(made.requirements), encoding="utf-8")
    write_yaml(folder / CONDA, made.conda)
    write_yaml(folder / PYTHON_ENV, python_environment())


def with_framework(requirements: Sequence[str]) -> list[str]:
    """The format is MLflow's: after installing the list, MLflow or Runyard can load the model."""
    if any(name_of(line) in FRAMEWORKS for line in requirements):
        return list(requirements)
    return [f"mlflow=={VERSION}", *requirements]


def _merged(inferred: Sequence[str], extra: Sequence[str]) -> list[str]:
    """Given requirements win over inferred ones, unless they have no version."""
    said = {name_of(line) for line in extra if unlimited(line) is None}
    return [*(line for line in inferred if name_of(line) not in said and line not in extra), *extra]


def _conda_given(given: Mapping[str, Any] | str | Path) -> dict[str, Any]:
    if isinstance(given, Mapping):
        loaded: Any = dict(given)
    else:
        try:
            loaded = yaml.safe_load(Path(given).read_text(encoding="utf-8"))
        except (OSError, ValueError, yaml.YAMLError) as problem:
            reason = in_a_line(problem)
            raise InvalidParameter(f"'conda_env' names {str(given)!r}, which cannot be read: {reason}.") from None
    if not isinstance(loaded, dict) or not isinstance(loaded.get("dependencies") or [], list):
        raise InvalidParameter(f"'conda_env' is {str(given)!r}, which is not a conda environment.")
    return loaded


def _conda_pip(conda_env: Mapping[str, Any] | str | Path) -> tuple[list[str], list[str]]:
    """Requirements and constraints of an environment. What its lines name starts where its file is."""
    folder = Path() if isinstance(conda_env, Mapping) else Path(conda_env).parent
    lines, constraints = parsed(conda.pip_part(_conda_given(conda_env).get("dependencies") or []), folder)
    return [rooted(folder, line) for line in lines], constraints


def _conda_as_made(
    environment: Mapping[str, Any], pip_lines: Sequence[str], constraints: Sequence[str]
) -> tuple[dict[str, Any], list[str], list[str]]:
    """An environment with versions, what conda installs by it for those who have none, and its lines for pip."""
    dependencies = environment.get("dependencies") or []
    python = conda.python_of(dependencies)
    packages = conda.plain_packages(dependencies)
    by_name = {one: conda.from_pip([one])[0] for one in packages}
    if skipped := [one for one in packages if not by_name[one]]:
        log.warning("Only conda can install %s: requirements.txt is without them.", ", ".join(skipped))
    given = [line for lines in by_name.values() for line in lines]
    versions = dict(zip(given, as_made(given, [*pip_lines, *constraints], python), strict=True))
    named = {one: versions[lines[0]] for one, lines in by_name.items() if lines}
    named["python"] = f"python=={platform.python_version()}"
    pinned_dependencies = [
        conda.pinned(one, named[one]) if isinstance(one, str) and one in named else one for one in dependencies
    ]
    lines = as_made(pip_lines, [*constraints, *given], python)
    return {**environment, "dependencies": pinned_dependencies}, list(versions.values()), lines


def _with_pip(environment: Mapping[str, Any], requirements: Sequence[str]) -> dict[str, Any]:
    """A given environment, with these lines for pip."""
    dependencies = [one for one in environment.get("dependencies") or [] if not isinstance(one, Mapping)]
    others = [one for one in environment.get("dependencies") or [] if isinstance(one, Mapping) and "pip" not in one]
    if not any(isinstance(one, str) and name_of(one) == "pip" for one in dependencies):
        dependencies.append("pip")
    channels = [without_login(str(channel)) for channel in environment.get("channels") or []]
    given = {**environment, "channels": channels} if channels else environment
    return {**given, "dependencies": [*dependencies, *others, {"pip": list(requirements)}]}


def conda_environment(requirements: Sequence[str]) -> dict[str, Any]:
    """A conda environment of this Python, in which pip installs the requirements."""
    python = f"python={platform.python_version()}"
    return {
        "channels": ["conda-forge"],
        "dependencies": [
            python,
            f"pip<={metadata.version('pip')}" if _has("pip") else "pip",
            {"pip": list(requirements)},
        ],
        "name": "mlflow-env",
    }


def python_environment() -> dict[str, Any]:
    """What python_env.yaml says: this Python, what builds packages, and where the requirements are."""
    built = [pinned(name) if _has(name) else name for name in ("pip", "setuptools")]
    return {
        "python": platform.python_version(),
        "build_dependencies": [*built, "wheel"],
        "dependencies": [f"-r {REQUIREMENTS}"],
    }


def _has(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    """Write a YAML file with the keys in their order."""
    path.write_text(yaml.safe_dump(dict(content), default_flow_style=False, sort_keys=False), encoding="utf-8")
