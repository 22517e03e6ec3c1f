"""Lightning, which is published as two packages: ``lightning`` and, under its old name, ``pytorch_lightning``."""

import importlib
import sys
from contextlib import suppress
from types import ModuleType
from typing import Any

from runyard.core.libraries import base_class, required

PACKAGES = ("lightning.pytorch", "pytorch_lightning")


def installed_package() -> ModuleType:
    """The one that the program uses; the first of those installed when it has imported none.

    Raises
    ------
    MissingPackage: None is installed.
    """
    found = next((sys.modules[name] for name in PACKAGES if name in sys.modules), None)
    if found is not None:
        return found
    for name in PACKAGES:
        with suppress(ImportError):
            return importlib.import_module(name)
    return required(PACKAGES[0], "Lightning's callbacks")  # type: ignore[no-any-return]


def callback_class() -> Any:
    """The class of its callbacks, to derive from whether Lightning is installed or not."""
    return base_class(lambda: installed_package().Callback)


def is_of(thing: Any, name: str) -> bool:
    """Whether an object is of Lightning's class of this name, or of one derived from it, of either package."""
    return _package_with(thing, name) != ""


def package_of(trainer: Any) -> ModuleType:
    """The package that a trainer is of."""
    return importlib.import_module(_package_with(trainer, "Trainer") or installed_package().__name__)


def _package_with(thing: Any, name: str) -> str:
    bases = (base.__module__ for base in type(thing).__mro__ if base.__name__ == name)
    return next((package for module in bases for package in PACKAGES if f"{module}.".startswith(f"{package}.")), "")
