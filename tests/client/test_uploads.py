"""Files logged while the store is away: kept as they were, delivered once, in order, whatever ends the process."""

import json
import os
from pathlib import Path

import pytest

from runyard.client import RunyardClient, buffer
from runyard.client.connection import close_all
from runyard.client.errors import Unreachable
from runyard.client.journal import spool_folder
from runyard.exceptions import InvalidParameter, StorageFull
from tests.client.reading import journals, steps
from tests.client.test_sync import run_sync
from tests.support.programs import start_program
from tests.support.server import RunningServer

pytestmark = pytest.mark.slow

LOGS_AND_DIES = (
    "import os, sys; from runyard.client import RunyardClient\n"
    "client = RunyardClient(sys.argv[1])\n"
    "client.log_metric(sys.argv[2], 'loss', 1.0)\n"
    "client.log_text(sys.argv[2], 'first', 'a/note.txt')\n"
    "client.log_artifact(sys.argv[2], sys.argv[3])\n"
    "client.log_text(sys.argv[2], 'second', 'a/note.txt')\n"
    "client.log_param(sys.argv[2], 'after', 1)\n"
    "if sys.argv[4] == 'kill': os.kill(os.getpid(), 9)\n"
)


def read(client: RunyardClient, run_id: str, path: str) -> str:
    """The text of an artifact."""
    return Path(client.download_artifacts(run_id, path)).read_text()


def waiting() -> list[Path]:
    """Everything in the spool folder."""
    return list(spool_folder().rglob("*"))


@pytest.fixture
def server_and_run(mortal: RunningServer) -> tuple[RunningServer, str]:
    """A server that went away after a run was made."""
    run_id = RunyardClient(mortal.url).create_run("0").info.run_id
    mortal.kill()
    return mortal, run_id


def test_files_of_an_outage_arrive_as_they_were(server_and_run: tuple[RunningServer, str], tmp_path: Path) -> None:
    """Changed or removed afterwards, logged twice to one path, or a whole folder: the content at the call counts."""
    server, run_id = server_and_run
    client = RunyardClient(server.url)
    folder = tmp_path / "outputs"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a.txt").write_text("a")
    (folder / "b.txt").write_text("b")
    link = tmp_path / "link.txt"
    link.symlink_to(folder / "b.txt")

    client.log_metric(run_id, "loss", 1.0, step=1)
    client.log_artifact(run_id, folder / "b.txt", "one")
    client.log_artifact(run_id, link)
    client.log_artifacts(run_id, folder, "all")
    (folder / "b.txt").write_text("changed")
    client.log_artifact(run_id, folder)
    client.log_text(run_id, "old", "note.txt")
    client.log_text(run_id, "new", "note.txt")
    client.log_dict(run_id, {"x": 1}, "conf.json")
    client.log_param(run_id, "lr", 1)
    client.set_terminated(run_id)
    (folder / "b.txt").unlink()
    server.start()

    assert client.get_run(run_id).info.status == "FINISHED"
    found = {path: read(client, run_id, path) for path in ("one/b.txt", "link.txt", "all/b.txt", "all/deep/a.txt")}
    assert found == {"one/b.txt": "b", "link.txt": "b", "all/b.txt": "b", "all/deep/a.txt": "a"}
    assert read(client, run_id, "outputs/b.txt") == "changed"
    assert read(client, run_id, "note.txt") == "new"
    assert json.loads(read(client, run_id, "conf.json")) == {"x": 1}
    assert steps(client, run_id) == [1]
    close_all()
    assert not waiting()


@pytest.mark.parametrize("ending", ["kill", "exit"])
def test_files_outlive_their_process(server_and_run: tuple[RunningServer, str], tmp_path: Path, ending: str) -> None:
    """Killed, or ended while the server was away: `runyard sync` delivers them, once."""
    server, run_id = server_and_run
    big = tmp_path / "big.bin"
    big.write_bytes(os.urandom(300_000))
    content = big.read_bytes()

    code, _, errors = start_program(LOGS_AND_DIES, server.url, run_id, str(big), ending).finish()
    big.unlink()
    assert code == (-9 if ending == "kill" else 0)
    assert ending == "kill" or "runyard sync" in errors
    assert run_sync().exit_code == 1
    server.start()

    assert run_sync().exit_code == 0
    client = RunyardClient(server.url)
    assert Path(client.download_artifacts(run_id, "big.bin")).read_bytes() == content
    assert read(client, run_id, "a/note.txt") == "second"
    assert client.get_run(run_id).data.params == {"after": "1"}
    assert not waiting()


def test_the_next_start_delivers_files_too(server_and_run: tuple[RunningServer, str], tmp_path: Path) -> None:
    """Without anybody asking for it."""
    server, run_id = server_and_run
    (tmp_path / "f").write_text("f")
    start_program(LOGS_AND_DIES, server.url, run_id, str(tmp_path / "f"), "kill").finish()
    server.start()

    script = (
        "import sys, threading; from runyard.client import RunyardClient\n"
        "RunyardClient(sys.argv[1]).search_runs(['0'])\n"
        "for thread in threading.enumerate():\n"
        "    if thread.name == 'runyard-orphans': thread.join()\n"
    )
    code, _, errors = start_program(script, server.url).finish()
    assert code == 0, errors

    assert read(RunyardClient(server.url), run_id, "a/note.txt") == "second"
    assert not waiting()


