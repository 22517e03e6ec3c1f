"""Pins requirements without a version to the installed one."""

import json
import logging
from collections.abc import Sequence
from importlib import metadata

from packaging.specifiers import SpecifierSet

from runyard.models.environment.requirements import FRAMEWORKS, name_of, read_requirement, unlimited
from runyard.version import VERSION

log = logging.getLogger(__name__)


def as_made(lines: Sequence[str], constraints: Sequence[str] = (), python: str = "") -> list[str]:
    """The lines, those that only name a package with the version that is installed here.

    They stay as they are where that version cannot be meant: another line, a constraint or a marker takes others only,
    or the Python that is asked for cannot have it. And so do those of packages that are not installed, with a warning.

    Parameters
    ----------
    constraints: Limits on versions.
    python: The version of Python that is asked for; empty when none is.
    """
    return [_as_made(line, [*(other for other in lines if other is not line), *constraints], python) for line in lines]


def fits(pinned: str, limits: Sequence[str]) -> bool:
    """Whether a requirement of one version applies here, and all limits on its package allow that version."""
    wanted = read_requirement(pinned)
    if wanted is None:  # a version that only its own package's files know
        return True
    if wanted.marker and not wanted.marker.evaluate():
        return False
    version = next((one.version for one in wanted.specifier), None)
    for line in limits:
        if name_of(line) != name_of(pinned):
            continue
        limit = read_requirement(line)
        if limit is None:  # a file or an address, which is one version
            return False
        if limit.marker and not limit.marker.evaluate():
            continue
        if limit.url or (version and not limit.specifier.contains(version, prereleases=True)):
            return False
    return True


def tell_of_folders(lines: Sequence[str]) -> None:
    """Warn of packages that are installed here from a folder: an index has another version of them, or none."""
    for name in dict.fromkeys(name_of(line) for line in lines if unlimited(line) or "==" in line):
        try:
            origin = json.loads(metadata.distribution(name).read_text("direct_url.json") or "{}") if name else {}
        except (metadata.PackageNotFoundError, ValueError):
            continue
        if "dir_info" in origin and name not in FRAMEWORKS:
            log.warning(
                "%s is installed here from a folder, which others do not have. Name a wheel of it in "
                "extra_pip_requirements, or give its code in code_paths.",
                name,
            )


def _as_made(line: str, limits: Sequence[str], python: str) -> str:
    found = unlimited(line)
    if found is None:
        return line
    version = _installed(found[1])
    if not version:
        log.warning("The model's requirements name no version of %s, which is not installed here.", found[1])
        return line
    pinned = f"{line[: found.end()]}=={version}{line[found.end() :]}"
    if not fits(pinned, limits):
        return line
    if not _is_for(python, found[1]):
        log.warning(
            "The model's requirements name no version of %s: %s, which is installed here, is not for Python %s.",
            found[1],
            version,
            python,
        )
        return line
    return pinned


def _installed(name: str) -> str:
    """The version of a package, without its local label: other machines install from elsewhere."""
    try:
        return metadata.version(name).partition("+")[0]
    except metadata.PackageNotFoundError:
        return VERSION if name_of(name) in ("mlflow", "mlflow-skinny") else ""


def _is_for(python: str, name: str) -> bool:
    """Whether the installed version of a package supports this version of Python."""
    try:
        about = metadata.metadata(name)
        wanted = SpecifierSet(about["Requires-Python"] if "Requires-Python" in about else "")  # noqa: SIM401  (no get)
    except (ValueError, metadata.PackageNotFoundError):
        return True
    newest = python if python.count(".") > 1 else f"{python}.99"
    return "." not in python or wanted.contains(newest, prereleases=True)
