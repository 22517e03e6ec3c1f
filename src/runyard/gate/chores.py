"""Chores: work that reads leave to the writer, such as sealing a long series. Nobody waits for it."""

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from runyard.db.jobs import Job, Outcome, Receiver
from runyard.db.transaction import Chore
from runyard.db.writer import Writer
from runyard.exceptions import Unavailable

log = logging.getLogger(__name__)

MAX_WAITING = 1000


class Chores(Receiver):
    """Gives chores to the writer, one piece at a time, so that no write waits for more than a piece of one.

    A chore may be lost: when the process ends, when too many wait, or when it fails. The next read finds that it is
    still to be done.

    Parameters
    ----------
    writer: Performs each piece in a transaction.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._lock = threading.Lock()
        self._waiting: dict[Any, Chore] = {}
        self._busy = False

    def take(self, chores: Mapping[Any, Chore]) -> None:
        """Have these done, by name; those that wait already are done once."""
        with self._lock:
            for name, chore in chores.items():
                if len(self._waiting) < MAX_WAITING:
                    self._waiting.setdefault(name, chore)
            if self._busy:
                return
            self._busy = True
        self._next()

    def deliver(self, outcomes: Sequence[tuple[Any, Outcome]]) -> None:
        """Go on with the chore, or with the next one."""
        for name, (fine, more) in outcomes:
            if not fine:
                log.info("a chore failed: %s", more)
            if not (fine and more):
                with self._lock:
                    self._waiting.pop(name, None)
        self._next()

    def _next(self) -> None:
        with self._lock:
            name = next(iter(self._waiting), None)
            if name is None:
                self._busy = False
                return
            chore = self._waiting[name]
        try:
            self._writer.submit(Job(chore, self, name))
        except Unavailable:
            with self._lock:
                self._waiting.clear()
                self._busy = False
