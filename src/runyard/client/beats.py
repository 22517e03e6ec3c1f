"""Beats: that this process goes on with the runs it started, told to their store every 30 seconds.

They are sent by the thread that delivers what is logged, over its connection. One that does not arrive is not repeated.
"""

import logging
import threading
import time

from runyard.client.extras import send_extra
from runyard.client.transports import Transport
from runyard.exceptions import RunyardException
from runyard.tracking.origins.messages import BEAT_SECONDS, MAX_BEATING, Beat

log = logging.getLogger("runyard")

FIRST_AFTER = 2.0
"""Seconds after which a run's first beat is sent: short runs send none."""


class Beats:
    """The runs of this process in one store."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.forget()

    def forget(self) -> None:
        """In a forked child: the runs are the parent's."""
        self._lock = threading.Lock()
        self._runs: dict[str, None] = {}
        self._due = 0.0

    def add(self, run_id: str) -> None:
        """Send beats of a run from now on."""
        with self._lock:
            soon = time.monotonic() + FIRST_AFTER
            self._due = min(self._due, soon) if self._runs else soon
            self._runs[run_id] = None

    def remove(self, run_id: str) -> None:
        """Send no more beats of a run."""
        with self._lock:
            self._runs.pop(run_id, None)

    def due_in(self) -> float | None:
        """Seconds until the next beat; None when there are no runs."""
        with self._lock:
            return max(self._due - time.monotonic(), 0.0) if self._runs else None

    def send_if_due(self) -> None:
        """Send them, if it is time. What goes wrong does not concern the runs."""
        if self.due_in() != 0.0:
            return
        with self._lock:
            runs = list(self._runs)
            self._due = time.monotonic() + BEAT_SECONDS
        try:
            for first in range(0, len(runs), MAX_BEATING):
                send_extra(self._transport, Beat(run_ids=runs[first : first + MAX_BEATING]), 0.0)
        except (RunyardException, OSError) as problem:
            log.debug("A beat was not sent: %s", problem)
