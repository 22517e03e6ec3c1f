"""Versions, addresses and settings of this installation for a bug report."""

import importlib.metadata
import os
import platform
import sys

from runyard import settings
from runyard.client import spool
from runyard.core.credentials import shown_address
from runyard.core.store_address import absolute, sqlite_file
from runyard.core.tracking_uri import get_registry_uri, get_tracking_uri, is_tracking_uri_set
from runyard.exceptions import RunyardException
from runyard.fluent.clients import client
from runyard.version import VERSION, __version__

PACKAGES = (
    "mlflow",
    "mlflow-skinny",
    "matplotlib",
    "numpy",
    "pandas",
    "psutil",
    "scikit-learn",
    "sqlalchemy",
    "urllib3",
)
SECRET_WORDS = ("PASSWORD", "TOKEN", "SECRET", "KEY")
HIDDEN = "***"


def doctor(mask_envs: bool = False) -> None:
    """Print versions, addresses and settings for a bug report. Passwords and tokens are masked always.

    Parameters
    ----------
    mask_envs: Mask the values of all environment variables.
    """
    for name, value in diagnosis(mask_envs).items():
        sys.stdout.write(f"{name}: {value}\n")


def diagnosis(mask_envs: bool = False) -> dict[str, str]:
    """What `doctor` prints, by name."""
    return {
        "Runyard": f"{__version__}, speaks the protocol of MLflow {VERSION}",
        "Python": f"{platform.python_version()} ({sys.executable})",
        "Platform": platform.platform(),
        "Tracking URI": _without_credentials(get_tracking_uri()) + ("" if is_tracking_uri_set() else " (the default)"),
        "Registry URI": _without_credentials(get_registry_uri()),
        "Store": _reachability(),
        "Spool": spool.summary(),
        **{name: found for name in PACKAGES if (found := _version(name))},
        **_environment(mask_envs),
    }


def _reachability() -> str:
    """Whether the tracking URI's store answers. Does not create a missing database."""
    try:
        file = sqlite_file(absolute(get_tracking_uri()))
        if file is not None and not file.exists():
            return "not there yet; the first run makes it"
        found = client().search_experiments(max_results=1)
    except (RunyardException, OSError) as problem:
        return f"does not answer: {problem}"
    return f"answers, {'with' if found else 'without'} experiments"


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _environment(mask_all: bool) -> dict[str, str]:
    known = {name for setting in settings.ALL for name in setting.names}
    names = sorted(name for name in os.environ if name in known or name.startswith(("MLFLOW_", "RUNYARD_")))
    return {name: HIDDEN if mask_all else masked(name, os.environ[name]) for name in names}


def masked(name: str, value: str) -> str:
    """The value of a variable with secrets hidden."""
    return HIDDEN if any(word in name for word in SECRET_WORDS) else _without_credentials(value)


def _without_credentials(text: str) -> str:
    """An address with user name and password hidden; other text unchanged."""
    clean = shown_address(text)
    return clean.replace("://", f"://{HIDDEN}@", 1) if "@" in text and "@" not in clean else clean
