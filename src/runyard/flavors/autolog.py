"""``runyard.autolog()``: automatic logging for every library that is or will be imported."""

import functools
import importlib.abc
import importlib.util
import inspect
import sys
from collections.abc import Callable, Collection, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from runyard.autologging.integrations import AUTOLOGGING_INTEGRATIONS, EVERYWHERE, GLOBALLY_CONFIGURED
from runyard.autologging.reports import report_failure
from runyard.autologging.uncovered import UNCOVERED
from runyard.core.listed import listed

LIBRARIES = {"sklearn": "runyard.sklearn"}
"""A library's module → ours that has its `autolog`."""


def autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    log_traces: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    extra_tags: dict[str, str] | None = None,
    exclude_flavors: list[str] | None = None,
) -> None:
    """Log trainings automatically, for all libraries known: those imported already, and others when they are.

    A library whose own `autolog` was called keeps the options given there. Libraries that MLflow watches and Runyard
    does not cause one warning each, if the program imports them.

    Parameters
    ----------
    log_input_examples: Keep a few rows of the training data with the model.
    log_model_signatures: Keep the types of the model's inputs and outputs.
    log_models: Log the trained model.
    log_datasets: Note the data as inputs of the run.
    log_traces: Taken for compatibility; there are no traces.
    disable: Stop logging automatically.
    exclusive: Leave runs alone that the program started itself.
    disable_for_unsupported_versions: Do nothing for versions of a library that were not tested.
    silent: Log nothing on stderr, not even failures.
    extra_tags: Tags for the runs that are started.
    exclude_flavors: Libraries to leave out, such as ``["sklearn"]``.

    Raises
    ------
    InvalidParameter: `extra_tags` is not a dictionary.
    """
    options = {
        "log_input_examples": log_input_examples,
        "log_model_signatures": log_model_signatures,
        "log_models": log_models,
        "log_datasets": log_datasets,
        "disable": disable,
        "exclusive": exclusive,
        "disable_for_unsupported_versions": disable_for_unsupported_versions,
        "silent": silent,
        "extra_tags": extra_tags,
    }
    for library, ours in LIBRARIES.items():
        if library in listed(exclude_flavors):
            continue
        if library in sys.modules:
            _enable(library, ours, options)
        else:
            _on_import.wait_for(library, functools.partial(_enable, library, ours, options))
    AUTOLOGGING_INTEGRATIONS[EVERYWHERE] = {**options, "log_traces": log_traces, "exclude_flavors": exclude_flavors}
    _warn_of_uncovered(enabled=not (disable or silent), left_out=listed(exclude_flavors))


def _enable(library: str, ours: str, options: dict[str, Any]) -> None:
    own = AUTOLOGGING_INTEGRATIONS.get(library)
    if own is not None and not own.get(GLOBALLY_CONFIGURED):
        return
    enable = importlib.import_module(ours).autolog
    known = inspect.signature(enable).parameters
    enable(**{name: value for name, value in options.items() if name in known})
    AUTOLOGGING_INTEGRATIONS[library][GLOBALLY_CONFIGURED] = True


def _warn_of_uncovered(*, enabled: bool, left_out: Collection[str]) -> None:
    for library, uncovered in UNCOVERED.items():
        if not enabled or {library, uncovered.flavor} & set(left_out):
            _on_import.forget(library)
        elif library in sys.modules:
            uncovered.warn()
        else:
            _on_import.wait_for(library, uncovered.warn)


class _OnImport(importlib.abc.MetaPathFinder):
    """Calls back when a library has been imported."""

    def __init__(self) -> None:
        self._waiting: dict[str, Callable[[], None]] = {}

    def wait_for(self, library: str, call: Callable[[], None]) -> None:
        """Call this once the library is imported; what was to be called before is forgotten."""
        self._waiting[library] = call
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def forget(self, library: str) -> None:
        """Call nothing when this library is imported."""
        self._waiting.pop(library, None)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The library as the others find it, loaded so that we hear of it; None for anything else."""
        if fullname not in self._waiting:
            return None
        call = self._waiting.pop(fullname)
        if not self._waiting and self in sys.meta_path:
            sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _TellingLoader(spec.loader, call)
        return spec


class _TellingLoader(importlib.abc.Loader):
    """Loads a module as its own loader does, then calls back. Everything else is the own loader's business."""

    def __init__(self, loader: Any, call: Callable[[], None]) -> None:
        self._loader = loader
        self._call = call

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """What the own loader makes."""
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Run the module, then call back. A failure of ours does not become the import's."""
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        try:
            self._call()
        except Exception as problem:  # noqa: BLE001  (an edge: the library must be importable whatever we do)
            report_failure(module.__name__, "the import", problem)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


_on_import = _OnImport()
