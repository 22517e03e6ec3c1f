"""Libraries that are slow to load, or that not everyone has installed. Each loads when it is first used.

A module that uses one imports it from here, at its top:

    from runyard.core.libraries import np, pd

A library that is not installed is a `MissingPackage`, which says what to install, at its first use.
"""

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from runyard._missing import EXTRAS
from runyard.exceptions import MissingPackage

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import psutil
    import urllib3
    import yaml


class _Library:
    """A module that is imported when something of it is first used."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        """What the module has under this name; from the second time on it is an attribute, found without this."""
        value = getattr(importlib.import_module(self.__name__), name)
        setattr(self, name, value)
        return value

    def __repr__(self) -> str:
        return f"<module {self.__name__!r}, loaded on first use>"


def lazy(name: str) -> Any:
    """A module, by its full name, that is imported when something of it is first used."""
    return _Library(name)


def required(name: str, purpose: str) -> Any:
    """A module of an optional package, imported now.

    Parameters
    ----------
    name: Its full name, such as ``PIL.Image``.
    purpose: What needs it, as the beginning of a sentence.

    Raises
    ------
    MissingPackage: It is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        raise MissingPackage(*EXTRAS[name.partition(".")[0]], purpose) from None


def base_class(load: Callable[[], type]) -> type:
    """A library's class to derive from. Without the library one that raises the error for that when an object is made.

    Parameters
    ----------
    load: Gives the class; uses `required`.
    """
    try:
        return load()
    except MissingPackage as problem:
        missing = problem

    def refuse(*_: Any, **__: Any) -> None:
        raise missing

    return type("Missing", (), {"__init__": refuse})


if not TYPE_CHECKING:
    np = lazy("numpy")
    pd = lazy("pandas")
    psutil = lazy("psutil")
    urllib3 = lazy("urllib3")
    yaml = lazy("yaml")

__all__ = ["base_class", "lazy", "np", "pd", "psutil", "required", "urllib3", "yaml"]
