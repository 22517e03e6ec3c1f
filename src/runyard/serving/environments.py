"""Environments for models: made once for what a model asks for, kept, and used by every model that asks the same."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from runyard import settings
from runyard.exceptions import InvalidParameter, RunyardException
from runyard.serving.requirements import Wanted, wanted_environment

MANAGERS = ("local", "uv", "virtualenv", "conda")
"""Ways to give a model its environment; `local` is the one that runs now."""

_DONE = "runyard-environment.json"
_SHOWN_LINES = 15


def interpreter_for(folder: Path, manager: str, overrides: Sequence[str] = ()) -> Path:
    """The Python of an environment with what a model asks for, made now when there is none yet.

    Parameters
    ----------
    folder: The model's files.
    manager: One of `MANAGERS`.
    overrides: Requirements that replace the model's own of the same package.

    Raises
    ------
    InvalidParameter: The program that manages such environments is not installed.
    RunyardException: The environment could not be made.
    """
    if manager == "local":
        if overrides:
            raise InvalidParameter("Requirements can be overridden in an environment of the model's own only.")
        return Path(sys.executable)
    wanted = wanted_environment(folder, overrides)
    text = json.dumps([manager, wanted.python, wanted.requirements, _conda_text(wanted) if manager == "conda" else ""])
    name = f"{manager}-{hashlib.sha256(text.encode()).hexdigest()[:20]}"
    root = environment_root()
    place = root / name
    root.mkdir(parents=True, exist_ok=True)
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / _DONE).exists():
            shutil.rmtree(place, ignore_errors=True)
            try:
                _MAKERS[manager](place, wanted, folder)
            except BaseException:
                shutil.rmtree(place, ignore_errors=True)  # half an environment would look like a whole one
                raise
            (place / _DONE).write_text(text)
    return place / "bin" / "python"


def environment_root() -> Path:
    """The folder that holds the environments."""
    given = settings.ENV_ROOT.get()
    return Path(given).absolute() if given else Path.home() / ".runyard" / "environments"


def _with_uv(place: Path, wanted: Wanted, folder: Path) -> None:
    uv = _program("uv", "pip install uv")
    _run([uv, "venv", "--quiet", "--python", wanted.python, str(place)], folder)
    listed = _listed(place, wanted)
    _run([uv, "pip", "install", "--quiet", "--python", str(place / "bin" / "python"), "-r", str(listed)], folder)


def _with_venv(place: Path, wanted: Wanted, folder: Path) -> None:
    _run([_python(wanted.python), "-m", "venv", str(place)], folder)
    _pip_install(place, wanted, folder)


def _with_conda(place: Path, wanted: Wanted, folder: Path) -> None:
    conda = _program("conda", "see docs.conda.io")
    if wanted.conda_file is None:
        raise InvalidParameter("The model has no conda.yaml. Use --env-manager uv or virtualenv.")
    _run([conda, "env", "create", "--quiet", "--prefix", str(place), "--file", str(wanted.conda_file)], folder)
    _pip_install(place, wanted, folder)


_MAKERS = {"uv": _with_uv, "virtualenv": _with_venv, "conda": _with_conda}


def _pip_install(place: Path, wanted: Wanted, folder: Path) -> None:
    python, listed = str(place / "bin" / "python"), _listed(place, wanted)
    _run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(listed)], folder)


def _listed(place: Path, wanted: Wanted) -> Path:
    path = place / "runyard-requirements.txt"
    path.write_text("\n".join([*wanted.requirements, ""]))
    return path


def _conda_text(wanted: Wanted) -> str:
    return "" if wanted.conda_file is None else wanted.conda_file.read_text()


def _python(version: str) -> str:
    """An interpreter of that version: this one, one on the path, or one that pyenv has."""
    minor = ".".join(version.split(".")[:2])
    if minor == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    found = shutil.which(f"python{minor}")
    if found is None:
        versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
        found = next((str(path / "bin" / "python") for path in sorted(versions.glob(f"{minor}.*"), reverse=True)), None)
    if found is None:
        raise InvalidParameter(
            f"The model asks for Python {version}, and there is no python{minor} here. Install it, or use "
            "--env-manager uv, which fetches it."
        )
    return found


def _program(name: str, how: str) -> str:
    """A program on the path, or beside the Python that runs."""
    beside = Path(sys.executable).parent / name
    found = shutil.which(name) or (str(beside) if beside.exists() else None)
    if found is None:
        raise InvalidParameter(f"--env-manager {name} needs the program {name!r}, which is not installed ({how}).")
    return found


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).strip().splitlines()[-_SHOWN_LINES:])
        raise RunyardException(f"The model's environment could not be made: {Path(command[0]).name} said: {said}")
