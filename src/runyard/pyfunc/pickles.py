"""Pickles of Python models, with MLflow's names in them for what is ours: either loads what the other saved."""

import importlib
import pickle
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, BinaryIO

from runyard.core.libraries import required
from runyard.exceptions import InvalidParameter
from runyard.models.loading import OUR_PACKAGE, THEIR_PACKAGE
from runyard.models.unpickler import ModelUnpickler
from runyard.pyfunc.model import PythonModel

_SHARED = ("mlflow.pyfunc.model", "mlflow.pyfunc")
"""Where MLflow's pickles look for the classes we share."""
_CLASSES = ("PythonModel", "PythonModelContext", "_FunctionPythonModel")
_DUMPING = threading.Lock()


def dump(python_model: Any, file: BinaryIO) -> None:
    """Pickle a Python model with cloudpickle.

    Raises
    ------
    InvalidParameter: It holds what cannot be pickled.
    MissingPackage: cloudpickle is not installed.
    """
    cloudpickle = required("cloudpickle", "Saving Python models")

    class Pickler(cloudpickle.CloudPickler):  # type: ignore[misc, name-defined]
        def reducer_override(self, obj: Any) -> Any:
            if isinstance(obj, ModuleType) and _is_ours(obj.__name__):
                return importlib.import_module, (THEIR_PACKAGE + obj.__name__.removeprefix(OUR_PACKAGE),)
            return super().reducer_override(obj)

    try:
        with _under_their_names():
            Pickler(file).dump(python_model)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as problem:
        raise InvalidParameter(
            f"The Python model cannot be pickled: {problem}. Make what it holds in load_context, or save a script "
            "with set_model."
        ) from problem


@contextmanager
def _under_their_names() -> Iterator[None]:
    """Meanwhile our classes say that they are MLflow's, and MLflow's modules are ours: pickling checks both."""
    ours = importlib.import_module("runyard.pyfunc.model")
    classes = [getattr(ours, name) for name in _CLASSES]
    with _DUMPING:
        homes = [(kind, kind.__module__) for kind in classes]
        missing = object()
        before = {name: sys.modules.get(name, missing) for name in _SHARED}
        for kind in classes:
            kind.__module__ = _SHARED[0]
        sys.modules.update(dict.fromkeys(_SHARED, ours))
        before[THEIR_PACKAGE] = sys.modules.get(THEIR_PACKAGE, missing)
        sys.modules.setdefault(THEIR_PACKAGE, ours)  # pickling imports the parents too
        try:
            yield
        finally:
            for kind, home in homes:
                kind.__module__ = home
            for name, module in before.items():
                if module is missing:
                    del sys.modules[name]
                else:
                    sys.modules[name] = module  # type: ignore[assignment]


def load(file: BinaryIO) -> Any:
    """The object in a pickle. That runs the code in it: only load models of people you trust."""
    return _Unpickler(file).load()


class _Unpickler(ModelUnpickler):
    """Takes MLflow's names for ours; what we do not have is looked for where they say."""

    def is_for_itself(self, kind: type) -> bool:
        """A model's own class: its code was stored with the model, and may be another here and now."""
        return issubclass(kind, PythonModel)

    def find_class(self, module: str, name: str) -> Any:
        if name in ("import_module", "subimport") and module in ("importlib", "cloudpickle.cloudpickle", "cloudpickle"):
            return _imported
        if module == THEIR_PACKAGE or module.startswith(f"{THEIR_PACKAGE}."):
            try:
                found: Any = _imported(module)
                for part in name.split("."):
                    found = getattr(found, part)
            except (ImportError, AttributeError):
                return super().find_class(module, name)
            return found
        return super().find_class(module, name)


def _imported(name: str) -> ModuleType:
    """A module; ours for MLflow's, where we have it."""
    if name == THEIR_PACKAGE or name.startswith(f"{THEIR_PACKAGE}."):
        try:
            return importlib.import_module(OUR_PACKAGE + name.removeprefix(THEIR_PACKAGE))
        except ImportError:
            pass
    return importlib.import_module(name)


def _is_ours(name: str) -> bool:
    return name == OUR_PACKAGE or name.startswith(f"{OUR_PACKAGE}.")
