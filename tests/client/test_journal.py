"""The journal on disk: what it keeps, and what it can be read from after anything."""

import json
import math
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from runyard.client.journal import (
    Change,
    Entry,
    Journal,
    Point,
    address_of,
    change_line,
    lock_orphan,
    point_line,
    spool_folder,
    undelivered,
)
from runyard.tracking.runs.messages import LogParam, UpdateRun

RUN = "a" * 32


@pytest.fixture
def journal(clean_environment: None) -> Iterator[Journal]:
    """A journal of a server."""
    opened = Journal("http://tracking.example:5000")
    yield opened
    opened.close()


def found(path: Path) -> list[Entry]:
    """Everything a journal holds; it must not be damaged."""
    return list(undelivered(path, lambda line, reason: pytest.fail(reason)))


def point(step: int) -> bytes:
    """A point's line."""
    return point_line(RUN, "loss", step / 2, 1_700_000_000_000 + step, step)


def test_what_was_put_in_comes_out(journal: Journal) -> None:
    """Points and messages, in order, with every double there is."""
    values = [1.5, -0.0, 5e-324, 1.7976931348623157e308, math.inf, -math.inf]
    for step, value in enumerate(values):
        journal.append(point_line(RUN, "größe/x y:z", value, step, -step))
    journal.append(point_line(RUN, "k", math.nan, 1, 1))
    journal.append(change_line(LogParam(run_id=RUN, key="k", value='"quoted"\n\u2028 ü')))

    *points, nan, change = found(journal.path)
    assert [(p.run_id, p.key, p.value, p.timestamp, p.step) for p in points if isinstance(p, Point)] == [
        (RUN, "größe/x y:z", value, step, -step) for step, value in enumerate(values)
    ]
    assert isinstance(nan, Point)
    assert math.isnan(nan.value)
    assert isinstance(change, Change)
    assert change.message == LogParam(run_id=RUN, key="k", value='"quoted"\n\u2028 ü')


def test_every_place_to_cut_a_journal_leaves_the_whole_lines(journal: Journal) -> None:
    """A power cut in the middle of a line costs that line, which was not acknowledged."""
    ends = [journal.append(point(step)) for step in range(3)]
    text = journal.path.read_bytes()
    torn = journal.path.with_name("torn.spool")
    for length in range(journal.start, len(text)):
        torn.write_bytes(text[:length])

        assert len(found(torn)) == sum(end <= length for end in ends), length


def test_what_was_delivered_is_not_delivered_again(journal: Journal) -> None:
    """The note says up to where."""
    first = journal.append(point(0))
    second = journal.append(point(1))
    journal.append(point(2))
    journal.settle(first)
    journal.settle(second)

    assert [entry.step for entry in found(journal.path) if isinstance(entry, Point)] == [2]


def test_a_damaged_line_is_told_of_and_takes_no_other_along(journal: Journal) -> None:
    """Such as a block of zeros after a power cut."""
    journal.append(point(0))
    for line in (b"\0\0\0\n", b"[]\n", b'["m","x"]\n', b'["w","no_such_message",{}]\n', b"7\n"):
        journal.append(line)
    journal.append(point(1))
    damaged: list[str] = []

    entries = list(undelivered(journal.path, lambda line, reason: damaged.append(line)))

    assert [entry.step for entry in entries if isinstance(entry, Point)] == [0, 1]
    assert len(damaged) == 5


def test_a_journal_is_for_its_owner_only(journal: Journal) -> None:
    """Others on the machine read no runs."""
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700


def test_a_journal_says_which_store_it_is_for(journal: Journal, tmp_path: Path) -> None:
    """Other files are none."""
    other = tmp_path / "other.spool"
    other.write_bytes(b"\xff\n")

    assert address_of(journal.path) == "http://tracking.example:5000"
    assert address_of(other) is None
    with pytest.raises(FileNotFoundError):
        address_of(tmp_path / "missing.spool")


def test_a_journal_in_use_is_left_alone(journal: Journal) -> None:
    """Its process delivers it; once that is gone, one other may."""
    assert lock_orphan(journal.path) is None
    journal.close()
    descriptor = lock_orphan(journal.path)
    assert descriptor is not None
    assert lock_orphan(journal.path) is None
    os.close(descriptor)


def test_a_journal_that_cannot_be_written_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The buffer then sends at once."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RUNYARD_SPOOL_DIR", str(tmp_path / "file" / "spool"))

    with pytest.raises(OSError, match="Not a directory"):
        Journal("http://tracking.example:5000")


def test_the_folder_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours, then the user's state folder."""
    assert spool_folder() == tmp_path / "spool"
    monkeypatch.delenv("RUNYARD_SPOOL_DIR")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert spool_folder() == tmp_path / "state" / "runyard" / "spool"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert spool_folder() == tmp_path / ".local" / "state" / "runyard" / "spool"


def test_a_point_keeps_what_it_was_measured_on(journal: Journal) -> None:
    """A model, a dataset, both; names of datasets may hold anything."""
    given = [("m-1", None, None), (None, 'a "name"\n ü', "d1"), ("m-2", "b", "d2"), None]
    for measured in given:
        journal.append(point_line(RUN, "loss", math.inf, 1, 2, measured))

    entries = found(journal.path)
    assert [entry.measured for entry in entries if isinstance(entry, Point)] == given
    assert [entry[1:6] for entry in entries if isinstance(entry, Point)] == [(RUN, "loss", math.inf, 1, 2)] * 4


@pytest.mark.parametrize("rest", [b'["m-1"]', b'"m-1"', b"7", b"{}", b'["a","b","c"],1', b"[1,2,3]"])
def test_a_line_that_says_something_else_behind_a_point_is_damaged(rest: bytes, journal: Journal) -> None:
    """It is set aside with its text, and what follows is delivered."""
    journal.append(b'["m","' + RUN.encode() + b'","loss",1.0,1,2,' + rest + b"]\n")
    journal.append(point(3))
    damaged: list[str] = []

    (entry,) = undelivered(journal.path, lambda line, reason: damaged.append(line))
    assert isinstance(entry, Point)
    assert entry.step == 3
    assert len(damaged) == 1


def test_entries_are_read_back_in_portions(journal: Journal) -> None:
    """What memory had no room for comes back from the file, once."""
    start = journal.start
    for step in range(10):
        journal.append(point(step))
        journal.settle(start)
    steps: list[int] = []
    while start < journal.end:
        entries, start = journal.entries(start, 3)
        assert len(entries) <= 3
        steps += [entry.step for entry in entries if isinstance(entry, Point)]

    assert steps == list(range(10))


def test_a_message_is_kept_as_it_goes_over_the_wire() -> None:
    """One line of JSON, fields that are not set left out."""
    line = change_line(UpdateRun(run_id=RUN, status="FINISHED", end_time=7))

    assert json.loads(line) == ["w", "update_run", {"run_id": RUN, "status": "FINISHED", "end_time": 7}]
