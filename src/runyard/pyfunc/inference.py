"""Which packages a model needs: it is loaded in a fresh process, and what that imports is pinned."""

import contextlib
import json
import logging
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from runyard import settings
from runyard.core.installed import packages_of_modules
from runyard.models.environment.requirements import name_of, pinned

OURS = frozenset(("runyard", "mlflow", "mlflow-skinny", "mlflow-tracing"))
TOOLS = frozenset(("pip", "setuptools", "wheel", "uv"))

Imports = list[tuple[str, str]]
"""Imports of modules: the importing module, or None for the model's own program, and the imported one."""

log = logging.getLogger(__name__)


def inferred_requirements(folder: Path, packages: Sequence[str]) -> list[str]:
    """What must be installed to load the model in a folder and to predict its example, sorted by name.

    When that cannot be found out, it is what the flavor needs.

    Parameters
    ----------
    packages: What its flavor needs in any case.
    """
    try:
        return needed(imported_by(folder)[0], packages)
    except Exception as problem:  # noqa: BLE001  (what only describes a model never keeps it from being saved)
        log.warning("What the model needs was not found out: %s: %s", type(problem).__name__, problem)
        return sorted(pinned(name) for name in packages)


def needed(imports: Imports, packages: Sequence[str]) -> list[str]:
    """What must be installed for these imports and these packages, sorted by name."""
    always = {name_of(name) for name in packages}
    found = _distributions(imports, always)
    needed = {*packages, *_without_what_others_bring(found, always)}
    return sorted({pinned(name) for name in needed if name_of(name) not in OURS | TOOLS})


def imported_by(folder: Path) -> tuple[Imports, bool]:
    """What loading the model imports, and whether it could be loaded and its example predicted."""
    with tempfile.TemporaryDirectory() as scratch:
        answer, libraries = Path(scratch, "imports.json"), Path(scratch, "libraries.json")
        libraries.write_text(json.dumps(sorted(packages_of_modules())), encoding="utf-8")
        places = dict.fromkeys([*os.environ.get("PYTHONPATH", "").split(os.pathsep), *sys.path])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(place for place in places if place)}
        program = [sys.executable, "-m", "runyard.pyfunc.imports"]
        problem = _run([*program, str(folder), str(answer), str(libraries)], environment)
        report = json.loads(answer.read_text()) if answer.exists() else {"imports": [], "problem": None}
    problem = report["problem"] or problem
    if problem:
        log.warning(
            "The requirements of the model may lack packages, which extra_pip_requirements can name: it could not be "
            "loaded in a process of its own, or does not predict its input example: %s",
            problem,
        )
    return [(importer, module) for importer, module in report["imports"]], not problem


def _run(command: Sequence[str], environment: dict[str, str]) -> str:
    """Run a program to its end, whatever it prints; what went wrong, or nothing."""
    seconds = settings.REQUIREMENTS_INFERENCE_TIMEOUT.get()
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
    except OSError as problem:
        return f"no process could be started: {problem}"
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        return f"it took more than {seconds:g} seconds (RUNYARD_REQUIREMENTS_INFERENCE_TIMEOUT)"
    finally:
        with contextlib.suppress(ProcessLookupError):  # with all that it has started
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return f"the process ended with {code}" if code else ""


def _distributions(imports: Imports, always: set[str]) -> set[str]:
    """The packages that are imported by what is not a package, or by a package that is needed, as pip names them."""
    homes = packages_of_modules()
    wanted: dict[str, set[str]] = {}
    for importer, module in imports:
        by = next(iter(homes.get(importer, ())), "")
        wanted.setdefault(name_of(by), set()).update(homes.get(module, ())[:1])
    found: set[str] = set()
    new = {"", *always}
    while new:
        reached = set().union(*(wanted.get(one, set()) for one in new)) - found
        found |= reached
        new = {name_of(one) for one in reached}
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
