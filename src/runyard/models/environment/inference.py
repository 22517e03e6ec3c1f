"""Which packages a model needs: it is loaded in a fresh process, and what that imports is pinned."""

import json
import logging
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

from runyard.models.environment.requirements import name_of, pinned
from runyard.models.flavors import flavor_named
from runyard.models.loading import local_folder

SECONDS = 120
OURS = frozenset(("runyard", "mlflow", "mlflow-skinny", "mlflow-tracing"))
TOOLS = frozenset(("pip", "setuptools", "wheel", "uv"))

log = logging.getLogger(__name__)


def infer_pip_requirements(model_uri: str, flavor: str, fallback: Sequence[str] | None = None) -> list[str]:
    """What must be installed to use a saved model, found by loading it in a process of its own.

    Parameters
    ----------
    model_uri: The model.
    flavor: The flavor that it is loaded with, such as ``sklearn``.
    fallback: What to give when the model cannot be loaded.

    Raises
    ------
    InvalidParameter: There is no such flavor, or no such model.
    """
    library = flavor_named(flavor).library
    folder = local_folder(model_uri)
    modules, is_whole = _imported(folder)
    if fallback is not None and not is_whole:
        return list(fallback)
    return _needed(modules, [library] if library else [])


def inferred_requirements(folder: Path, packages: Sequence[str]) -> list[str]:
    """What must be installed to load the model in a folder and to predict its example, sorted by name.

    Parameters
    ----------
    packages: What its flavor needs in any case.
    """
    return _needed(_imported(folder)[0], packages)


def _needed(modules: Sequence[str], packages: Sequence[str]) -> list[str]:
    found = _distributions(modules)
    needed = {*packages, *_without_what_others_bring(found, {name_of(name) for name in packages})}
    return sorted(pinned(name) for name in needed if name_of(name) not in OURS | TOOLS)


def _imported(folder: Path) -> tuple[list[str], bool]:
    """Names of the modules that loading the model imports, and whether it could be loaded to the end."""
    with tempfile.TemporaryDirectory() as scratch:
        answer = Path(scratch, "modules.json")
        command = [sys.executable, "-m", "runyard.pyfunc.imports", str(folder), str(answer)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=SECONDS, check=False, env=environment
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            log.warning(
                "What the model needs could not be found out (%s); its flavor's own packages are noted.", problem
            )
            return [], False
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
            log.warning("What the model needs was not all found out (%s); what was is noted.", reason)
        modules = list(json.loads(answer.read_text())) if answer.exists() else []
        return modules, not done.returncode


def _distributions(modules: Iterable[str]) -> set[str]:
    """The packages that modules belong to, as pip names them."""
    homes = metadata.packages_distributions()
    found: set[str] = set()
    for module in modules:
        candidates = homes.get(module.partition(".")[0], ())
        found.update(candidates[:1])
    return found


def _without_what_others_bring(found: set[str], kept: set[str]) -> set[str]:
    """Packages that no other of them requires, and those that are always named."""
    brought: set[str] = set()
    for name in found:
        for line in _required_by(name):
            brought.add(name_of(line))
    return {name for name in found if name_of(name) not in brought or name_of(name) in kept}


def _required_by(name: str) -> list[str]:
    try:
        return [line for line in metadata.requires(name) or () if not re.search(r"\bextra\s*==", line)]
    except metadata.PackageNotFoundError:
        return []
