"""The clock of the protocol counts milliseconds: what is made within one has no order in time."""

import time

from runyard.core.clock import now_ms


def wait_for_the_clock() -> None:
    """Return in another millisecond."""
    before = now_ms()
    while now_ms() == before:
        time.sleep(0.0005)
