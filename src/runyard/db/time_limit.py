"""A time limit for reads: a question that no index answers must not keep a connection and a processor for minutes."""

import threading
import time
import weakref
from typing import Any

import sqlalchemy as sa

from runyard.db.engine import Engines

_MOST_SECONDS_LATE = 1.0


def limit_reads(engines: Engines, seconds: float) -> None:
    """Have the database break off what takes longer on a connection for reading.

    PostgreSQL counts the time of each statement; on SQLite it is that of the whole transaction.

    Parameters
    ----------
    seconds: The limit; `runyard.db.faults` knows the error.
    """
    engines.reading.dispose()  # connections of before have no limit
    if engines.dialect == "sqlite":
        watch = _Watch(seconds)
        sa.event.listen(engines.reading, "checkout", lambda driver, _record, _proxy: watch.begin(driver))
        sa.event.listen(engines.reading, "checkin", lambda driver, _record: watch.end(driver))
        weakref.finalize(engines.reading, watch.stop)
    else:
        sa.event.listen(engines.reading, "connect", lambda driver, _record: _limit_statements(driver, seconds))


def _limit_statements(driver: Any, seconds: float) -> None:
    driver.execute(f"SET statement_timeout = {max(round(seconds * 1000), 1)}")
    driver.commit()


class _Watch:
    """Interrupts connections to SQLite that are in use for too long.

    A thread looks now and then; SQLite's own way, a function called again and again, would take the interpreter
    from others each time.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends: dict[int, tuple[Any, float]] = {}
        self._changing = threading.Lock()
        self._stopped = threading.Event()
        self._started = False

    def begin(self, driver: Any) -> None:
        """A read begins."""
        with self._changing:
            self._ends[id(driver)] = driver, time.monotonic() + self._seconds
            if not self._started:
                self._started = True
                threading.Thread(target=self._loop, name="runyard-time-limit", daemon=True).start()

    def end(self, driver: Any) -> None:
        """A read ends: from here on its connection is not interrupted, for another may use it."""
        with self._changing:
            self._ends.pop(id(driver), None)

    def stop(self) -> None:
        """Watch no more."""
        self._stopped.set()

    def _loop(self) -> None:
        while not self._stopped.wait(min(self._seconds / 4, _MOST_SECONDS_LATE)):
            now = time.monotonic()
            with self._changing:
                for driver, end in self._ends.values():
                    if end < now:
                        driver.interrupt()  # does nothing between two statements: it is done again
