"""Libraries that are too heavy for everyone: families of them, each with an environment in which its tests run.

`python -m tests.support.families` runs the tests of all families, `python -m tests.support.families boost` those of
one; what follows `--` goes to pytest. An environment has the libraries, a real mlflow, and what the suite itself needs.
The folders of a family are left out of all other runs of pytest.
"""

import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = "RUNYARD_TEST_FAMILY"
CONTRACT = "flavors/test_contract.py"
BESIDE_MLFLOW, PAGES = "flavors/test_beside_mlflow.py", "flavors/test_pages.py"
"""The tests that hold for every flavor: each run takes those of its own flavors."""
_TOOLS = ("pytest", "hypothesis", "jsonschema-rs")
"""What the suite needs everywhere, of the extra ``dev``."""


@dataclass(frozen=True)
class Family:
    """Libraries that are installed together.

    Attributes
    ----------
    requirements: The libraries.
    folders: Below `tests`, the folders whose tests need them; a flavor's folder has its name.
    warnings: Of the libraries themselves, which are not errors in their tests, as pytest's filters write them.
    pages: Of `web/docs/guides`, those whose examples need them; a flavor's page has its name.
    """

    requirements: tuple[str, ...]
    folders: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()


_OF_KERAS = ("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning",)
_OF_PROPHET = tuple(
    f"ignore:The {keyword} keyword in {place}:DeprecationWarning"
    for keyword, place in (("inplace", "DataFrame"), ("'convert_dates'", "read_json"))
)

FAMILIES = {
    "boost": Family(
        (
            "catboost==1.2.10",
            "lightgbm==4.7.0",
            "onnx==1.23.2",
            "onnxruntime==1.32.0",
            "skl2onnx==1.20.0",
            "statsmodels==0.15.0",
            "xgboost-cpu==3.2.0",
        ),
        ("catboost", "lightgbm", "onnx", "statsmodels", "xgboost"),
    ),
    "ecosystem": Family(
        (
            "dagster-mlflow==0.29.27",
            "darts==0.48.1",
            "distributed>=2024.8",
            "flaml==2.7.0",
            "hydra-core==1.3.2",
            "hydra-joblib-launcher==1.2.0",
            "ipykernel>=6.29",
            "kedro==1.7.0",
            "kedro-datasets>=9",
            "kedro-mlflow==2.0.3",
            "lightgbm==4.7.0",
            "nbclient>=0.10",
            "ray[tune]==2.60.0",
            "sktime==1.2.0",
            "xgboost-cpu==3.2.0",
        ),
        ("ecosystem",),
    ),
    "jax": Family(
        ("jax==0.10.2", "keras==3.15.1"),
        ("keras_backends",),
        _OF_KERAS,
    ),
    "rest": Family(
        ("prophet==1.5.0", "spacy==3.8.18"),
        ("prophet", "spacy"),
        _OF_PROPHET,
    ),
    "tf": Family(
        ("tensorflow-cpu==2.21.0", "keras==3.15.1", "tensorboard==2.21.0"),
        ("keras", "tensorflow"),
        _OF_KERAS,
    ),
    "spark": Family(
        ("pyspark==4.2.1", "pyarrow==25.0.1"),
        ("scoring/spark", "spark"),
    ),
    "engines": Family(
        ("distributed>=2024.8", "ray==2.60.0", "pyarrow==25.0.1"),
        ("scoring/dask", "scoring/ray"),
        pages=("scoring",),
    ),
    "torch": Family(
        (
            "torch==2.13.0",
            "accelerate==1.15.0",
            "keras==3.15.1",
            "lightning==2.6.6",
            "optuna==5.0.0",
            "optuna-integration==5.0.0",
            "skorch==1.4.0",
            "sentence-transformers==6.2.0",
            "tensorboard==2.21.0",
            "transformers==5.17.0",
        ),
        ("keras_backends", "pytorch", "loggers", "transformers", "sentence_transformers"),
        _OF_KERAS,
    ),
}


def current() -> str:
    """The family whose environment this is; empty in the one of `make test`."""
    return os.environ.get(VARIABLE, "")


def folders_of_others(family: str) -> list[str]:
    """What does not run in a family's environment, by the path below `tests`."""
    own = FAMILIES[family].folders if family else ()
    others = [folder for one in FAMILIES.values() for folder in one.folders if folder not in own]
    return others if family else [BESIDE_MLFLOW, PAGES, *others]


def is_flavor(folder: str) -> bool:
    """Whether a folder of tests is that of a flavor."""
    return (ROOT / "src" / "runyard" / folder / "declared.py").exists()


def requirements(family: str) -> tuple[str, ...]:
    """What is installed in a family's environment."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    tools = [line for line in project["optional-dependencies"]["dev"] if line.startswith(_TOOLS)]
    extras = (line for extra in ("ml", "s3", "postgres") for line in project["optional-dependencies"][extra])
    base = (*project["dependencies"], *extras, *tools)
    return ("mlflow==3.17.2", *FAMILIES[family].requirements, *base)


def main(arguments: list[str]) -> int:
    """Run the tests of these families, or of all; 1 if any of them fails."""
    from tests.support.environments import environment  # noqa: PLC0415  (it reads the table above)

    names, options = divided(arguments)
    names, failed = names or list(FAMILIES), []
    with ThreadPoolExecutor(1) as pool:  # makes the next environments, which waits for packages, while tests run
        made = {name: pool.submit(environment, name) for name in names}
        for name in names:
            began = time.monotonic()
            codes = [_run(name, made[name].result(), folders, options) for folders in _runs(FAMILIES[name])]
            sys.stdout.write(f"family {name}: {'failed' if any(codes) else 'passed'} in {_minutes(began)}\n")
            sys.stdout.flush()
            failed += [name] if any(codes) else []
    return 1 if failed else 0


def divided(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """The names of families, and the options for pytest behind ``--``."""
    end = [*arguments, "--"].index("--")
    return arguments[:end], arguments[end + 1 :]


def _runs(family: Family) -> list[list[str]]:
    """Flavors with what holds for every flavor, and apart from these the other folders: Spark has one session."""
    flavors = [folder for folder in family.folders if is_flavor(folder)]
    others = [folder for folder in family.folders if folder not in flavors]
    for_every = [CONTRACT, BESIDE_MLFLOW, PAGES] if flavors else [PAGES] if family.pages else []
    return [paths for paths in ([*for_every, *flavors], others) if paths]


def _run(family: str, python: Path, folders: Sequence[str], options: Sequence[str]) -> int:
    paths = [ROOT / "tests" / folder for folder in folders]
    done = subprocess.run(
        [python, "-m", "pytest", *(options or ["-n", "2", "--dist", "loadfile", "-q"]), *paths],
        cwd=ROOT,
        env={**os.environ, VARIABLE: family, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])},
        check=False,
    )
    return done.returncode


def _minutes(began: float) -> str:
    minutes, seconds = divmod(int(time.monotonic() - began), 60)
    return f"{minutes} min {seconds} s"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
