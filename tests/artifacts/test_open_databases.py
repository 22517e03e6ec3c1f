"""A database that this program has open is not read by the way: that would lose what is written to it afterwards."""

import subprocess
import sys
from pathlib import Path

import pytest

from runyard.client import RunyardClient
from runyard.core.open_databases import databases_in_use, is_one_of
from runyard.exceptions import InvalidParameter

OTHER = """
import sys
from runyard.client import RunyardClient
client = RunyardClient(sys.argv[1])
client.set_tag(sys.argv[2], sys.argv[3], "set")
print(*sorted(tag for tag in client.get_run(sys.argv[2]).data.tags if "." not in tag))
"""


def in_another_process(store: str, run_id: str, tag: str) -> str:
    """Set a tag in a process that opens and closes the database; the tags it sees."""
    command = [sys.executable, "-c", OTHER, store, run_id, tag]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


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

    assert not is_one_of(data, databases_in_use())
    assert ["data.sqlite"] == [file.path for file in client.list_artifacts(run_id)]
