"""Libraries that are imported later: what waits for one is called back."""

import importlib.abc
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from runyard.autologging.reports import report_failure


class OnImport(importlib.abc.MetaPathFinder):
    """Calls back when a library has been imported."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[str, Callable[[], None]]] = {}

    def wait_for(self, library: str, call: Callable[[], None], purpose: str = "") -> None:
        """Call this once the library is imported; what was to be called for the same purpose before is forgotten.

        Parameters
        ----------
        library: The name of its module; it may be one inside of a package.
        """
        self._waiting.setdefault(library, {})[purpose] = call
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def now_or_then(self, library: str, call: Callable[[], None], purpose: str = "") -> None:
        """Call this now if the library is imported already, else once it is."""
        if library in sys.modules:
            call()
        else:
            self.wait_for(library, call, purpose)

    def forget(self, library: str, purpose: str = "") -> None:
        """Call nothing for this purpose when this library is imported."""
        self._waiting.get(library, {}).pop(purpose, None)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The library as the others find it, loaded so that we hear of it; None for anything else."""
        if fullname not in self._waiting:
            return None
        calls = list(self._waiting.pop(fullname).values())
        if not self._waiting and self in sys.meta_path:
            sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _TellingLoader(spec.loader, calls)
        return spec


class _TellingLoader(importlib.abc.Loader):
    """Loads a module as its own loader does, then calls back. Everything else is the own loader's business."""

    def __init__(self, loader: Any, calls: Sequence[Callable[[], None]]) -> None:
        self._loader = loader
        self._calls = calls

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """What the own loader makes."""
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Run the module, then call back. A failure of ours does not become the import's."""
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        for call in self._calls:
            try:
                call()
            except Exception as problem:  # noqa: BLE001  (an edge: the library must be importable whatever we do)
                report_failure(module.__name__, "the import", problem)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


on_import = OnImport()
