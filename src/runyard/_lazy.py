"""Names that load when they are first used. Standard library only."""

from __future__ import annotations

import importlib
import sys

from runyard._missing import lacking, mlflow

TYPE_CHECKING = False  # type checkers take the name for true; importing typing would be most of the cost of runyard
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


def on_first_use(package: str, public: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` for a module whose names live elsewhere.

    Submodules are reachable as attributes too, though nobody imported them yet.

    Parameters
    ----------
    package: The module's ``__name__``.
    public: Each name with the module that defines it: ``"module"``, ``"module:other_name"`` where it has another name
        there, ``"module:"`` where the name stands for the module itself.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807  (module attribute hook)
        home = public.get(name)
        return _submodule(package, name) if home is None else _loaded(package, name, home)

    def __dir__() -> list[str]:  # noqa: N807  (module attribute hook)
        return sorted({*vars(sys.modules[package]), *public, *mlflow().homes_in(_plain(package))})

    return __getattr__, __dir__


def _loaded(package: str, name: str, home: str) -> Any:
    """What a table says where to find; from now on it is an attribute of the package."""
    module, colon, attribute = home.partition(":")
    loaded = importlib.import_module(module)
    value = loaded if colon and not attribute else getattr(loaded, attribute or name)
    setattr(sys.modules[package], name, value)
    return value


def _plain(package: str) -> str:
    return package.removeprefix("runyard.")


def _submodule(package: str, name: str) -> Any:
    """A submodule of a package, imported now, or what MLflow has under this name.

    Raises
    ------
    AttributeError: There is no such name, or it is a part that this version does not have.
    """
    full = f"{package}.{name}"
    plain = f"module {package!r} has no attribute {name!r}"
    if name.startswith("__"):
        raise AttributeError(plain)
    if hasattr(sys.modules[package], "__path__"):
        try:
            return importlib.import_module(full)
        except ModuleNotFoundError as problem:
            if problem.name != full:
                raise
    if home := mlflow().home_of(f"{_plain(package)}.{name}"):
        return _loaded(package, name, home)
    raise AttributeError(lacking(plain, package, name))