def test_more_than_the_spool_may_hold_is_refused(
    server_and_run: tuple[RunningServer, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the setting to change; all of a folder or nothing, and what was logged before stays."""
    monkeypatch.setenv("RUNYARD_SPOOL_FILES_LIMIT", "1000")
    server, run_id = server_and_run
    client = RunyardClient(server.url)
    client.log_text(run_id, "x" * 600, "kept.txt")
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / name).write_text("x" * 300)

    with pytest.raises(StorageFull, match="RUNYARD_SPOOL_FILES_LIMIT"):
        client.log_artifacts(run_id, folder)
    client.log_text(run_id, "x" * 300, "fits.txt")
    server.start()

    client.connection.flush()
    assert sorted(file.path for file in client.list_artifacts(run_id)) == ["fits.txt", "kept.txt"]


def test_what_can_never_be_stored_is_refused_at_once(server_and_run: tuple[RunningServer, str]) -> None:
    """Also offline: a file that is not there, a path that leads out."""
    server, run_id = server_and_run
    client = RunyardClient(server.url)

    with pytest.raises(InvalidParameter, match="nosuch"):
        client.log_artifact(run_id, "nosuch")
    with pytest.raises(InvalidParameter):
        client.log_text(run_id, "x", "../../x")
    assert not [path for path in waiting() if path.suffix not in (".spool", "")]


def test_refused_files_are_kept_and_sent_again(server_and_run: tuple[RunningServer, str], tmp_path: Path) -> None:
    """The run was deleted meanwhile; after it was restored they arrive."""
    server, run_id = server_and_run
    RunyardClient(server.url).log_text(run_id, "text", "note.txt")
    close_all()
    server.start()
    client = RunyardClient(server.url)
    client.delete_run(run_id)
    run_sync()
    assert [path.suffix for path in spool_folder().iterdir()].count(".rejected") <= 1
    client.restore_run(run_id)

    assert run_sync("--retry-rejected").exit_code == 0
    assert read(client, run_id, "note.txt") == "text"
    assert not waiting()


def test_files_of_a_run_that_never_was_are_exported_and_discarded(
    server_and_run: tuple[RunningServer, str], tmp_path: Path
) -> None:
    """The copy is named, and goes only when it is thrown away."""
    server, _ = server_and_run
    RunyardClient(server.url).log_text("b" * 32, "text", "note.txt")
    close_all()
    server.start()

    assert run_sync().exit_code == 1
    run_sync("--export", str(tmp_path / "out.jsonl"))
    (line,) = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert Path(line["file"]).read_text() == "text"
    assert run_sync("--retry-rejected").exit_code == 1
    (kept,) = json.loads(run_sync("--list", "--output", "json").output)["kept"]

    assert run_sync("--discard", kept["id"]).exit_code == 0
    assert not waiting()


def test_files_move_along_to_a_new_journal(
    server_and_run: tuple[RunningServer, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long runs begin a new journal now and then; their files are none the worse."""
    monkeypatch.setattr(buffer, "MAX_JOURNAL_BYTES", 0)
    server, run_id = server_and_run
    client = RunyardClient(server.url)
    for number in range(5):
        client.log_text(run_id, str(number), f"{number}.txt")
    server.start()

    client.connection.flush()
    assert [read(client, run_id, f"{number}.txt") for number in range(5)] == list("01234")
    close_all()
    assert not waiting()
    assert not journals()


def test_what_a_worker_logs_waits_for_the_start_of_its_run(
    mortal: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers log to a run that their parent started offline; its journal may be delivered last."""
    server = mortal
    server.kill()
    run = RunyardClient(server.url).begin_run("0")
    script = (
        "import sys; from runyard.client import RunyardClient\n"
        "client = RunyardClient(sys.argv[1])\n"
        "client.log_metric(sys.argv[2], 'inner', 1.0)\n"
        "client.log_text(sys.argv[2], 'inner', 'inner.txt')\n"
    )
    code, _, errors = start_program(script, server.url, run.info.run_id).finish()
    assert code == 0, errors
    with monkeypatch.context() as held_up:
        held_up.setattr(buffer, "deliver", _not_now)
        server.start()
        assert run_sync().exit_code == 1
    assert not list(spool_folder().glob("*.rejected"))

    client = RunyardClient(server.url)
    client.connection.flush()
    assert run_sync().exit_code == 0
    assert client.get_run(run.info.run_id).data.metrics == {"inner": 1.0}
    assert read(client, run.info.run_id, "inner.txt") == "inner"


def _not_now(*_: object) -> None:
    """The parent is slow."""
    raise Unreachable("not now")
