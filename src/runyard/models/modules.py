"""Modules of models: each loaded model imports its own, even if other modules have the same name.

Python knows one module of a name. Here ``import`` depends on the caller: code of a model gets the model's own modules,
all other code gets what it would get without the model. As long as nothing else has its names, a model's modules are
ordinary ones that everybody can import, so that objects of its classes can be pickled and sent to other processes.
"""

import builtins
import hashlib
import importlib
import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.machinery import ModuleSpec, PathFinder, all_suffixes
from pathlib import Path
from types import ModuleType
from typing import Any
from weakref import WeakValueDictionary

from runyard._missing import importing
from runyard.exceptions import RunyardException

_MARK = "__runyard_model__"
"""The global of a model's code that says whose it is."""
_NEVER_OWN = frozenset(("__main__", "__pycache__", "runyard", "mlflow"))

_lock = threading.RLock()
"""Held while ``sys.modules`` is changed and while modules are imported; never while a model's own functions run."""
_current: ContextVar["OwnModules | None"] = ContextVar("modules of the model whose code runs", default=None)
_known: WeakValueDictionary[str, "OwnModules"] = WeakValueDictionary()
_names: set[str] = set()
"""What any model has brought."""
_public: list["OwnModules"] = []
_in_use: list["OwnModules"] = []
_displaced: dict[str, ModuleType] = {}
"""The modules of all other code under the names of the model's modules."""
_shown: "OwnModules | None" = None

_plain_import = builtins.__import__
_plain_import_module = importlib.import_module


class OwnModules:
    """The modules in the code folder of a model.

    Attributes
    ----------
    folder: That folder.
    names: What can be imported from it.
    is_public: Nothing else has these names, so that everybody imports them as ordinary modules.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.names = frozenset(filter(None, map(_module_in, folder.iterdir())))
        self.is_public = False
        self._modules: dict[str, ModuleType] = {}

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Meanwhile the model is loaded."""
        try:
            with self.in_use():
                yield
        finally:
            with _lock:
                if self.is_public:
                    self._mark(_of_names(self.names))

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Meanwhile code of the model runs: what it imports is its own, wherever that code is from.

        What looks modules up by their names, such as pickle and the readers of type hints, finds its own too; unless
        another thread began to use a model with modules of these names, when it finds that model's.
        """
        token = _current.set(self)
        with _lock:
            _in_use.append(self)
            _show(self)
        try:
            yield
        finally:
            with _lock:
                _in_use.remove(self)
                _show(_in_use[-1] if _in_use else None)
            _current.reset(token)

    def named(self, name: str) -> ModuleType:
        """One of its modules, imported now when it was not."""
        return self._ready(name, ("",)) or _on_behalf_of(self, lambda: _plain_import_module(name))

    def adopt(self, namespace: dict[str, Any]) -> None:
        """Take code for the model's own: what that imports later is the model's too."""
        namespace[_MARK] = self

    def _ready(self, name: str, wanted: Sequence[str]) -> ModuleType | None:
        """What an import gives when there is nothing to import any more; the top of a dotted name if nothing of it is
        wanted."""
        found = self._modules.get(name)
        if self.is_public or found is None or getattr(found.__spec__, "_initializing", False):
            return None
        if not wanted:
            return self._modules.get(name.partition(".")[0])
        return found if all(not one or hasattr(found, one) for one in wanted) else None

    def _mark(self, modules: Mapping[str, ModuleType]) -> None:
        for module in modules.values():
            self.adopt(module.__dict__)

    def _take_out(self) -> None:
        """Take its modules out of ``sys.modules``, where they are shown."""
        self._modules = _of_names(self.names)
        self._mark(self._modules)
        for name in self._modules:
            del sys.modules[name]

    def _publish(self) -> None:
        sys.path.append(self.folder)
        self.is_public = True
        _public.append(self)

    def _withdraw(self) -> None:
        """Something else has one of the names now: they are the model's alone from here on."""
        _public.remove(self)
        self.is_public = False
        if self.folder in sys.path:
            sys.path.remove(self.folder)
        self._take_out()


