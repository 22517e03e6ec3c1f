"""How soon threads of this process take turns at running Python code."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS = 0.0005
"""After this time a thread that computes lets another one run that asks for it; Python's own is 5 ms."""

_changing = threading.Lock()
_before: list[float] = []
"""What was set before, once for each caller that is inside."""


@contextmanager
def quick_switching() -> Iterator[None]:
    """Let threads take turns more often: one that reads an answer does so in small pieces, and waits after each."""
    with _changing:
        _before.append(_before[0] if _before else sys.getswitchinterval())
        sys.setswitchinterval(min(SECONDS, _before[0]))
    try:
        yield
    finally:
        with _changing:
            before = _before.pop()
            if not _before:
                sys.setswitchinterval(before)
