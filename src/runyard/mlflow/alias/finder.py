"""Finds Runyard's modules under MLflow's names: one module object under both, so that no state exists twice."""

import importlib
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING

import runyard
from runyard._missing import did_you_mean
from runyard.mlflow.finder import SameModule
from runyard.mlflow.reasons import REASONS, reason, reason_of_part

if TYPE_CHECKING:
    from importlib.metadata import Distribution, DistributionFinder


class AliasFinder:
    """What ``sys.meta_path`` asks for ``mlflow`` and everything below, and importlib.metadata for its version."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """How to load a module of MLflow's; None for other packages.

        Raises
        ------
        ModuleNotFoundError: Runyard has no such part; says why.
        """
        package, _, name = fullname.partition(".")
        if package != "mlflow":
            return None
        module = _module(name)
        spec = ModuleSpec(fullname, SameModule(module), origin=getattr(module, "__file__", None))
        # all are packages, so that `from mlflow.… import name` asks for missing names, and the error says why
        spec.submodule_search_locations = list(getattr(module, "__path__", ()))
        return spec

    def find_distributions(self, context: "DistributionFinder.Context | None" = None) -> "Iterable[Distribution]":
        """The metadata of ``mlflow`` and ``mlflow-skinny``; none where only certain folders are looked through."""
        if context is not None and context.path != sys.path:
            return ()
        from runyard.mlflow.alias.distribution import distributions  # noqa: PLC0415  (importlib.metadata is slow to load)

        return distributions(None if context is None else context.name)

    def invalidate_caches(self) -> None:
        """There is nothing to forget."""


def _module(dotted: str) -> ModuleType:
    """Runyard's module for a name below ``mlflow``: what the same attributes of `runyard` lead to.

    Raises
    ------
    ModuleNotFoundError: There is none.
    """
    module: ModuleType = runyard
    for part in dotted.split(".") if dotted else ():
        below = _attribute(module, part) or _submodule(module, part)
        if below is None:
            raise _missing(dotted)
        module = below
    return module


def _attribute(module: ModuleType, name: str) -> ModuleType | None:
    found = getattr(module, name, None)
    ours = isinstance(found, ModuleType) and found.__name__.partition(".")[0] == "runyard"
    return found if ours else None


def _submodule(module: ModuleType, name: str) -> ModuleType | None:
    """A submodule that its package does not offer as an attribute by itself."""
    full = f"{module.__name__}.{name}"
    if full.removeprefix("runyard.") in REASONS or not hasattr(module, "__path__"):
        return None
    try:
        return importlib.import_module(full)
    except ModuleNotFoundError as problem:
        if problem.name != full:
            raise
    return None


def _missing(dotted: str) -> ModuleNotFoundError:
    hint = did_you_mean(dotted, dir(runyard)).lstrip(". ") if "." not in dotted else ""
    why = reason_of_part(dotted) or reason(dotted) or f"it has no such module. {hint}".rstrip()
    name = f"mlflow.{dotted}"
    return ModuleNotFoundError(f"No module named {name!r}: 'mlflow' is Runyard here, and {why}", name=name)
