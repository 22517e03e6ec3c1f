"""Memory that was freed, given back to the system: the C library keeps it otherwise, for each thread apart."""

import ctypes
import functools
import threading
from collections.abc import Callable
from typing import Any

_ARENA_MAX, _ARENAS = -8, 2
"""glibc's M_ARENA_MAX, and how many pools of memory are enough for threads of which one runs Python at a time."""
_MMAP_THRESHOLD, _LARGEST = -3, 8 * 2**20
"""glibc's M_MMAP_THRESHOLD, and up to how many bytes memory comes from a pool instead of from the system."""
_TRIM_THRESHOLD, _KEPT = -1, 16 * 2**20
"""glibc's M_TRIM_THRESHOLD, and how many free bytes a pool keeps at its end."""

_SECONDS = 2.0


def tune_pools() -> None:
    """Let all threads of this process share a few pools of memory; called before threads are started.

    An answer of a few MB takes memory several times while it is made. Memory that comes from the system each time, or
    goes back to it in between, is cleared page by page, which takes a tenth of the time of such an answer.
    """
    mallopt = _function("mallopt")
    if mallopt is not None:
        for option, value in ((_ARENA_MAX, _ARENAS), (_MMAP_THRESHOLD, _LARGEST), (_TRIM_THRESHOLD, _KEPT)):
            mallopt(option, value)


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
