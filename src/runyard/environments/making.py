"""Environments for models and projects: made once for what one asks for, kept, and used by all that ask the same."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from runyard import settings
from runyard.environments.wanted import Wanted
from runyard.exceptions import InvalidParameter, RunyardException

MANAGERS = ("local", "uv", "virtualenv", "conda")
"""Ways to give code its environment; `local` is the one that runs now."""

Say = Callable[[str], None]

_DONE = "runyard-environment.json"
_SHOWN_LINES = 15


def interpreter_for(wanted: Wanted, manager: str, folder: Path, say: Say | None = None) -> Path:
    """The Python of an environment that holds what is wanted, made now when there is none yet.

    Parameters
    ----------
    manager: One of `MANAGERS`, but not ``local``.
    folder: Where requirements that are paths start from.
    say: Told when an environment is made, and how long it took.

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
            _make(place, wanted, manager, folder, say or _quiet)
            (place / _DONE).write_text(text)
        elif say:
            say(f"Using the environment {place}")
    return place / "bin" / "python"


def _identity(wanted: Wanted, manager: str) -> str:
    parts = [manager, wanted.python, wanted.requirements, _conda_text(wanted) if manager == "conda" else ""]
    more = [wanted.constraints, wanted.depends_on]
    return json.dumps([*parts, *more] if any(more) else parts)


def _make(place: Path, wanted: Wanted, manager: str, folder: Path, say: Say) -> None:
    count = len(wanted.requirements)  # not the lines themselves: an index may be named with its password
    say(f"Making the environment {place} with {manager}: Python {wanted.python}, requirements: {count}")
    started = time.monotonic()
    shutil.rmtree(place, ignore_errors=True)
    try:
        _MAKERS[manager](place, wanted, folder)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)  # half an environment would look like a whole one
        raise
    say(f"Made the environment in {time.monotonic() - started:.1f} seconds")


def _quiet(_line: str) -> None:
    """Nobody asked."""


def require_manager(manager: str, python: str = "") -> None:
    """See that a manager can be used here, before anything is begun.

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
    """Is the program on the path, or beside the Python that runs?"""
    return _found(name) is not None


def environment_root() -> Path:
    """The folder that holds the environments."""
    given = settings.ENV_ROOT.get()
    return Path(given).absolute() if given else Path.home() / ".runyard" / "environments"


def _with_uv(place: Path, wanted: Wanted, folder: Path) -> None:
    uv = _program("uv")
    _run([uv, "venv", "--quiet", "--python", _interpreter_request(wanted.python), str(place)], folder)
    listed = _listed(place, wanted)
    _run([uv, "pip", "install", "--quiet", "--python", str(place / "bin" / "python"), "-r", str(listed)], folder)


def _with_venv(place: Path, wanted: Wanted, folder: Path) -> None:
    _run([_python(wanted.python), "-m", "venv", str(place)], folder)
    _pip_install(place, wanted, folder)


def _with_conda(place: Path, wanted: Wanted, folder: Path) -> None:
    conda = _program("conda")
    if wanted.conda_file is None:
        raise InvalidParameter("There is no conda.yaml. Use --env-manager uv or virtualenv.")
    _run([conda, "env", "create", "--quiet", "--prefix", str(place), "--file", str(wanted.conda_file)], folder)
    _pip_install(place, wanted, folder)


_MAKERS = {"uv": _with_uv, "virtualenv": _with_venv, "conda": _with_conda}


def _pip_install(place: Path, wanted: Wanted, folder: Path) -> None:
    python, listed = str(place / "bin" / "python"), _listed(place, wanted)
    _run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(listed)], folder)


def _listed(place: Path, wanted: Wanted) -> Path:
    path = place / "runyard-requirements.txt"
    lines = list(wanted.requirements)
    if wanted.constraints:
        limits = place / "runyard-constraints.txt"
        limits.write_text("\n".join([*wanted.constraints, ""]))
        lines.append(f"-c {limits}")
    path.write_text("\n".join([*lines, ""]))
    return path


def _conda_text(wanted: Wanted) -> str:
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


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).strip().splitlines()[-_SHOWN_LINES:])
        raise RunyardException(f"The environment could not be made: {Path(command[0]).name} said: {said}")
