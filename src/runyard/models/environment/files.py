"""The files of a model that say what must be installed: requirements.txt, conda.yaml, python_env.yaml."""

import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from runyard.exceptions import InvalidParameter
from runyard.models.environment.inference import inferred_requirements
from runyard.models.environment.requirements import name_of, parsed, pinned
from runyard.version import VERSION

if TYPE_CHECKING:
    from runyard.models.saving import Options

REQUIREMENTS, CONSTRAINTS, CONDA, PYTHON_ENV = "requirements.txt", "constraints.txt", "conda.yaml", "python_env.yaml"
ENVIRONMENT = {"conda": CONDA, "virtualenv": PYTHON_ENV}
"""How flavors name these files."""


def check(conda_env: Any, pip_requirements: Any, extra_pip_requirements: Any) -> None:
    """See that a caller says in one way only what must be installed.

    Raises
    ------
    InvalidParameter: In several.
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


def write(folder: Path, options: "Options", packages: Sequence[str]) -> None:
    """Write the files into a model's folder.

    Parameters
    ----------
    packages: What the flavor needs in any case.
    """
    constraints: list[str] = []
    conda: dict[str, Any] | None = None
    if options.conda_env is not None:
        conda = _conda_given(options.conda_env)
        requirements = _pip_part(conda)
    elif options.pip_requirements is not None:
        requirements, constraints = parsed(options.pip_requirements)
    else:
        extra, constraints = parsed(options.extra_pip_requirements or [])
        requirements = _merged(inferred_requirements(folder, packages), extra)
    requirements = _with_framework(requirements)
    if constraints:
        (folder / CONSTRAINTS).write_text("\n".join(constraints), encoding="utf-8")
        requirements = [*requirements, f"-c {CONSTRAINTS}"]
    (folder / REQUIREMENTS).write_text("\n".join(requirements), encoding="utf-8")
    _write_yaml(folder / CONDA, conda or _conda(requirements))
    _write_yaml(folder / PYTHON_ENV, _python_env())


def _with_framework(requirements: Sequence[str]) -> list[str]:
    """The format is MLflow's: whoever installs the list can load the model with it, or with us."""
    if any(name_of(line) in ("mlflow", "mlflow-skinny", "runyard") for line in requirements):
        return list(requirements)
    return [f"mlflow=={VERSION}", *requirements]


def _merged(inferred: Sequence[str], extra: Sequence[str]) -> list[str]:
    """What is said by hand wins over what was found."""
    said = {name_of(line) for line in extra}
    return [*(line for line in inferred if name_of(line) not in said), *extra]


def _conda_given(given: Mapping[str, Any] | str) -> dict[str, Any]:
    if isinstance(given, Mapping):
        return dict(given)
    try:
        loaded = yaml.safe_load(Path(given).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as problem:
        raise InvalidParameter(f"'conda_env' names {given!r}, which is no conda environment: {problem}.") from None
    if not isinstance(loaded, dict):
        raise InvalidParameter(f"'conda_env' names {given!r}, which is no conda environment.")
    return loaded


def _pip_part(conda: Mapping[str, Any]) -> list[str]:
    parts = [one["pip"] for one in conda.get("dependencies", ()) if isinstance(one, dict) and "pip" in one]
    return [str(line) for part in parts for line in part]


def _conda(requirements: Sequence[str]) -> dict[str, Any]:
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


def _python_env() -> dict[str, Any]:
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


def _write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(dict(content), default_flow_style=False, sort_keys=False), encoding="utf-8")
