"""Packages that differ from those a model was saved with."""

import platform
from importlib import metadata
from pathlib import Path

from runyard.core.yaml_problems import in_a_line
from runyard.exceptions import RunyardException
from runyard.models.environment.files import REQUIREMENTS
from runyard.models.environment.requirements import FRAMEWORKS, name_of, read_requirement
from runyard.models.mlmodel import MLMODEL, PYFUNC, MLmodel


def mismatches(folder: Path) -> list[str]:
    """Packages whose installed version differs from the model's, as text."""
    try:
        lines = (folder / REQUIREMENTS).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []
    found = []
    for line in lines:
        wanted = read_requirement(line)
        if wanted is None or "==" not in line or name_of(line) in FRAMEWORKS:
            continue
        try:
            installed = metadata.version(wanted.name).partition("+")[0]
        except metadata.PackageNotFoundError:
            found.append(f"{line.strip()} is not installed")
            continue
        if not wanted.specifier.contains(installed, prereleases=True):
            found.append(f"{line.strip()}, installed is {installed}")
    return found


def other_python(folder: Path) -> str:
    """The version of Python that a model was saved with, when this is another; else nothing."""
    try:
        saved_with = str(MLmodel.read(folder / MLMODEL).flavors.get(PYFUNC, {}).get("python_version", ""))
    except RunyardException:
        return ""
    return saved_with if saved_with.split(".")[:2] != platform.python_version().split(".")[:2] else ""


def unreadable(folder: Path, file: Path, problem: Exception) -> RunyardException:
    """An error that says why the file of a model cannot be read here, and what to do.

    Parameters
    ----------
    folder: The model's folder.
    problem: What was raised when it was read.
    """
    if isinstance(problem, RunyardException):
        return problem
    if isinstance(problem, ImportError) and problem.name:
        reason = f"The model needs the module {problem.name!r}, which is not installed."
        return RunyardException(f"{reason} Install what its requirements.txt names, or {_OWN_ENVIRONMENT}.")
    python, differing = other_python(folder), mismatches(folder)
    causes = [f"Python {python}, this is {platform.python_version()}"] if python else []
    causes += differing
    if type(problem).__name__ == "UntrustedTypesFoundException":
        advice = " Save it again with these types in skops_trusted_types, if you know them to be harmless."
    elif causes:
        advice = f" It was saved with other versions ({'; '.join(causes)}): install those, or {_OWN_ENVIRONMENT}."
    else:
        advice = " Is the file whole?"
    return RunyardException(
        f"The model in {str(file)!r} cannot be read: {type(problem).__name__}: {in_a_line(problem)}.{advice}"
    )


_OWN_ENVIRONMENT = "let runyard models serve or predict with --env-manager uv make an environment with them"
