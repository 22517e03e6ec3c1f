"""Finds modules under the names that MLflow gives them, by the table of names."""

import importlib
import importlib.abc
from importlib.machinery import ModuleSpec
from types import ModuleType

from runyard._lazy import on_first_use
from runyard.mlflow.names import HOMES, home_of, homes_in


def spec_of(fullname: str) -> ModuleSpec | None:
    """How to load ``runyard.a.b``, which is a module in MLflow but not in Runyard; None when the table lacks it."""
    name = fullname.removeprefix("runyard.")
    module, _, attribute = (home_of(name) or ":").partition(":")
    if module and not attribute:
        return ModuleSpec(fullname, SameModule(importlib.import_module(module)))
    if name not in HOMES and homes_in(name):
        return ModuleSpec(fullname, _ModuleOfNames(), is_package=True)
    return None


class SameModule(importlib.abc.Loader):
    """Gives a module that is loaded already. The import system writes its spec into it; the module's own comes back."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        spec = module.__spec__
        self._spec: ModuleSpec | None = spec.loader._spec if spec and isinstance(spec.loader, SameModule) else spec

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module itself."""
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """Undo what the import system changed."""
        module.__spec__ = self._spec


class _ModuleOfNames(importlib.abc.Loader):
    """Makes a module of the names that the table has in it."""

    def exec_module(self, module: ModuleType) -> None:
        """Let its names load on first use."""
        homes = homes_in(module.__name__.removeprefix("runyard."))
        vars(module)["__all__"] = list(homes)
        vars(module)["__getattr__"], vars(module)["__dir__"] = on_first_use(module.__name__, homes)
