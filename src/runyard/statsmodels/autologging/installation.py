"""Which functions of statsmodels are watched."""

from typing import Any

from statsmodels.base.model import Model

from runyard.autologging.callers import of_the_program
from runyard.autologging.patches import patch, put, revert
from runyard.statsmodels.autologging.fits import watch_fit

_watcher = of_the_program(watch_fit, "statsmodels", plumbing=())
"""Tests and searches of statsmodels fit models inside; these are not the program's own."""


def install(*, watched: bool) -> None:
    """Watch ``fit`` of every class of models, and of those that come later; or put the library's own functions back."""
    revert("statsmodels")
    if not watched:
        return
    put("statsmodels", Model, "__init_subclass__", classmethod(_watch_new))
    for kind in _below(Model):
        _watch(kind)


def _watch_new(kind: type[Any], /, **options: Any) -> None:
    super(Model, kind).__init_subclass__(**options)
    _watch(kind)


def _watch(kind: type) -> None:
    if "fit" in vars(kind):
        patch("statsmodels", kind, "fit", _watcher)


def _below(kind: type) -> set[type]:
    children: list[type] = kind.__subclasses__()
    return {one for child in children for one in (child, *_below(child))}