def own_modules(folder: Path, identity: bytes) -> OwnModules:
    """The modules in a model's code folder. A model that is loaded again has the same ones.

    Parameters
    ----------
    identity: Identifies the model.
    """
    digest = hashlib.sha256(identity)
    for file in sorted(folder.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(str(file.relative_to(folder)).encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    with _lock:
        found = _known.get(digest.hexdigest())
        if found is None:
            found = _known[digest.hexdigest()] = OwnModules(folder)
            _watch(found.names)
            before = _shown
            _show(None)
            if not any(_is_taken(name) for name in found.names):
                found._publish()
            _show(before)
    return found


def current() -> OwnModules | None:
    """The modules of the model whose code runs here."""
    return _current.get()


def _module_in(entry: Path) -> str:
    """The name that a file or folder can be imported by; empty for others."""
    name = entry.name
    if entry.is_dir():
        is_code = name.isidentifier() and any(entry.rglob(f"*{suffix}") for suffix in all_suffixes())
    else:
        name = next((name.removesuffix(suffix) for suffix in all_suffixes() if name.endswith(suffix)), "")
        is_code = name.isidentifier()
    return name if is_code and name not in _NEVER_OWN else ""


def _of_names(names: frozenset[str]) -> dict[str, ModuleType]:
    return {name: module for name, module in list(sys.modules.items()) if name.partition(".")[0] in names}


def _is_taken(name: str) -> bool:
    """Whether there is anything else of this name, imported or not."""
    return name in sys.modules or any(name in one.names for one in _public) or _is_elsewhere(name)


def _is_elsewhere(name: str) -> bool:
    """Whether it could be imported if there were no models."""
    theirs = {one.folder for one in _public}
    for finder in sys.meta_path:
        if isinstance(finder, _Finder) or not hasattr(finder, "find_spec"):
            continue
        places = [place for place in sys.path if place not in theirs] if finder is PathFinder else None
        try:
            if finder.find_spec(name, places) is not None:
                return True
        except (ImportError, RunyardException):  # a finder that says what to install
            continue
    return False


def _show(owner: OwnModules | None) -> None:
    """Let ``sys.modules`` have a model's own modules under its names; or what everybody has."""
    global _shown
    wanted = None if owner is None or owner.is_public else owner
    if _shown is wanted:
        return
    if _shown is not None:
        _shown._take_out()
        sys.modules.update(_displaced)
        _displaced.clear()
    if wanted is not None:
        _displaced.update(_of_names(wanted.names))
        for name in _displaced:
            del sys.modules[name]
        sys.modules.update(wanted._modules)
    _shown = wanted


def _on_behalf_of(owner: OwnModules | None, do: Callable[[], Any]) -> Any:
    """Import something for a model's code, or for code outside of models."""
    token = _current.set(owner)
    try:
        with _lock:
            before = _shown
            _show(owner)
            try:
                return do()
            finally:
                _show(before)
    finally:
        _current.reset(token)


def _asking(namespace: Mapping[str, Any] | None, top: str) -> OwnModules | None:
    """The owner of the module that code with these globals imports."""
    for owner in ((namespace or {}).get(_MARK), _current.get()):
        if owner is not None and top in owner.names:
            return owner
    return None


def _give_way(top: str) -> None:
    """Code that is not a model's wants a module: a model's is not in its way, if there is another."""
    for owner in [one for one in _public if top in one.names]:
        if _is_elsewhere(top):
            owner._withdraw()


def _import(
    name: str,
    globals: Mapping[str, Any] | None = None,  # noqa: A002  (Python's names)
    locals: Mapping[str, Any] | None = None,  # noqa: A002
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> Any:
    """What ``import`` does."""
    if level:
        if not globals or _MARK not in globals:
            return _plain_import(name, globals, locals, fromlist, level)
        package = globals.get("__package__") or globals["__name__"].rpartition(".")[0]
        name = importlib.util.resolve_name("." * level + name, package)
    top = name.partition(".")[0]
    if top not in _names:
        return _plain_import(name, globals, locals, fromlist, 0)
    owner, wanted = _asking(globals, top), tuple(fromlist or ())
    if owner is not None and (found := owner._ready(name, wanted)) is not None:
        return found

    def plain() -> Any:
        if owner is None:
            _give_way(top)
        return _plain_import(name, {}, {}, wanted, 0)

    return _on_behalf_of(owner, plain)


def _import_module(name: str, package: str | None = None) -> ModuleType:
    """What ``importlib.import_module`` does."""
    absolute = importlib.util.resolve_name(name, package) if name.startswith(".") and package else name
    top = absolute.partition(".")[0]
    if top not in _names:
        return _plain_import_module(name, package)
    owner = _asking(sys._getframe(1).f_globals, top)
    if owner is not None:
        return owner.named(absolute)

    def plain() -> Any:
        _give_way(top)
        return _plain_import_module(absolute)

    found: ModuleType = _on_behalf_of(None, plain)
    return found


class _Finder:
    """Finds the modules of the model whose code runs."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> ModuleSpec | None:
        """A module in the model's folder; submodules are found through their packages."""
        owner = _current.get()
        if path is None and owner is not None and owner is _shown and name in owner.names:
            return PathFinder.find_spec(name, [owner.folder])
        return None


def _watch(names: frozenset[str]) -> None:
    """Install our import hooks. Processes without such models are not affected."""
    global _plain_import, _plain_import_module
    _names.update(names)
    importlib.invalidate_caches()
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        _plain_import, _plain_import_module = builtins.__import__, importlib.import_module
        sys.meta_path.insert(0, _Finder())
        builtins.__import__ = _import
        importlib.import_module = _import_module
        importing.add(__name__)
