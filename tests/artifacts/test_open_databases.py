"""A database that this program has open is not read by the way: that would lose what is written to it afterwards."""

import os
from pathlib import Path

import pytest

from runyard.client import RunyardClient
from runyard.core.open_databases import is_open_database, open_files
from runyard.exceptions import InvalidParameter
from tests.support.programs import start_program

OTHER = """
import sys
from runyard.client import RunyardClient
client = RunyardClient(sys.argv[1])
client.set_tag(sys.argv[2], sys.argv[3], "set")
print(*sorted(tag for tag in client.get_run(sys.argv[2]).data.tags if "." not in tag))
"""


def in_another_process(store: str, run_id: str, tag: str) -> str:
    """Set a tag in a process that opens and closes the database; the tags it sees."""
    code, out, errors = start_program(OTHER, store, run_id, tag).finish()
    assert (0, "") == (code, errors)
    return out.strip()


def test_storing_the_folder_of_the_store_loses_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """`log_artifacts(".")` in the folder of a script is common, and the default store is there."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "data.txt").write_text("data")
    store = f"sqlite:///{tmp_path / 'work' / 'runyard.db'}"
    client = RunyardClient(store)
    run_id = client.create_run(client.create_experiment("e", str(tmp_path / "kept"))).info.run_id
    client.log_artifacts(run_id, str(tmp_path / "work"))
    in_another_process(store, run_id, "second")
    client.set_tag(run_id, "third", "set")

    assert "fourth second third" == in_another_process(store, run_id, "fourth")
    assert ["data.txt"] == [file.path for file in client.list_artifacts(run_id)]
    assert "is a database that this program has open" in caplog.text


def test_storing_the_store_itself_is_refused(tmp_path: Path) -> None:
    """What was stored would be torn anyway."""
    client = RunyardClient(f"sqlite:///{tmp_path / 'runyard.db'}")
    run_id = client.create_run("0").info.run_id

    with pytest.raises(InvalidParameter, match="is a database that this program has open"):
        client.log_artifact(run_id, tmp_path / "runyard.db")


def test_other_databases_are_files_like_any_other(tmp_path: Path) -> None:
    """Data often comes as a SQLite file."""
    data = tmp_path / "data.sqlite"
    data.write_bytes(b"SQLite format 3\0" + bytes(84))
    client = RunyardClient(f"sqlite:///{tmp_path / 'runyard.db'}")
    run_id = client.create_run("0").info.run_id
    client.log_artifact(run_id, data)

    assert not is_open_database(data, open_files())
    assert ["data.sqlite"] == [file.path for file in client.list_artifacts(run_id)]


def test_of_open_files_only_the_one_to_store_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program may have thousands open, on slow disks too; and each may be open twice, once to write alone."""
    database = tmp_path / "data.sqlite"
    database.write_bytes(b"SQLite format 3\0" + bytes(84))
    read, pread = [], os.pread

    def reading(number: int, size: int, start: int) -> bytes:
        read.append(number)
        return pread(number, size, start)

    monkeypatch.setattr(os, "pread", reading)
    with database.open("ab"), database.open("rb") as ours, (tmp_path / "other.sqlite").open("w+b"):
        assert is_open_database(database, open_files())
        assert ours.fileno() == read[-1]
        assert 2 >= len(read)


def test_a_database_that_was_closed_meanwhile_is_not_in_use(tmp_path: Path) -> None:
    """Its number may be that of another file by then."""
    database = tmp_path / "data.sqlite"
    database.write_bytes(b"SQLite format 3\0" + bytes(84))
    with database.open("rb"):
        opened = open_files()
    with (tmp_path / "other.sqlite").open("w+b") as other:
        other.write(b"SQLite format 3\0" + bytes(84))
        other.flush()

        assert not is_open_database(database, opened)
