"""Import errors that help: for MLflow's names, misspelt names, and modules that an extra installs.

Standard library only.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # type checkers take the name for true; importing typing would be most of the cost of runyard
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from importlib.machinery import ModuleSpec
    from typing import Protocol

    class Mlflow(Protocol):
        """What is asked of the package for MLflow's names, `runyard.mlflow`, which is above everything."""

        def spec_of(self, fullname: str, /) -> ModuleSpec | None:
            """How to load a module that only MLflow has under this name."""

        def home_of(self, name: str, /) -> str | None:
            """Where the module or name is that only MLflow has under this name, as a lazy table says it."""

        def homes_in(self, module: str, /) -> Mapping[str, str]:
            """Names that only MLflow has in a module."""

        def reason(self, name: str, /) -> str | None:
            """Why a name of MLflow's is missing."""

        def reason_of_part(self, name: str, /) -> str | None:
            """Why names are missing from the part that this one is in."""

        def reason_for_method(self, name: str, /) -> str | None:
            """Why the client lacks a method of MLflow's."""

        def install(self, quiet: bool = False) -> None:
            """Let ``import mlflow`` give Runyard in this process."""

        def is_installed(self) -> bool:
            """Whether it does."""

        def variables_of_programs(self, mode: str) -> dict[str, str]:
            """The variables that let it do so in the programs that this process starts."""


_mlflow: list[Callable[[], Mlflow]] = []

EXTRAS = {
    "PIL": ("pillow", "ml"),
    "boto3": ("boto3", "s3"),
    "botocore": ("boto3", "s3"),
    "catboost": ("catboost", "catboost"),
    "cloudpickle": ("cloudpickle", "ml"),
    "dask": ("distributed", "dask"),
    "distributed": ("distributed", "dask"),
    "fsspec": ("fsspec", "fsspec"),
    "joblib": ("scikit-learn", "ml"),
    "keras": ("keras", "keras"),
    "lightgbm": ("lightgbm", "lightgbm"),
    "lightning": ("lightning", "lightning"),
    "matplotlib": ("matplotlib", "ml"),
    "numpy": ("numpy", "ml"),
    "onnx": ("onnx", "onnx"),
    "onnxruntime": ("onnxruntime", "onnx"),
    "opentelemetry": ("opentelemetry-sdk", "opentelemetry"),
    "pandas": ("pandas", "ml"),
    "prophet": ("prophet", "prophet"),
    "psycopg": ("psycopg", "postgres"),
    "pyarrow": ("pyarrow", "parquet"),
    "pyspark": ("pyspark", "spark"),
    "pytorch_lightning": ("lightning", "lightning"),
    "ray": ("ray", "ray"),
    "scipy": ("scikit-learn", "ml"),
    "sentence_transformers": ("sentence-transformers", "sentence-transformers"),
    "shap": ("shap", "ml"),
    "sklearn": ("scikit-learn", "ml"),
    "skops": ("skops", "ml"),
    "spacy": ("spacy", "spacy"),
    "statsmodels": ("statsmodels", "statsmodels"),
    "tensorflow": ("tensorflow", "tensorflow"),
    "torch": ("torch", "pytorch"),
    "transformers": ("transformers", "transformers"),
    "xgboost": ("xgboost", "xgboost"),
}
"""Top-level module → the package it comes with, and the extra that installs it."""

importing = {"importlib._bootstrap", "importlib"}
"""Modules that carry out the imports of others. One that replaces ``__import__`` adds its name."""


def register_mlflow(load: Callable[[], Mlflow]) -> None:
    """Say how the package for MLflow's names is loaded. `runyard` does."""
    _mlflow[:] = [load]


def mlflow() -> Mlflow:
    """The package for MLflow's names, loaded when it is first needed."""
    return _mlflow[0]()


_GUIDE = "What MLflow has and Runyard lacks stands in the guide 'Moving from MLflow', with what to use meanwhile."


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message about a missing name: the most similar known name, if any."""
    from difflib import get_close_matches  # noqa: PLC0415  (only when something went wrong)

    by_case = {each.lower(): each for each in known if not each.startswith("_")}
    near = get_close_matches(name.lower(), by_case, n=1, cutoff=0.75)
    return f". Did you mean {by_case[near[0]]!r}?" if near else ""


def lacking(plain: str, package: str, name: str) -> str:
    """The message for a name that a module of ours does not have: the reason, or a similar name.

    Parameters
    ----------
    plain: What it says when neither is known.
    """
    below = f"{package}.{name}".removeprefix("runyard.").removeprefix("mlflow.")
    why, hint = mlflow().reason(below), ""
    if not why:
        hint = did_you_mean(name, dir(sys.modules[package]))
        why = None if hint else mlflow().reason_of_part(below)
    return f"runyard.{below} is not in this version of Runyard: {why}" if why else f"{plain}{hint}"


class Lacking:
    """What an error says about a name that a module of ours does not have; found out when it is read.

    Much code only tries names: ``hasattr``, and `pickle` where it looks for the module of a function.
    """

    def __init__(self, plain: str, package: str, name: str) -> None:
        self._about = plain, package, name

    def __str__(self) -> str:
        """The message."""
        return lacking(*self._about)

    def __repr__(self) -> str:
        """The message as a literal."""
        return repr(str(self))


class MissingModules:
    """The last finder in ``sys.meta_path``: raises a helpful error for modules that we know."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """A module that MLflow has under this name; else None, or the error that helps.

        Raises
        ------
        MissingPackage: Code of ours imports it, and an extra of ours installs it.
        ModuleNotFoundError: A module or name is imported that a module of ours lacks.
        """
        package, _, name = fullname.rpartition(".")
        if package.partition(".")[0] == "runyard":
            if spec := mlflow().spec_of(fullname):
                return spec
            if package in sys.modules and not _importer().startswith(("runyard", "importlib")):
                plain = f"There is no {name!r} in {package}"
                why = lacking(plain, package, name)
                # not under its own name: the import system keeps that to itself in `from runyard import …`
                raise ModuleNotFoundError(f"{plain}. {_GUIDE}" if why == plain else why, name=package)
        elif fullname in EXTRAS and _importer().startswith("runyard."):
            from runyard.exceptions import MissingPackage  # noqa: PLC0415  (only when something went wrong)

            raise MissingPackage(*EXTRAS[fullname], "This", module=fullname)
        return None


def _importer() -> str:
    """The module whose import statement (or `import_module`) is being carried out; one of importlib's if none is."""
    frame = sys._getframe(2)
    if frame.f_globals.get("__name__") != "importlib._bootstrap":
        return "importlib"
    while frame.f_back and frame.f_globals.get("__name__") in importing:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__", "__main__"))


sys.meta_path.append(MissingModules())
