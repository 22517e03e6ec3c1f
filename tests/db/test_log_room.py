"""Room in SQLite's write-ahead log: commits do not make the file longer, and nothing else is changed by it."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from runyard.db import log_room
from runyard.db.log_room import LogRoom
from runyard.gate.gate import Gate
from runyard.tracking.runs.messages import SetTag
from tests.factories import a_run, pairs, shown_run


def _size(file: Path) -> int:
    return Path(f"{file}-wal").stat().st_size


def test_most_commits_leave_the_log_as_long_as_it_is(tmp_path: Path) -> None:
    """A killed process leaves the zeros behind; the next one reads all that was committed."""
    file, copy = tmp_path / "runs.db", tmp_path / "copy.db"
    gate = Gate.open(f"sqlite:///{file}")
    run_id, sizes = a_run(gate), list[int]()
    for number in range(200):
        gate.perform(SetTag(run_id=run_id, key="t", value=str(number)))
        sizes.append(_size(file))
    for part in ("", "-wal"):  # as a killed process leaves them
        shutil.copy(f"{file}{part}", f"{copy}{part}")
    gate.close()

    assert 10 > len(set(sizes))
    assert sorted(sizes) == sizes
    assert not Path(f"{file}-wal").exists()
    again = Gate.open(f"sqlite:///{copy}")
    assert "199" == pairs(shown_run(again, run_id)["data"]["tags"])["t"]
    again.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """The log of a store to which somebody else has written."""
    connection = sqlite3.connect(tmp_path / "s.db")
    connection.executescript("PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES ('x');")
    yield tmp_path / "s.db-wal"
    connection.close()


def test_room_is_added_where_the_log_has_grown_alone(log: Path) -> None:
    """As much as there is, at least 64 kB, and none once it is as long as it gets."""
    room, size = LogRoom(log), log.stat().st_size
    room.keep()
    room.keep()
    assert size + log_room.LEAST == log.stat().st_size
    with log.open("ab") as file:
        file.write(b"x" * 300_000)
    size = log.stat().st_size
    room.keep()
    assert 2 * size == log.stat().st_size
    with log.open("ab") as file:
        file.truncate(log_room.ENOUGH)
        file.write(b"x")
    room.keep()
    assert log_room.ENOUGH + 1 == log.stat().st_size
    room.close()


def test_room_of_another_process_is_enough(log: Path) -> None:
    """Else several would make the log as long as it gets at once."""
    one, other = LogRoom(log), LogRoom(log)
    one.keep()
    size = log.stat().st_size
    other.keep()
    one.keep()
    assert size == log.stat().st_size
    with log.open("ab") as file:
        file.write(b"x")
    other.keep()
    assert 2 * (size + 1) == log.stat().st_size
    one.close()
    other.close()


def test_an_empty_log_is_left_to_sqlite(tmp_path: Path) -> None:
    """It has no head yet."""
    log = tmp_path / "s.db-wal"
    log.touch()
    room = LogRoom(log)
    room.keep()
    room.close()

    assert 0 == log.stat().st_size
