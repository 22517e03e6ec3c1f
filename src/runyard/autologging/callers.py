"""Distinguishes the program's calls of a library from the library's own."""

import sys
from types import FrameType

from runyard.autologging.watchers import Call, Watch, Watcher

PLUMBING = ("sklearn.base", "sklearn.metrics", "sklearn.utils")


def of_the_program(watcher: Watcher, library: str = "sklearn", plumbing: tuple[str, ...] = PLUMBING) -> Watcher:
    """A watcher of those calls only that the program makes, directly or through other libraries.

    Cross-validation, searches, selectors, imputers and ensembles call estimators many times; that is how they work
    inside. It does not matter in which thread, or by which import the program got hold of them.

    Parameters
    ----------
    library: The package whose own calls are left out.
    plumbing: Its modules that hand calls on to what others gave them: decorators of methods, scorers,
        `utils.parallel.delayed`.
    """

    def watch(call: Call) -> Watch:
        if not called_by(f"{library}.", plumbing):
            yield from watcher(call)

    return watch


def called_by(package: str, plumbing: tuple[str, ...] = ()) -> bool:
    """Whether a library is among those whose calls led here.

    Parameters
    ----------
    package: How the names of its modules begin.
    plumbing: How those begin that only hand calls on.
    """
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        module: str = frame.f_globals.get("__name__", "")
        if module.startswith(package) and not module.startswith(plumbing):
            return True
        frame = frame.f_back
    return False
