"""Turns at SQLite's write lock, which it gives to the process that happens to ask when it is free.

A process that writes all the time asks again at once, and one that waits by SQLite's own `busy_timeout` sleeps up to
100 ms between two looks: under load it waits for seconds. So processes queue for the right to wait: one waits for the
lock and looks often, the others behind it. The queue is a lock on the write-ahead log, on which SQLite takes none; the
system ends it with the process that had it.
"""

import fcntl
import os
import sqlite3
import time
from contextlib import suppress
from typing import Any

FIRST_PAUSE, LONGEST_PAUSE = 0.0002, 0.005
"""Seconds between two looks at the write lock."""


def begin_in_turn(driver: sqlite3.Connection, log: int, timeout_ms: int) -> None:
    """Begin a transaction that writes, when it is this connection's turn.

    Parameters
    ----------
    log: File descriptor of the write-ahead log, opened for this connection alone.
    timeout_ms: How long to wait for the lock. The turn comes when those before have the lock or gave up, each within
        this time; time spent for it counts.

    Raises
    ------
    sqlite3.OperationalError: The lock could not be had in time.
    """
    end = time.monotonic() + timeout_ms / 1000
    with suppress(OSError):  # a file system without such locks: without turns, then
        fcntl.flock(log, fcntl.LOCK_EX)
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        _wait(driver, end)
    finally:
        driver.execute(f"PRAGMA busy_timeout = {timeout_ms}")
        with suppress(OSError):
            fcntl.flock(log, fcntl.LOCK_UN)


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


def open_log(path: Any) -> int:
    """A descriptor of the write-ahead log for `begin_in_turn`."""
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
