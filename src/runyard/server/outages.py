"""Logs when the database becomes unreachable and when it is back, once each."""

import logging
import threading
import time

from runyard.db.faults import DatabaseUnreachable
from runyard.gate.gate import Performed

log = logging.getLogger("runyard.server")


class Outages:
    """An observer of the gate."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._changing = threading.Lock()

    def note(self, performed: Performed) -> None:
        """Observe the outcome of an operation."""
        if performed.error is None:
            if self._since is not None:
                self._is_back()
        elif self._since is None and isinstance(performed.error, DatabaseUnreachable):
            self._is_lost(performed)

    def _is_lost(self, performed: Performed) -> None:
        with self._changing:
            if self._since is not None:
                return
            self._since = time.monotonic()
        operation = performed.message.operation.name
        log.warning("the database cannot be reached, first noticed by %s; requests are answered 503", operation)

    def _is_back(self) -> None:
        with self._changing:
            since, self._since = self._since, None
        if since is not None:
            log.warning("the database is back after %.0f seconds", time.monotonic() - since)
