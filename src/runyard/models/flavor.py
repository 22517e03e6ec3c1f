"""What a flavor declares of itself: enough to find it, to load its models natively, and to test it."""

import importlib
from dataclasses import dataclass
from types import ModuleType


@dataclass(frozen=True)
class Flavor:
    """A kind of model.

    Attributes
    ----------
    name: Its key in MLmodel files.
    module: The module with ``save_model``, ``log_model``, ``load_model`` and, for pyfunc, ``_load_pyfunc``.
    loader_module: How ``python_function`` names that module, such that MLflow finds its own.
    library: The package it is for, as pip names it; empty for none.
    """

    name: str
    module: str
    loader_module: str
    library: str

    def load(self) -> ModuleType:
        """Its module."""
        return importlib.import_module(self.module)
