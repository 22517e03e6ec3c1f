"""Environments for models and projects, created once for each set of requirements and reused."""

import fcntl
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from runyard.environments.own_wheel import environment_root
from runyard.environments.specification import Specification
from runyard.environments.tools import run_tool
from runyard.exceptions import InvalidParameter

Say = Callable[[str], None]

Run = Callable[[Sequence[str]], None]

_DONE = "runyard-environment.json"


def interpreter_for(wanted: Specification, manager: str, say: Say | None = None) -> Path:
    """The Python of an environment that holds what is wanted, made now when there is none yet.

    Parameters
    ----------
    manager: One of `MANAGERS`, but not ``local``.
    say: Called with progress lines when an environment is created.

    Raises
    ------
    InvalidParameter: The program that manages such environments is not installed.
    RunyardException: The environment could not be made.
    """
    text = _identity(wanted, manager)
    name = f"{manager}-{hashlib.sha256(text.encode()).hexdigest()[:20]}"
    root = environment_root()
    place = root / name
    root.mkdir(parents=True, exist_ok=True)
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / _DONE).exists():
            _make(place, wanted, manager, say or _quiet)
            (place / _DONE).write_text(text)
        elif say:
            say(f"Using the environment {place}")
    return place / "bin" / "python"


def _identity(wanted: Specification, manager: str) -> str:
    parts = [manager, wanted.python, wanted.requirements, _conda_text(wanted) if manager == "conda" else ""]
    more = [wanted.constraints, wanted.depends_on]
    return json.dumps([*parts, *more] if any(more) else parts)


def _make(place: Path, wanted: Specification, manager: str, say: Say) -> None:
    count = len(wanted.requirements)  # not the lines themselves: an index may be named with its password
    say(f"Making the environment {place} with {manager}: Python {wanted.python}, requirements: {count}")
    started = time.monotonic()
    shutil.rmtree(place, ignore_errors=True)
    log = place.with_suffix(".log")
    log.unlink(missing_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="runyard-environment-") as nowhere:
            _MAKERS[manager](place, wanted, lambda command: run_tool(command, Path(nowhere), log, say))
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)  # half an environment would look like a whole one
        raise
    say(f"Made the environment in {time.monotonic() - started:.1f} seconds")


def _quiet(_line: str) -> None:
    """Discard progress lines."""


def require_manager(manager: str, python: str = "") -> None:
    """Check that a manager can be used here, before anything is begun.

    Parameters
    ----------
    python: The version of Python it is asked for; any when empty.

    Raises
    ------
    InvalidParameter: Its program, or that version of Python, is not installed.
    """
    if manager in ("uv", "conda"):
        _program(manager)
    elif manager == "virtualenv" and python:
        _python(python)


def is_installed(name: str) -> bool:
    """Whether the program is on the path, or beside the Python that runs."""
    return _found(name) is not None


def default_manager() -> str:
    """The default manager of environments: uv, which is fast, where it is installed."""
    return "uv" if is_installed("uv") else "virtualenv"


def _with_uv(place: Path, wanted: Specification, run: Run) -> None:
    uv = _program("uv")
    run([uv, "venv", "--no-project", "--python", _interpreter_request(wanted.python), str(place)])
    run([uv, "pip", "install", "--python", str(place / "bin" / "python"), "-r", str(_listed(place, wanted))])


def _with_venv(place: Path, wanted: Specification, run: Run) -> None:
    run([_python(wanted.python), "-m", "venv", str(place)])
    _pip_install(place, wanted, run)


def _with_conda(place: Path, wanted: Specification, run: Run) -> None:
    conda = _program("conda")
    if wanted.conda_file is None:
        raise InvalidParameter("There is no conda.yaml. Use --env-manager uv or virtualenv.")
    run([conda, "env", "create", "--quiet", "--prefix", str(place), "--file", str(wanted.conda_file)])
    _pip_install(place, wanted, run)


_MAKERS = {"uv": _with_uv, "virtualenv": _with_venv, "conda": _with_conda}


def _pip_install(place: Path, wanted: Specification, run: Run) -> None:
    python, listed = str(place / "bin" / "python"), _listed(place, wanted)
    run([python, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off", "-r", str(listed)])


def _listed(place: Path, wanted: Specification) -> Path:
    path = place / "runyard-requirements.txt"
    lines = list(wanted.requirements)
    if wanted.constraints:
        limits = place / "runyard-constraints.txt"
        limits.write_text("\n".join([*wanted.constraints, ""]))
        lines.append(f"-c {limits}")
    path.write_text("\n".join([*lines, ""]))
    return path


def _conda_text(wanted: Specification) -> str:
    return "" if wanted.conda_file is None else wanted.conda_file.read_text()


def _python(version: str) -> str:
    """An interpreter of that version: this one, one on the path, or one that pyenv has."""
    if _is_this(version):
        return sys.executable
    minor = ".".join(version.split(".")[:2])
    found = shutil.which(f"python{minor}")
    if found is None:
        versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
        found = next((str(path / "bin" / "python") for path in sorted(versions.glob(f"{minor}.*"), reverse=True)), None)
    if found is None:
        raise InvalidParameter(
            f"Python {version} is asked for, and there is no python{minor} here. Install it, or use "
            "--env-manager uv, which fetches it."
        )
    return found


def _interpreter_request(version: str) -> str:
    """What uv is asked for: this Python when it is of that minor version, else one that uv finds or fetches."""
    return sys.executable if _is_this(version) else version


def _is_this(version: str) -> bool:
    return version.split(".")[:2] == [str(sys.version_info.major), str(sys.version_info.minor)]


_HOW = {"uv": "pip install 'runyard[projects]'", "conda": "see docs.conda.io"}


def _program(name: str) -> str:
    found = _found(name)
    if found is None:
        raise InvalidParameter(
            f"--env-manager {name} needs the program {name!r}, which is not installed ({_HOW[name]})."
        )
    return found


def _found(name: str) -> str | None:
    """A program on the path, or beside the Python that runs."""
    beside = Path(sys.executable).parent / name
    return shutil.which(name) or (str(beside) if beside.exists() else None)
