"""What the SDK records of a run's start: in the background, whole where it can be had, and without secrets."""

import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest

from runyard.client import RunyardClient
from runyard.fluent import facts, recording
from runyard.tracking.origins.messages import Origin
from tests.client.scripted import Answer, ScriptedServer
from tests.fluent import programs
from tests.fluent.test_origin import git

HEAD = "print('one')\n"


@pytest.fixture
def recorded(mlflow: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module, recording anew."""
    monkeypatch.delenv("RUNYARD_LOG_ORIGIN")
    monkeypatch.setattr(recording, "_recorder", recording._Recorder())
    recording._recorder.hurry.set()
    return mlflow


def finished() -> None:
    """Wait for what is recorded in the background."""
    thread = recording._recorder.thread
    if thread is not None:
        thread.join(60)


def origin_of(mlflow: ModuleType) -> tuple[str, Origin]:
    """Start and end a run: its id, and what was recorded."""
    with mlflow.start_run() as run:
        pass
    finished()
    return run.info.run_id, mlflow.RunyardClient().get_run_origin(run.info.run_id)


def a_repository(folder: Path) -> Path:
    """A repository with two committed files and uncommitted changes of every kind."""
    git(folder, "init", "--quiet", ".")
    (folder / "src").mkdir()
    (folder / "src" / "train.py").write_text(HEAD)
    (folder / "my-secret.txt").write_text("old\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "one")
    (folder / "src" / "train.py").write_text(f"{HEAD}print('two')\n")
    (folder / "my-secret.txt").write_text("hunter2\n")
    (folder / ".env").write_text("TOKEN=hunter2\n")
    (folder / "new.bin").write_bytes(bytes(range(256)) * 8)
    (folder / "new.txt").write_text("new\n")
    (folder / "latin.txt").write_bytes("größe\n".encode("latin-1"))
    (folder / "large.csv").write_text("1\n" * 200_000)
    return folder


def test_a_program_in_a_repository_can_be_made_again(
    recorded: ModuleType, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its commit is among the tags, the rest is a patch that applies; secrets and large files are only named."""
    (store / "spam").mkdir()
    folder = a_repository(store / "spam")
    monkeypatch.setattr("sys.argv", [str(folder / "src" / "train.py")])
    monkeypatch.chdir(folder / "src")
    run_id, origin = origin_of(recorded)

    tags = recorded.get_run(run_id).data.tags
    assert tags["mlflow.source.git.commit"] == git(folder, "rev-parse", "HEAD")
    assert (origin.folder, origin.below) == (str(folder / "src"), "src")
    patch = origin.patch or ""
    assert "hunter2" not in patch
    named = {line.removeprefix("# not contained: ") for line in patch.splitlines() if line.startswith("# ")}
    assert named == {".env", "my-secret.txt", "large.csv", "latin.txt"}
    clone = tmp_path / "clone"
    git(store, "clone", "--quiet", str(folder), str(clone))
    subprocess.run(["git", "-C", clone, "apply", "-"], input=patch.encode(), check=True)
    for name in ("src/train.py", "new.bin", "new.txt"):
        assert (clone / name).read_bytes() == (folder / name).read_bytes()
    assert git(folder, "status", "--porcelain").count("??") == 5, "the user's index is as it was"


def test_python_packages_and_machine_are_recorded(recorded: ModuleType) -> None:
    """As they are here; a second run shares them."""
    _, origin = origin_of(recorded)
    _, second = origin_of(recorded)

    assert origin.python.startswith(".".join(map(str, sys.version_info[:3])))
    assert any(line.startswith("pytest==") for line in origin.packages)
    assert origin.command[1:] == facts._command()[1:]
    assert all((origin.cores, origin.memory, origin.host, origin.processor, origin.platform))
    assert origin.patch is None, "the folder is in no repository"
    assert (origin.environment, origin.machine) == (second.environment, second.machine)


def test_recording_can_be_switched_off(recorded: ModuleType, monkeypatch: pytest.MonkeyPatch, store: Path) -> None:
    """All of it, or the changes alone."""
    a_repository(store)
    monkeypatch.setattr("sys.argv", [""])
    monkeypatch.setenv("RUNYARD_LOG_PATCH", "false")
    _, without_patch = origin_of(recorded)
    monkeypatch.setenv("RUNYARD_LOG_ORIGIN", "false")
    _, nothing = origin_of(recorded)

    assert without_patch.patch is None
    assert without_patch.packages
    assert nothing == Origin(run_id=nothing.run_id)


def test_facts_that_cannot_be_had_fail_no_run(
    recorded: ModuleType, monkeypatch: pytest.MonkeyPatch, store: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A folder that was removed, no git program, a fault of ours: the others are recorded, and nothing is said."""
    a_repository(store)
    monkeypatch.setenv("PATH", "")

    def fails() -> list[str]:
        raise RuntimeError("odd")

    monkeypatch.setitem(facts._FACTS, "packages", fails)
    _, origin = origin_of(recorded)

    assert origin.patch in (None, "")
    assert not origin.packages
    assert origin.python
    assert capfd.readouterr().err == ""


def test_a_short_program_and_its_forked_children_are_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends before anything was gathered, and the end waits a moment; a child records the runs it starts itself."""
    monkeypatch.delenv("RUNYARD_LOG_ORIGIN")
    body = """
    with mlflow.start_run():
        if (child := os.fork()) == 0:
            mlflow.start_run(nested=True)
            sys.exit()
        os.waitpid(child, 0)
    """
    code, _, errors = programs.finish(programs.start(tmp_path, body))

    assert (code, errors) == (0, "")
    client = RunyardClient(f"sqlite:///{tmp_path / 'runyard.db'}")
    runs = client.search_runs(["0"])
    assert len(runs) == 2
    assert all(client.get_run_origin(run.info.run_id).packages for run in runs)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(404, b"<html>Not Found</html>"),
        Answer.error(404, "ENDPOINT_NOT_FOUND", "no"),
        Answer.error(400, "INVALID_PARAMETER_VALUE", "no"),
    ],
)
def test_a_server_that_does_not_take_it_is_left_alone(answer: Answer, tmp_path: Path, mlflow: ModuleType) -> None:
    """As MLflow's: nothing is set aside, nothing is said, and what is logged afterwards arrives."""
    server = ScriptedServer()
    try:
        client = mlflow.RunyardClient(server.url)
        server.answers = [answer]
        recording._send([recording._Wanted(client, "a" * 32)], {"python": "3"})
        client.log_metric("a" * 32, "m", 1)
        client.connection.flush()
        paths = [asked.path.rpartition("/")[2] for asked in server.asked]
        assert paths == ["note-origin", "log-batch"]
        assert not list((tmp_path / "spool").glob("*.rejected"))
    finally:
        server.close()


def test_recording_does_not_hold_up_the_start(recorded: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run goes on, and ends, while its origin is still being gathered."""
    going_on = threading.Event()
    monkeypatch.setattr(facts, "gathered", lambda: {"python": str(going_on.wait(60))})
    with recorded.start_run() as run:
        recorded.log_metric("m", 1)
    going_on.set()
    finished()
    assert recorded.RunyardClient().get_run_origin(run.info.run_id).python == "True"
