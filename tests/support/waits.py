"""Waits for what happens inside of PostgreSQL."""

import time

import psycopg

_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def waiting_for_locks(address: str, count: int, seconds: float = 60) -> None:
    """Return when this number of connections to the database wait for a lock.

    Raises
    ------
    TimeoutError: They do not.
    """
    deadline = time.monotonic() + seconds
    with psycopg.connect(address, autocommit=True) as looking:
        while True:
            found = looking.execute(_WAITING).fetchone()
            if found and found[0] >= count:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"{found and found[0]} connections wait for a lock, not {count}")
            time.sleep(0.02)
