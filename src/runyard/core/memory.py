"""Memory that was freed, given back to the system: the C library keeps it otherwise, for each thread apart."""

import ctypes
import functools
import threading
from collections.abc import Callable
from typing import Any

_ARENA_MAX, _ARENAS = -8, 2
"""glibc's M_ARENA_MAX, and how many pools of memory are enough for threads of which one runs Python at a time."""

_SECONDS = 2.0


def share_arenas() -> None:
    """Let all threads of this process share a few pools of memory; called before threads are started."""
    mallopt = _function("mallopt")
    if mallopt is not None:
        mallopt(_ARENA_MAX, _ARENAS)


class FreedMemory:
    """Gives free memory back to the system, now and then."""

    def __init__(self) -> None:
        self._due = threading.Lock()

    def give_back_soon(self) -> None:
        """Give it back in a moment, on another thread; what is asked for until then is asked for once.

        It takes a few milliseconds. Other C libraries than glibc do so by themselves.
        """
        if self._due.acquire(blocking=False):
            timer = threading.Timer(_SECONDS, self._give_back)
            timer.daemon = True
            timer.start()

    def _give_back(self) -> None:
        self._due.release()
        trim = _function("malloc_trim")
        if trim is not None:
            trim(0)


@functools.cache
def _function(name: str) -> Callable[..., Any] | None:
    """A function of the C library, if it has it."""
    try:
        return getattr(ctypes.CDLL(None), name, None)
    except OSError:
        return None
