"""Turns at SQLite's write lock, which it gives to the process that happens to ask when it is free.

A process that writes all the time asks again at once, and one that waits by SQLite's own `busy_timeout` sleeps up to
100 ms between two looks: under load it waits for seconds. So processes queue for the right to wait: one waits for the
lock and looks often, the others behind it. The queue is a lock on the write-ahead log, on which SQLite takes none; the
system ends it with the process that had it.
"""

import fcntl
import os
import sqlite3
import threading
import time
from pathlib import Path

FIRST_PAUSE, LONGEST_PAUSE = 0.0002, 0.005
"""Seconds between two looks at the write lock."""
LONGEST_TURN = 1.0
"""Seconds to wait for a turn. One that takes longer is that of a stopped process, or of one that a long write is in
the way of."""


class Turns:
    """The place of one connection in the queue. The connection must not wait for locks by itself.

    Parameters
    ----------
    log: The write-ahead log.
    timeout_ms: How long to wait for the write lock.
    """

    def __init__(self, log: Path, timeout_ms: int) -> None:
        self._log, self._timeout = os.open(log, os.O_RDONLY | os.O_CLOEXEC), timeout_ms / 1000
        self._changing = threading.Lock()
        self._given_up = self._closed = False

    def close(self) -> None:
        """Leave the queue for good."""
        with self._changing:
            self._closed = True
            if not self._given_up:
                os.close(self._log)

    def begin(self, driver: sqlite3.Connection) -> None:
        """Begin a transaction that writes, when it is this connection's turn; time spent for the turn counts.

        Raises
        ------
        sqlite3.OperationalError: The lock could not be had in time.
        """
        end = time.monotonic() + self._timeout
        turn = self._take()
        try:
            _wait(driver, end)
        finally:
            if turn:
                fcntl.flock(self._log, fcntl.LOCK_UN)

    def _take(self) -> bool:
        """Wait for the turn; returns whether it came."""
        if self._given_up:
            return False
        try:
            fcntl.flock(self._log, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            pass
        except OSError:  # a file system without such locks: without turns, then
            return False
        came = threading.Event()
        threading.Thread(target=self._ask, args=(came,), name="runyard-turn", daemon=True).start()
        if not came.wait(LONGEST_TURN):
            with self._changing:
                self._given_up = not came.is_set()
        return came.is_set()

    def _ask(self, came: threading.Event) -> None:
        """Wait for the turn on a thread of its own: to ask again and again would be no queue."""
        fcntl.flock(self._log, fcntl.LOCK_EX)
        with self._changing:
            if not self._given_up:
                came.set()
                return
            self._given_up = False
            fcntl.flock(self._log, fcntl.LOCK_UN)
            if self._closed:
                os.close(self._log)


def _wait(driver: sqlite3.Connection, end: float) -> None:
    pause = FIRST_PAUSE
    while True:
        try:
            driver.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)
