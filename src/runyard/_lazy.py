"""Names that load when they are first used. Standard library only."""

from __future__ import annotations

import sys
from importlib import import_module
from itertools import pairwise

from runyard._missing import Lacking, mlflow

TYPE_CHECKING = False  # type checkers take the name for true; importing typing would be most of the cost of runyard
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


def stubbed(package: str) -> dict[str, str]:
    """The public names of a module, each with the module that defines it: what its stub says to type checkers.

    The stub is the ``.pyi`` file beside the module's own, with a line ``from module import name as name`` for each.
    Words are enough to read it: a parser would cost more than the rest of ``import runyard``.

    Names below ``if TYPE_CHECKING:`` have no module here: they come from above, where `runyard.mlflow.names` says.
    """
    spec: Any = sys.modules[package].__spec__
    words = spec.loader.get_data(f"{spec.origin}i").decode().split()
    public = {}
    from_above = False
    for word, following in pairwise(words):
        if word == "if":
            from_above = True
        elif word == "from":
            module = "" if from_above else following
        elif word == "as":
            public[following.rstrip(",")] = module
    return public


def on_first_use(package: str, public: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` for a module whose names are defined elsewhere.

    Submodules are reachable as attributes too, even before they are imported.

    Parameters
    ----------
    package: The module's ``__name__``.
    public: Each name with the module that defines it: ``"module"``, ``"module:other_name"`` where it has another name
        there, ``"module:"`` where the name stands for the module itself.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807  (module attribute hook)
        home = public.get(name)
        return _loaded(package, name, home) if home else _submodule(package, name)

    def __dir__() -> list[str]:  # noqa: N807  (module attribute hook)
        return sorted({*vars(sys.modules[package]), *public, *mlflow().homes_in(_plain(package))})

    return __getattr__, __dir__


def public_function(name: str) -> Any:
    """A function of ``import runyard`` as it is there now: other libraries hook in by replacing it."""
    return getattr(sys.modules[__name__.partition(".")[0]], name)


def _loaded(package: str, name: str, home: str) -> Any:
    """Load a name from its table; it is an attribute of the package from then on."""
    module, colon, attribute = home.partition(":")
    if colon and not attribute:
        value = import_module(module)
    elif module == package:
        value = _submodule(package, name)
    else:  # as in `from module import attribute`, which takes submodules too
        value = getattr(__import__(module, fromlist=[attribute or name]), attribute or name)
    setattr(sys.modules[package], name, value)
    return value


def _plain(package: str) -> str:
    return package.removeprefix("runyard.")


def _submodule(package: str, name: str) -> Any:
    """Import a submodule of a package, or return what MLflow has under this name.

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
            return import_module(full)
        except ModuleNotFoundError as problem:
            if problem.name != full:
                raise
    if home := mlflow().home_of(f"{_plain(package)}.{name}"):
        return _loaded(package, name, home)
    raise AttributeError(Lacking(plain, package, name))
