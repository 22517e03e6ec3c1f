"""What `runyard sync` cannot deliver: it is listed, and stays until somebody says what becomes of it."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runyard.client import RunyardClient
from runyard.client.journal import Journal, change_line, point_line, spool_folder
from runyard.fluent.doctor import diagnosis
from runyard.tracking.runs.messages import LogParam
from tests.client.test_sync import orphaned_journal, run_sync

GONE = "sqlite:////nowhere/runyard.db"


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that every user may look into."""
    folder = Path(tempfile.mkdtemp(prefix="runyard-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def as_another_user(journal: Path) -> Iterator[None]:
    """Without the rights to read a journal: as nobody, or with the rights taken away."""
    run_sync("--list")  # loads what the command needs
    if os.geteuid():
        journal.chmod(0)
        yield
        journal.chmod(0o600)
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def refused(local: RunyardClient, tmp_path: Path) -> str:
    """The id of a deleted run whose points and param were refused."""
    run_id = local.create_run("0").info.run_id
    local.delete_run(run_id)
    orphaned_journal(f"sqlite:///{tmp_path / 'runyard.db'}", run_id)
    assert run_sync().exit_code == 1
    return run_id


def test_another_users_journals_are_named_and_set_the_exit_code(public_folder: Path) -> None:
    """A cron job that runs as the wrong user must not say that all is well."""
    journal = Journal("http://127.0.0.1:1", public_folder)
    journal.append(point_line("a" * 32, "loss", 1.0, 1, 1))
    journal.close()

    with as_another_user(journal.path):
        results = [run_sync("--spool-dir", str(public_folder), *more) for more in ([], ["--list"])]
        as_json = run_sync("--spool-dir", str(public_folder), "--output", "json")

    for result in results:
        assert result.exit_code == 1
        assert journal.path.name in result.output
        assert "unreadable" in result.output
        assert "Permission denied" in result.output
    (kept,) = json.loads(as_json.output)["kept"]
    assert (kept["id"], kept["state"], as_json.exit_code) == (journal.path.name, "unreadable", 1)
    assert journal.path.exists()


def test_a_folder_that_another_user_may_not_read_is_an_error(public_folder: Path) -> None:
    """Nothing can be said about what is in it."""
    closed = public_folder / "closed"
    closed.mkdir(mode=0o700)

    with as_another_user(closed):
        result = run_sync("--spool-dir", str(closed))

    assert result.exit_code not in (0, None)
    assert "closed" in result.output


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A typo in a cron job must be seen."""
    result = run_sync("--spool-dir", str(tmp_path / "nosuch"))

    assert result.exit_code == 2
    assert "nosuch" in result.output


def test_what_was_refused_is_told_until_it_is_dealt_with(refused: str) -> None:
    """Not once only."""
    for options in ([], ["--list"], ["--output", "json"], []):
        result = run_sync(*options)

        assert result.exit_code == 1
        assert ".rejected" in result.output
        assert "refused" in result.output
    assert "4 entries" in diagnosis()["Spool"]
    assert "1 refused" in diagnosis()["Spool"]


def test_what_was_refused_is_sent_again_after_the_cause_was_mended(refused: str, local: RunyardClient) -> None:
    """The run is restored: all of it arrives, and nothing is left to tell. Before that it stays refused."""
    assert run_sync("--retry-rejected").exit_code == 1
    assert run_sync("--retry-rejected").exit_code == 1
    local.restore_run(refused)

    result = run_sync("--retry-rejected")

    assert result.exit_code == 0
    assert "4 delivered" in result.output
    assert not list(spool_folder().iterdir())
    assert len(local.get_metric_history(refused, "loss")) == 3
    assert local.get_run(refused).data.params == {"lr": "0.1"}
    assert run_sync().output == "Nothing was left behind.\n"
    assert diagnosis()["Spool"].endswith("nothing waits")


def test_lines_that_say_nothing_are_kept_when_the_others_are_sent_again(refused: str, local: RunyardClient) -> None:
    """A damaged line, or one of an older version that does not name its store."""
    (path,) = spool_folder().glob("*.rejected")
    with path.open("a") as file:
        file.write('{"reason": "damaged", "line": "??"}\nno json\n')
    local.restore_run(refused)

    result = run_sync("--retry-rejected")

    assert result.exit_code == 1
    assert len(local.get_metric_history(refused, "loss")) == 3
    (kept,) = json.loads(run_sync("--list", "--output", "json").output)["kept"]
    assert (kept["state"], kept["entries"]) == ("refused", 2)


def test_a_journal_whose_store_is_gone_holds_up_no_other(local: RunyardClient, tmp_path: Path) -> None:
    """It is named each time, until it is discarded."""
    run_id = local.create_run("0").info.run_id
    orphan = orphaned_journal(GONE, "b" * 32)
    strange = orphaned_journal("ftp://example.org/runs", "b" * 32)
    orphaned_journal(f"sqlite:///{tmp_path / 'runyard.db'}", run_id)

    result = run_sync()

    assert result.exit_code == 1
    assert len(local.get_metric_history(run_id, "loss")) == 3
    listed = {one["id"]: one["state"] for one in json.loads(run_sync("--list", "--output", "json").output)["kept"]}
    assert listed == {orphan.name: "store is gone", strange.name: "waiting"}

    done = run_sync("--discard", orphan.name, "--discard", strange.name)
    assert done.exit_code == 0
    assert orphan.name in done.output
    assert run_sync().exit_code == 0


def test_a_journal_with_an_error_of_its_own_does_not_block_others_of_its_store(
    local: RunyardClient, tmp_path: Path
) -> None:
    """Where what is refused cannot be noted, say, because another user ran the command before."""
    store = f"sqlite:///{tmp_path / 'runyard.db'}"
    deleted, run_id = (local.create_run("0").info.run_id for _ in range(2))
    local.delete_run(deleted)
    stuck = orphaned_journal(store, deleted)
    stuck.with_suffix(".rejected").mkdir()
    orphaned_journal(store, run_id)

    result = run_sync()

    assert result.exit_code == 1
    assert "Is a directory" in result.output
    assert len(local.get_metric_history(run_id, "loss")) == 3


def test_what_cannot_be_read_is_left_out_of_the_file(tmp_path: Path) -> None:
    """And named: the rest is written."""
    orphan = orphaned_journal(GONE, "b" * 32, 1)
    (orphan.parent / "odd.spool").mkdir()
    file = tmp_path / "out.jsonl"

    result = run_sync("--export", str(file))

    assert result.exit_code == 1
    assert "Left out odd.spool: Is a directory" in result.output
    assert len(file.read_text().splitlines()) == 2


def test_everything_that_waits_can_be_written_out(refused: str, tmp_path: Path) -> None:
    """Points, params and reasons, as JSON lines; nothing leaves the spool, and no file is overwritten."""
    orphan = orphaned_journal(GONE, "b" * 32, 1)
    file = tmp_path / "out.jsonl"

    result = run_sync("--export", str(file))

    assert result.exit_code == 0
    assert "6 entries" in result.output
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["store"] for line in lines if line["id"] == orphan.name] == [GONE] * 2
    assert {"id": orphan.name, "store": GONE, "entry": ["m", "b" * 32, "loss", 0.0, 1, 0]} in lines
    assert [line["entry"][0] for line in lines if "reason" in line] == ["m", "m", "m", "w"]
    assert orphan.exists()
    assert run_sync("--export", str(file)).exit_code == 1


def test_only_what_is_named_is_discarded(tmp_path: Path) -> None:
    """A wrong id is refused, and so is a journal that a process uses."""
    orphan = orphaned_journal(GONE, "b" * 32)
    journal = Journal(GONE)
    journal.append(change_line(LogParam(run_id="c" * 32, key="lr", value="1")))

    unknown, used = run_sync("--discard", "nosuch"), run_sync("--discard", journal.path.name)

    assert unknown.exit_code == 2
    assert "nosuch" in unknown.output
    assert used.exit_code == 1
    assert "process" in used.output
    assert orphan.exists()
    assert journal.path.exists()
    journal.discard()


def test_one_thing_at_a_time(tmp_path: Path) -> None:
    """Listing and discarding in one command could mean two things."""
    assert run_sync("--list", "--retry-rejected").exit_code == 2
    assert run_sync("--export", str(tmp_path / "x"), "--discard", "y").exit_code == 2
