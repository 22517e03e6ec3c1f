"""Warns when a call waits: a script that is silent for a minute looks as if it hung."""

import logging
import threading
from types import TracebackType

log = logging.getLogger("runyard")

SILENT_SECONDS = 1.5


class WaitWarning:
    """One warning while a call waits for a store: after the first failed attempt, or a moment without an answer.

    Parameters
    ----------
    address: The store, as it may be shown.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._timer: threading.Timer | None = None
        self._said = threading.Lock()

    def __enter__(self) -> None:
        self._timer = threading.Timer(SILENT_SECONDS, self.warn, ("no answer yet",))
        self._timer.daemon = True
        self._timer.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def warn(self, reason: str) -> None:
        """Log the warning unless it was logged before."""
        if self._said.acquire(blocking=False):
            log.warning("Waiting for %s: %s. It is tried again; Ctrl-C stops it.", self._address, reason)
