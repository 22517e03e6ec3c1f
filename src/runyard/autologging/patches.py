"""Putting watched functions in the place of a library's, and taking them away again."""

import inspect
from collections.abc import Callable, Collection
from types import MethodType
from typing import Any

from runyard.autologging.watchers import Watcher, is_watched, watched

_MISSING = object()

_replaced: dict[str, list[tuple[Any, str, Any, Any]]] = {}
"""For each library: where, under which name, what stands there now and what stood there before."""


def patch(
    integration: str,
    place: Any,
    name: str,
    watcher: Watcher,
    *,
    module: str | None = None,
    step: bool = False,
    libraries: Collection[str] = (),
) -> None:
    """Watch a function of a module or a method of a class. A method that is inherited is watched in this class only.

    Parameters
    ----------
    integration: The library's name.
    place: The module or class.
    name: The function's name; nothing happens if there is none, or if it is watched already.
    watcher: What watches its calls.
    module: Where others find the watched function, if not where the original says: pickles name it.
    step: Watch it as a step of the library's watched calls, inside of which alone it is watched then.
    libraries: Watch it unless the parts of all of these are disabled, instead of the library's own.
    """
    present = inspect.getattr_static(place, name, None)
    if present is None or is_watched(present) or isinstance(present, _WatchedDescriptor):
        return
    if inspect.isfunction(present) or not hasattr(present, "__get__"):
        replacement: Any = watched(present, integration, watcher, step=step, libraries=libraries)
        if module is not None:
            replacement.__module__ = module
    elif hasattr(present, "fn"):  # sklearn's methods that only some objects have
        replacement = _WatchedDescriptor(present, integration, watcher)
    else:
        return
    put(integration, place, name, replacement)


def put(integration: str, place: Any, name: str, replacement: Any) -> None:
    """Put something in the place of a library's function until `revert`."""
    before = vars(place).get(name, _MISSING)
    setattr(place, name, replacement)
    _replaced.setdefault(integration, []).append((place, name, replacement, before))


def revert(integration: str) -> None:
    """Restore the library's own functions, except where other code has replaced ours since."""
    for place, name, replacement, before in reversed(_replaced.pop(integration, [])):
        if vars(place).get(name) is not replacement:
            continue
        if before is _MISSING:
            delattr(place, name)
        else:
            setattr(place, name, before)


class _WatchedDescriptor:
    """A method that exists for some objects only: it still does, and is watched where it does."""

    def __init__(self, descriptor: Any, integration: str, watcher: Watcher) -> None:
        self._descriptor = descriptor
        self._watched: Callable[..., Any] = watched(descriptor.fn, integration, watcher)
        self.__doc__ = descriptor.__doc__
        self.__name__ = descriptor.fn.__name__

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        available = self._descriptor.__get__(owner, kind)  # raises AttributeError for objects that have it not
        return available if owner is None else MethodType(self._watched, owner)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._descriptor, name)
