"""Calls of a library's functions, watched.

A watcher is a generator: what stands before its ``yield`` runs before the function is called, ``yield`` gives it the
result, and the function's own exception is raised there. Whatever the watcher does, the function is called exactly
once and its result or exception is what the caller gets.
"""

import functools
import inspect
import threading
from collections.abc import Callable, Collection, Generator
from dataclasses import dataclass
from typing import Any

from runyard.autologging.integrations import autologging_is_disabled
from runyard.autologging.reports import report_failure


@dataclass(eq=False)
class Call:
    """A call that is being watched.

    Attributes
    ----------
    integration: The library's name.
    function: The original function.
    args, kwargs: What the caller gave; the first argument of a method is its object.
    """

    integration: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @property
    def owner(self) -> Any:
        """The object whose method is called."""
        return self.args[0]

    def arguments(self) -> dict[str, Any]:
        """What the caller gave, by the names of the parameters.

        Raises
        ------
        TypeError: It does not fit the function.
        """
        return dict(inspect.signature(self.function).bind(*self.args, **self.kwargs).arguments)

    def all_arguments(self) -> dict[str, Any]:
        """The same, with the defaults of what the caller left out."""
        bound = inspect.signature(self.function).bind(*self.args, **self.kwargs)
        bound.apply_defaults()
        return dict(bound.arguments)

    def give(self, **arguments: Any) -> None:
        """Set arguments before the function is called, such as a callback that logs.

        Raises
        ------
        TypeError: The function does not take them.
        """
        signature = inspect.signature(self.function)
        bound = signature.bind(*self.args, **self.kwargs)
        named = {name: value for name, value in arguments.items() if name in signature.parameters}
        bound.arguments.update(named)
        self.args = bound.args
        self.kwargs = {**bound.kwargs, **{name: arguments[name] for name in arguments.keys() - named.keys()}}


Watch = Generator[None, Any, None]
Watcher = Callable[[Call], Watch]


class _Inside(threading.local):
    """The library whose watched call this thread is inside of, if any. Calls within it are part of it."""

    def __init__(self) -> None:
        self.library: str | None = None


_inside = _Inside()


def watched(
    function: Callable[..., Any],
    integration: str,
    watcher: Watcher,
    *,
    step: bool = False,
    libraries: Collection[str] = (),
) -> Callable[..., Any]:
    """A function that does what the given one does, and is watched unless the library's part is disabled.

    Parameters
    ----------
    step: Watch it as a step of the library's watched calls, inside of which alone it is watched then.
    libraries: Watch it unless the parts of all of these are disabled, instead of the library's own.
    """
    wanted = integration if step else None

    @functools.wraps(function)
    def call_watched(*args: Any, **kwargs: Any) -> Any:
        around = _inside.library
        if around != wanted or all(map(autologging_is_disabled, libraries or [integration])):
            return function(*args, **kwargs)
        _inside.library = f"a step of {integration}" if step else integration
        try:
            return _watch(Call(integration, function, args, kwargs), watcher)
        finally:
            _inside.library = around

    call_watched.__dict__["_runyard_original"] = function
    return call_watched


def is_watched(function: object) -> bool:
    """Whether this is one of our functions that stand for a library's."""
    return "_runyard_original" in getattr(function, "__dict__", ())


def _watch(call: Call, watcher: Watcher) -> Any:
    watch = _begin(call, watcher)
    try:
        result = call.function(*call.args, **call.kwargs)
    except BaseException as error:
        if watch is not None:
            _end(call, watch, functools.partial(watch.throw, error), error)
        raise
    if watch is not None:
        _end(call, watch, functools.partial(watch.send, result), None)
    return result


def _begin(call: Call, watcher: Watcher) -> Watch | None:
    try:
        watch = watcher(call)
        next(watch)
    except StopIteration:  # the watcher wants to know no more about this call
        return None
    except Exception as problem:  # noqa: BLE001  (an edge: our failure must not become the training's)
        report_failure(call.integration, f"the start of {_name(call)}", problem)
        return None
    return watch


def _end(call: Call, watch: Watch, resume: Callable[[], None], error: BaseException | None) -> None:
    try:
        resume()
    except StopIteration:
        return
    except Exception as problem:  # noqa: BLE001  (an edge: our failure must not become the training's)
        if problem is not error:
            report_failure(call.integration, f"the end of {_name(call)}", problem)
    except BaseException as problem:
        if problem is not error:  # an interrupt while we were logging
            raise
    else:
        watch.close()


def _name(call: Call) -> str:
    owner = f"{type(call.owner).__name__}." if call.args and hasattr(call.owner, "get_params") else ""
    return f"{owner}{getattr(call.function, '__name__', call.function)}"
