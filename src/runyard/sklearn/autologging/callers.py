"""Distinguishes the program's calls of scikit-learn from scikit-learn's own."""

import sys
from types import FrameType

from runyard.autologging.watchers import Call, Watch, Watcher

_PLUMBING = ("sklearn.base", "sklearn.metrics", "sklearn.utils")
"""Modules that hand calls on to what others gave them: decorators of methods, scorers, `utils.parallel.delayed`."""


def of_the_program(watcher: Watcher) -> Watcher:
    """A watcher of those calls only that the program makes, directly or through other libraries.

    Cross-validation, searches, selectors, imputers and ensembles call estimators many times; that is how they work
    inside. It does not matter in which thread, or by which import the program got hold of them.
    """

    def watch(call: Call) -> Watch:
        if not _called_by_sklearn():
            yield from watcher(call)

    return watch


def _called_by_sklearn() -> bool:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        module: str = frame.f_globals.get("__name__", "")
        if module.startswith("sklearn.") and not module.startswith(_PLUMBING):
            return True
        frame = frame.f_back
    return False
