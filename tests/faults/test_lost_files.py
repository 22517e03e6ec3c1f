"""The file of a database goes away while it is in use."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runyard.client import RunyardClient
from runyard.client.connection import close_all
from runyard.client.errors import Unreachable
from tests.client.reading import journals
from tests.faults import losses
from tests.faults.losses import LOSSES
from tests.support.http import Caller
from tests.support.programs import start_program
from tests.support.server import RunningServer


@pytest.mark.parametrize("way", range(len(LOSSES)), ids=[way.__name__ for way in LOSSES])
def test_a_lost_file_is_said_and_nothing_is_lost_silently(
    way: int, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs that "succeed" and exist nowhere cost days: new runs and reads fail, points wait in the journal."""
    monkeypatch.setenv("RUNYARD_OFFLINE_AFTER", "0.5")
    folder = tmp_path / "store"
    client = RunyardClient(f"sqlite:///{folder / 'runyard.db'}")
    run_id = client.create_run("0").info.run_id
    uri = client.tracking_uri
    losing = Path(losses.__file__).read_text()
    assert (0, "", "") == start_program(losing, str(way), uri.removeprefix("sqlite:///")).finish()

    for call in (lambda: client.create_run("0"), lambda: client.get_run(run_id), lambda: client.create_experiment("x")):
        with pytest.raises(Unreachable, match=r"deleted, moved or replaced.*Put the file back"):
            call()
    client.log_metric(run_id, "loss", 1.0)
    client.set_terminated(run_id)
    close_all()

    assert "deleted, moved or replaced" in caplog.text
    assert "2 logged entries could not be delivered" in caplog.text
    (kept,) = journals()
    assert '"loss"' in kept.read_text()


def test_a_file_that_is_put_back_is_used_again(tmp_path: Path) -> None:
    """A folder that was renamed for a moment stops nothing for good."""
    file = tmp_path / "runyard.db"
    client = RunyardClient(f"sqlite:///{file}")
    client.create_run("0")
    file.rename(tmp_path / "moved.db")
    with pytest.raises(Unreachable):
        client.create_run("0")
    (tmp_path / "moved.db").rename(file)

    assert client.create_run("0").info.status == "RUNNING"


def test_a_file_that_is_opened_by_two_addresses_loses_nothing(tmp_path: Path) -> None:
    """One process may spell the path of its store in two ways, while others read it: nobody takes its log away."""
    (tmp_path / "other").mkdir()
    uris = [f"sqlite:///{tmp_path}/runyard.db", f"sqlite:///{tmp_path}/other/../runyard.db"]
    clients = [RunyardClient(uri) for uri in uris]
    program = "import sys; from runyard.client import RunyardClient; RunyardClient(sys.argv[1]).search_runs(['0'])"
    runs = []
    for client in clients:
        runs.append(client.create_run("0").info.run_id)
        assert (0, "", "") == start_program(program, uris[0]).finish()
    runs.append(clients[0].create_run("0").info.run_id)
    close_all()

    assert set(runs) == {run.info.run_id for run in RunyardClient(uris[0]).search_runs(["0"])}


def test_a_server_whose_file_is_lost_says_so(start_server: Callable[..., RunningServer]) -> None:
    """With 503: clients keep what they log until the server has its file again."""
    server = start_server()
    (server.folder / "runyard.db").unlink()
    with Caller(server.url) as caller:
        for path, body in (("runs/create", {"experiment_id": "0"}), ("experiments/search", {"max_results": 5})):
            status, answer = caller.post(path, body)

            assert (status, answer["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
            assert "deleted, moved or replaced" in answer["message"]
