"""Environments of their own for tests: real clients and libraries that must not meet our dependencies.

`python -m tests.support.environments` makes those of `make test`; a test asks for one with `environment("mlflow3")`.
Those of `tests.support.families` are made when their tests are run. All are under `.venvs/`, or in the folder that
RUNYARD_TEST_ENVIRONMENTS names, and made again when their requirements change.
"""

import fcntl
import os
import shutil
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

from tests.support import families
from tests.support.uv import uv

ROOT = Path(__file__).resolve().parents[2]
GIVEN = os.environ.get("RUNYARD_TEST_ENVIRONMENTS")
FOLDER = Path(GIVEN or ROOT / ".venvs")

_MODELS = tuple(f"{name}=={version(name)}" for name in ("scikit-learn", "skops", "cloudpickle", "numpy"))
"""What pickled models need: the versions are ours, since other ones may not read them."""

BASE = "base"
"""What Runyard needs without extras, and nothing else."""

_WITHOUT_DEPENDENCIES = {"exporting": ("mlflow-export-import==1.2.0",)}
"""Name of an environment → what is installed without its dependencies, such as the whole of mlflow."""

REQUIREMENTS: dict[str, tuple[str, ...]] = {
    BASE: tuple(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]),
    "exporting": (
        "mlflow-skinny==3.17.2",
        "pandas>=2.2",
        "requests>=2.32,<3",
        "tabulate>=0.9,<1",
        "msgspec>=0.19,<1",
        "orjson>=3.10,<4",
        "urllib3>=2.2,<3",
    ),
    "mlflow2": ("mlflow-skinny==2.22.5", "pandas>=2.2,<3", "setuptools<81", *_MODELS),
    "mlskinny3": ("mlflow-skinny==3.17.2", "pandas>=2.2", "boto3>=1.36,<2", *_MODELS),
}
"""Name of an environment → what is installed in it. The versions are those the references were taken from."""


def environment(name: str) -> Path:
    """The Python interpreter of an environment, made now when it is not there yet.

    Processes that ask at the same time wait for the one that makes it.
    """
    folder = FOLDER / name
    python = folder / "bin" / "python"
    if GIVEN and python.exists():
        return python
    alone = _WITHOUT_DEPENDENCIES.get(name, ())
    requirements = families.requirements(name) if name in families.FAMILIES else REQUIREMENTS[name]
    wanted = "\n".join((*requirements, *alone))
    stamp = folder / "requirements.txt"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            shutil.rmtree(folder, ignore_errors=True)
            uv("venv", *(() if name == BASE else ("--seed",)), "--python", sys.executable, folder)
            uv("pip", "install", "--python", python, *requirements)
            if alone:
                uv("pip", "install", "--python", python, "--no-deps", *alone)
            stamp.write_text(wanted)
    return python


def make_all() -> None:
    """Make those of `make test`, or wait for the one who makes them: a test that waits might take too long."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(environment, REQUIREMENTS))


if __name__ == "__main__":
    make_all()
