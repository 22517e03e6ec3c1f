"""``mlflow.utils.requirements_utils``: requirements of the versions that are installed."""

import importlib
from importlib import metadata

from runyard.models.environment.requirements import pinned


def _get_pinned_requirement(req_str: str, version: str | None = None, module: str | None = None) -> str:
    """A requirement for one version of a package.

    Parameters
    ----------
    req_str: The package.
    version: The version; the one that is installed when left out.
    module: What ``import`` calls it, for a package that was not installed by that name.

    Raises
    ------
    ModuleNotFoundError: It is not there.
    """
    if version is not None:
        return f"{req_str}=={version}"
    found = pinned(req_str)
    return found if "==" in found else f"{req_str}=={_get_installed_version(req_str, module)}"


def _get_installed_version(package: str, module: str | None = None) -> str:
    """The version of a package that is installed.

    Parameters
    ----------
    module: What ``import`` calls it, for a package that was not installed by that name.

    Raises
    ------
    ModuleNotFoundError: It is not there.
    """
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return str(importlib.import_module(module or package).__version__)


def _strip_local_version_label(version: str) -> str:
    """A version without a label such as ``+cpu``."""
    return version.partition("+")[0]
