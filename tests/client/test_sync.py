"""`runyard sync`: what it delivers, what it says, and how it ends."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runyard.cli.sync import sync
from runyard.client import RunyardClient, orphans
from runyard.client.journal import Journal, change_line, point_line, settled_line, spool_folder
from runyard.tracking.runs.messages import LogParam
from tests.client.scripted import Answer, ScriptedServer
from tests.support.server import RunningServer


def run_sync(*options: str) -> Result:
    """The command, as a user gives it."""
    return CliRunner().invoke(sync, options)


def orphaned_journal(address: str, run_id: str, count: int = 3) -> Path:
    """A journal whose process is gone: points, then a param."""
    journal = Journal(address)
    for step in range(count):
        journal.append(point_line(run_id, "loss", step / 2, 1, step))
    journal.append(change_line(LogParam(run_id=run_id, key="lr", value="0.1")))
    journal.close()
    return journal.path


def test_a_journal_with_nothing_left_goes_without_its_store(tmp_path: Path) -> None:
    """Its process was killed between the last delivery and the removal of the file."""
    path = orphaned_journal(f"sqlite:///{tmp_path / 'gone.db'}", "a" * 32)
    with path.open("ab") as file:
        file.write(settled_line(path.stat().st_size))

    listed, delivered = run_sync("--list"), run_sync()

    assert (listed.exit_code, delivered.exit_code) == (0, 0)
    assert listed.output == delivered.output == "Nothing was left behind.\n"
    assert not path.exists()


def test_nothing_to_do_is_success() -> None:
    """Also when no journal was ever written."""
    result = run_sync()

    assert (result.exit_code, result.output) == (0, "Nothing was left behind.\n")


def test_copies_of_killed_processes_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was being copied fills the disk for ever otherwise; one that is being copied now is left alone."""
    spool_folder().mkdir()
    copy = spool_folder() / "0123456789abcdef.partial"
    copy.write_bytes(b"half a f")
    assert run_sync().exit_code == 0
    assert copy.exists()

    monkeypatch.setattr(orphans, "MAX_COPY_SECONDS", 0.0)

    assert run_sync().exit_code == 0
    assert not list(spool_folder().iterdir())


def test_every_store_gets_its_own(local: RunyardClient, server: RunningServer, tmp_path: Path) -> None:
    """Counts by journal; the files are gone; again is harmless."""
    remote = RunyardClient(server.url)
    here, there = local.create_run("0").info.run_id, remote.create_run("0").info.run_id
    orphaned_journal(f"sqlite:///{tmp_path / 'runyard.db'}", here)
    orphaned_journal(server.url, there, 2500)

    result = run_sync()

    assert result.exit_code == 0
    assert "4 delivered, done" in result.output
    assert "2501 delivered, done" in result.output
    assert not list(spool_folder().iterdir())
    for client, run_id, count in ((local, here, 3), (remote, there, 2500)):
        assert len(client.get_metric_history(run_id, "loss")) == count
        assert client.get_run(run_id).data.params == {"lr": "0.1"}
    assert run_sync().exit_code == 0


def test_json_says_the_same(server: RunningServer) -> None:
    """For scripts."""
    run_id = RunyardClient(server.url).create_run("0").info.run_id
    path = orphaned_journal(server.url, run_id)

    assert json.loads(run_sync("--output", "json").output) == {
        "journals": [
            {
                "journal": str(path),
                "store": server.url,
                "delivered": 4,
                "rejected": 0,
                "rejects": None,
                "problem": None,
            }
        ],
        "in_use": 0,
        "kept": [],
    }


def test_a_server_that_is_still_down_is_named_and_nothing_is_lost(
    start_server: Callable[..., RunningServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends with 1; the next try delivers."""
    monkeypatch.setattr("runyard.client.orphans.TIMEOUT", 0.3)
    server = start_server()
    run_id = RunyardClient(server.url).create_run("0").info.run_id
    orphaned_journal(server.url, run_id)
    orphaned_journal(server.url, run_id, 5)
    server.kill()

    result = run_sync()
    assert result.exit_code == 1
    assert result.output.count("refused") == 2
    server.start()

    assert run_sync().exit_code == 0
    assert len(RunyardClient(server.url).get_metric_history(run_id, "loss")) == 5


def test_what_the_store_refuses_is_kept_aside(local: RunyardClient, tmp_path: Path) -> None:
    """With the reason; it is not tried again."""
    run_id = local.create_run("0").info.run_id
    local.log_param(run_id, "lr", 7)
    path = orphaned_journal(f"sqlite:///{tmp_path / 'runyard.db'}", run_id)

    result = run_sync()

    assert result.exit_code == 1
    assert "3 delivered, 1 refused" in result.output
    (kept,) = [json.loads(line) for line in path.with_suffix(".rejected").read_text().splitlines()]
    assert kept["entry"] == ["w", "log_param", {"run_id": run_id, "key": "lr", "value": "0.1"}]
    assert "lr" in kept["reason"]


def test_a_database_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    """An empty one would refuse everything; the journal stays for when it is back."""
    path = orphaned_journal(f"sqlite:///{tmp_path / 'moved.db'}", "a" * 32)

    result = run_sync()

    assert result.exit_code == 1
    assert "not there any more" in result.output
    assert path.exists()
    assert not (tmp_path / "moved.db").exists()


def test_delivery_goes_on_where_it_stopped(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was taken before the server failed is not sent again."""
    monkeypatch.setattr("runyard.client.orphans.TIMEOUT", 0.0)
    orphaned_journal(scripted.url, "a" * 32, 5)
    scripted.answers = [Answer(), Answer(503)]
    assert run_sync().exit_code == 1
    before = len(scripted.asked)

    assert run_sync().exit_code == 0
    assert [asked.path.rpartition("/")[2] for asked in scripted.asked[before:]] == ["log-parameter"]


def test_credentials_come_from_the_tracking_uri(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal holds none; the address that is configured may."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", scripted.url.replace("http://", "http://ann:pw@"))
    path = orphaned_journal(scripted.url, "a" * 32)
    assert b"pw" not in path.read_bytes()

    assert run_sync().exit_code == 0
    assert {asked.headers["Authorization"] for asked in scripted.asked} == {"Basic YW5uOnB3"}


def test_journals_in_use_are_counted_and_left_alone(scripted: ScriptedServer, tmp_path: Path) -> None:
    """Another folder can be named."""
    journal = Journal(scripted.url)
    journal.append(point_line("a" * 32, "loss", 1.0, 1, 1))

    assert "Journals in use: 1." in run_sync().output
    (tmp_path / "empty").mkdir()
    assert run_sync("--spool-dir", str(tmp_path / "empty")).output == "Nothing was left behind.\n"
    assert scripted.asked == []
    journal.discard()
