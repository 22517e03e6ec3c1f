"""Logs when the database or the store of artifacts becomes unreachable and when it is back, once each."""

import logging
import threading
import time

from runyard.db.faults import DatabaseUnreachable
from runyard.gate.gate import Performed

log = logging.getLogger("runyard.server")

ARTIFACTS = "the store of artifacts"


class Outage:
    """Whether something that the server needs is out of reach.

    Parameters
    ----------
    what: Its name in the log, such as ``the database``.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._since: float | None = None
        self._changing = threading.Lock()

    @property
    def lasts(self) -> bool:
        """Whether it is out of reach."""
        return self._since is not None

    def begin(self, noticed_by: str, why: str = "") -> None:
        """Note that it could not be reached."""
        with self._changing:
            if self._since is not None:
                return
            self._since = time.monotonic()
        reason = f" ({why})" if why else ""
        log.warning(
            "%s cannot be reached%s, first noticed by %s; requests are answered 503", self._what, reason, noticed_by
        )

    def end(self) -> None:
        """Note that it answered."""
        if self._since is None:
            return
        with self._changing:
            since, self._since = self._since, None
        if since is not None:
            log.warning("%s is back after %.0f seconds", self._what, time.monotonic() - since)


class DatabaseOutage(Outage):
    """An observer of the gate."""

    def __init__(self) -> None:
        super().__init__("the database")

    def note(self, performed: Performed) -> None:
        """Observe the outcome of an operation."""
        if performed.error is None:
            self.end()
        elif isinstance(performed.error, DatabaseUnreachable):
            self.begin(performed.message.operation.name)
