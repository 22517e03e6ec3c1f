"""Processes that write to one SQLite file take turns."""

import fcntl
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runyard.db.engine import Engines, open_engines
from runyard.server.launch import MANY_WORKERS_ON_SQLITE
from tests.support.server import RunningServer

WRITERS, ROUNDS = 4, 60
HOLDER = """
import sys, time
from runyard.db.engine import open_engines
with open_engines(sys.argv[1]).writing.begin() as connection:
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def uri(tmp_path: Path) -> str:
    """A database with a counter."""
    uri = f"sqlite:///{tmp_path / 'counter.db'}"
    engines = open_engines(uri)
    with engines.writing.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE counter (n INTEGER)")
        connection.exec_driver_sql("INSERT INTO counter VALUES (0)")
    engines.dispose()
    return uri


@pytest.fixture
def opened(uri: str) -> Iterator[Callable[[], Engines]]:
    """Opens the database again, as another process would."""
    every: list[Engines] = []

    def another() -> Engines:
        every.append(open_engines(uri))
        return every[-1]

    yield another
    for engines in every:
        engines.dispose()


def _write(engines: Engines) -> int:
    """Count one up; returns how many others did while this one waited."""
    with engines.reading.begin() as connection:
        seen = connection.exec_driver_sql("SELECT n FROM counter").scalar_one()
    with engines.writing.begin() as connection:
        found = connection.exec_driver_sql("SELECT n FROM counter").scalar_one()
        connection.exec_driver_sql("UPDATE counter SET n = n + 1")
    return int(found - seen)


def test_no_writer_is_passed_over(opened: Callable[[], Engines]) -> None:
    """Of writers that write all the time, one that asks gets the lock after a few others, not when they have ended."""

    all_connected = threading.Barrier(WRITERS)

    def write(engines: Engines) -> list[int]:
        _write(engines)  # the first one connects, while others might write on and on
        all_connected.wait()
        return [_write(engines) for _ in range(ROUNDS)]

    with ThreadPoolExecutor(WRITERS) as pool:
        waits = [*pool.map(write, [opened() for _ in range(WRITERS)])]

    assert max(max(waited) for waited in waits) < WRITERS * ROUNDS / 2


def test_a_killed_writer_keeps_no_turn(uri: str, opened: Callable[[], Engines]) -> None:
    """Its lock and its place end with it, whatever it was doing."""
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, uri], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with ThreadPoolExecutor(2) as pool:
            waiting = [pool.submit(_write, opened()) for _ in range(2)]
            assert not any(write.done() for write in waiting)
            holder.kill()
            assert {write.result() for write in waiting} <= {0, 1}
    finally:
        holder.kill()
        holder.communicate()


def test_a_stopped_process_keeps_nobody_waiting(uri: str, opened: Callable[[], Engines]) -> None:
    """One that is suspended while it waits with its turn holds up one write for a second, and no later one."""
    with opened().writing.begin():
        waiting = subprocess.Popen([sys.executable, "-c", HOLDER, uri], stdout=subprocess.PIPE)
        while not _is_taken(uri):
            time.sleep(0.01)
        waiting.send_signal(signal.SIGSTOP)
    try:
        engines = opened()
        assert [0] * 20 == [_write(engines) for _ in range(20)]
        waiting.send_signal(signal.SIGCONT)
        assert waiting.stdout is not None
        assert waiting.stdout.readline() == b"held\n"
        waiting.kill()
        assert 0 == _write(engines)
    finally:
        waiting.kill()
        waiting.communicate()


def _is_taken(uri: str) -> bool:
    """Whether a turn is taken."""
    with Path(f"{uri.removeprefix('sqlite:///')}-wal").open() as log:
        try:
            fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_many_workers_on_sqlite_are_told_what_it_costs(start_server: Callable[..., RunningServer]) -> None:
    """An operator who starts four workers for more writes learns at once that there are none."""
    assert MANY_WORKERS_ON_SQLITE in start_server("--workers", "2").output()
    assert MANY_WORKERS_ON_SQLITE not in start_server().output()
