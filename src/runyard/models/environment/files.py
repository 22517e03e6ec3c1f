"""The files of a model that say what must be installed: requirements.txt, conda.yaml, python_env.yaml."""

import logging
import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from runyard.core.yaml_problems import in_a_line
from runyard.exceptions import InvalidParameter
from runyard.models.environment import conda
from runyard.models.environment.inference import inferred_requirements
from runyard.models.environment.requirements import name_of, parsed, pinned, rooted
from runyard.models.environment.storing import check_places, stored, within, without_login
from runyard.version import VERSION

if TYPE_CHECKING:
    from runyard.models.saving import Options

REQUIREMENTS, CONSTRAINTS, CONDA, PYTHON_ENV = "requirements.txt", "constraints.txt", "conda.yaml", "python_env.yaml"
ENVIRONMENT = {"conda": CONDA, "virtualenv": PYTHON_ENV}
"""How flavors name these files."""

log = logging.getLogger(__name__)


def check(conda_env: Any, pip_requirements: Any, extra_pip_requirements: Any) -> None:
    """See that a caller says in one way only what must be installed, and that it is that.

    Raises
    ------
    InvalidParameter: In several ways, or a line is no requirement.
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


def write(folder: Path, options: "Options", packages: Sequence[str]) -> None:
    """Write the files into a model's folder.

    Parameters
    ----------
    packages: What the flavor needs in any case.
    """
    environment: dict[str, Any] | None = None
    by_name: list[str] = []
    if options.conda_env is not None:
        environment = _conda_given(options.conda_env)
        given, constraints = _conda_pip(options.conda_env)
        by_name = _by_name(environment)
        requirements = stored(given, folder)
    elif options.pip_requirements is not None:
        given, constraints = parsed(options.pip_requirements)
        requirements = stored(given, folder)
    else:
        extra, constraints = parsed(options.extra_pip_requirements or [])
        found = [within(constraints, line, line.partition("==")[0]) for line in _inferred(folder, packages)]
        requirements = _merged(found, stored(extra, folder))
    constraints = [without_login(line) for line in constraints]
    requirements = _with_framework(requirements)
    if constraints:
        (folder / CONSTRAINTS).write_text("\n".join(constraints), encoding="utf-8")
        requirements = [*requirements, f"-c {CONSTRAINTS}"]
    (folder / REQUIREMENTS).write_text("\n".join(_merged(by_name, requirements)), encoding="utf-8")
    _write_yaml(folder / CONDA, _conda(requirements) if environment is None else _with_pip(environment, requirements))
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


def _inferred(folder: Path, packages: Sequence[str]) -> list[str]:
    """What the model needs; what its flavor needs, when that cannot be found out."""
    try:
        return inferred_requirements(folder, packages)
    except Exception as problem:  # noqa: BLE001  (what only describes a model never keeps it from being saved)
        log.warning("What the model needs was not found out: %s: %s", type(problem).__name__, problem)
        return sorted(pinned(name) for name in packages)


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
        raise InvalidParameter(f"'conda_env' is {str(given)!r}, which is no conda environment.")
    return loaded


def _conda_pip(conda_env: Mapping[str, Any] | str | Path) -> tuple[list[str], list[str]]:
    """Requirements and constraints of an environment. What its lines name starts where its file is."""
    folder = Path() if isinstance(conda_env, Mapping) else Path(conda_env).parent
    lines, constraints = parsed(conda.pip_part(_conda_given(conda_env).get("dependencies") or []), folder)
    return [rooted(folder, line) for line in lines], constraints


def _by_name(environment: Mapping[str, Any]) -> list[str]:
    """What conda itself installs, for those who have none."""
    lines, skipped = conda.from_pip(conda.plain_packages(environment.get("dependencies") or []))
    if skipped:
        log.warning("Only conda can install %s: requirements.txt is without them.", ", ".join(skipped))
    return lines


def _with_pip(environment: Mapping[str, Any], requirements: Sequence[str]) -> dict[str, Any]:
    """An environment that somebody gave, with these lines for pip."""
    dependencies = [one for one in environment.get("dependencies") or [] if not isinstance(one, Mapping)]
    others = [one for one in environment.get("dependencies") or [] if isinstance(one, Mapping) and "pip" not in one]
    if not any(isinstance(one, str) and name_of(one) == "pip" for one in dependencies):
        dependencies.append("pip")
    channels = [without_login(str(channel)) for channel in environment.get("channels") or []]
    given = {**environment, "channels": channels} if channels else environment
    return {**given, "dependencies": [*dependencies, *others, {"pip": list(requirements)}]}


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
