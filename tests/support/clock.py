"""Waiting: for the next millisecond, of which the protocol's clock counts none between, and for what is to happen."""

import time
from collections.abc import Callable

from runyard.core.clock import now_ms


def wait_for_the_clock() -> None:
    """Return in another millisecond."""
    before = now_ms()
    while now_ms() == before:
        time.sleep(0.0005)


def wait_until(holds: Callable[[], bool], seconds: float = 30) -> bool:
    """Does it come to hold in time? A busy machine is given much of it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return False
