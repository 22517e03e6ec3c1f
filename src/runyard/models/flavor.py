"""What a flavor declares of itself: enough to find it, to load its models natively, and to test it."""

import importlib
from dataclasses import dataclass
from types import ModuleType

from runyard.models.environment.requirements import pinned


@dataclass(frozen=True)
class Flavor:
    """A kind of model.

    Attributes
    ----------
    name: Its key in MLmodel files.
    module: The module with ``save_model``, ``log_model``, ``load_model`` and, for pyfunc, ``_load_pyfunc``.
    loader_module: How ``python_function`` names that module, such that MLflow finds its own.
    library: The package it is for, as pip names it; empty for none.
    imported_as: The library's module, as ``import`` names it; empty for none.
    version_key: Where its settings in MLmodel have the version of the library; empty for nowhere.
    packages: What else its models need in any case, as pip names it.
    """

    name: str
    module: str
    loader_module: str
    library: str
    imported_as: str = ""
    version_key: str = ""
    packages: tuple[str, ...] = ()

    def load(self) -> ModuleType:
        """Its module."""
        return importlib.import_module(self.module)

    @property
    def requirements(self) -> tuple[str, ...]:
        """What any of its models needs, as pip names it."""
        return tuple(filter(None, (self.library, *self.packages)))

    @property
    def version(self) -> str:
        """The version of the library that is installed, without labels such as ``+cpu``."""
        return pinned(self.library).partition("==")[2]
