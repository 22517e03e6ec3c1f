"""Locations of artifacts that came with a request: text for clients, never something this server opens."""

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.http import Caller
from tests.support.server import RunningServer

SECRET = b"the secret"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Somebody to connect to, who is never connected to."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        yield listening
        with pytest.raises(TimeoutError):
            listening.accept()


@pytest.fixture
def elsewhere(server: RunningServer) -> Path:
    """A folder of the server's machine that is not its store, with something to read."""
    folder = server.folder / "elsewhere"
    folder.mkdir(exist_ok=True)
    (folder / "secret.txt").write_bytes(SECRET)
    return folder


def everything(folder: Path) -> set[str]:
    """All contents of a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_server_never_opens_foreign_location(
    server: RunningServer, caller: Caller, listener: socket.socket, elsewhere: Path
) -> None:
    """Listing, reading and writing answer INVALID, and neither disk nor network is touched."""
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    locations = [
        str(elsewhere),
        f"file://{elsewhere}",
        f"file://localhost{elsewhere}",
        str(server.folder),
        "/",
        "/etc",
        f"http://{address}/x",
        f"http://{address}/api/2.0/mlflow-artifacts/artifacts/0",
        "s3://bucket/x",
        "gs://bucket",
    ]
    before = everything(elsewhere)
    for number, location in enumerate(locations):
        created = {"name": f"{location} {number}", "artifact_location": location}
        experiment_id = str(caller.call("experiments/create", created)["experiment_id"])
        run_id = caller.new_run(experiment_id)

        for method, path in (
            ("GET", f"/api/2.0/mlflow/artifacts/list?run_id={run_id}"),
            ("GET", f"/api/2.0/mlflow/artifacts/list?run_id={run_id}&path=sub"),
            ("GET", f"/get-artifact?run_id={run_id}&path=secret.txt"),
            ("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path=new.txt"),
        ):
            status, _, body = caller.request(method, path, b"new" if method == "POST" else None)
            assert (400, "INVALID_PARAMETER_VALUE") == (status, json.loads(body)["error_code"]), (location, body)
            assert str(server.folder).encode() not in body

        status, _, page = caller.request("GET", f"/runs/{run_id}/artifacts?path=secret.txt")
        assert (200, False) == (status, SECRET in page)
    assert before == everything(elsewhere)


def test_proxied_location_with_a_host_is_looked_up_in_our_own_store(caller: Caller, listener: socket.socket) -> None:
    """As MLflow does: the host may be a name of ours, and other servers are not asked."""
    location = f"mlflow-artifacts://127.0.0.1:{listener.getsockname()[1]}/hosted"
    created = caller.call("experiments/create", {"name": "hosted", "artifact_location": location})
    run_id = caller.new_run(created["experiment_id"])
    caller.request("PUT", f"/api/2.0/mlflow-artifacts/artifacts/hosted/{run_id}/artifacts/a.txt", b"hello")

    assert ["a.txt"] == [file["path"] for file in caller.get(f"artifacts/list?run_id={run_id}")[1]["files"]]


def test_run_cannot_borrow_the_store_by_a_link(server: RunningServer, caller: Caller, elsewhere: Path) -> None:
    """A folder of the store may have become a link since the experiment was made."""
    run_id = caller.new_run(caller.new_experiment("linked"))
    folder = (
        server.folder / "runyard-artifacts" / caller.get(f"runs/get?run_id={run_id}")[1]["run"]["info"]["experiment_id"]
    )
    (folder / run_id).mkdir(parents=True)
    (folder / run_id / "artifacts").symlink_to(elsewhere)

    assert "files" not in caller.get(f"artifacts/list?run_id={run_id}")[1]
    assert 404 == caller.request("GET", f"/get-artifact?run_id={run_id}&path=secret.txt")[0]
    upload = f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path=new.txt"
    assert 400 == caller.request("POST", upload, b"new")[0]
    assert {"secret.txt"} == everything(elsewhere)


@pytest.mark.parametrize(
    "location",
    [
        "http:///?/../../etc",
        "http://host/x?../../etc",
        "http://host/x#/../../etc",
        "http://host/x;/../../etc",
        "s3://bucket/../x",
        "s3://bucket/%2e%2e/x",
        "s3://bucket/%252e%252e/x",
        "mlflow-artifacts:/../../etc",
        "mlflow-artifacts:/%2e%2e/etc",
        "mlflow-artifacts:/a\\..\\b",
        "../../etc",
        "//host/share",
        "file://host/etc",
        "file:///etc/../etc",
        "javascript:alert(1)",
        "data:text/html,x",
        "runs:/x",
        "http://user:password@host/x",
        "/etc/\0",
        "a\nb",
    ],
)
def test_odd_locations(caller: Caller, location: str) -> None:
    """Refused when they are given, so that nobody need wonder later."""
    status, answer = caller.post("experiments/create", {"name": f"odd {location!r}", "artifact_location": location})

    assert (400, "INVALID_PARAMETER_VALUE") == (status, answer["error_code"])


def test_local_root_of_the_server_is_its_own(start_server: Callable[..., RunningServer], tmp_path: Path) -> None:
    """A folder given as --default-artifact-root, through a link even, is listed, read and not left."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "secret.txt").write_bytes(SECRET)
    server = start_server("--default-artifact-root", str(tmp_path / "link"))
    with Caller(server.url) as caller:
        run = caller.call("runs/create", {"experiment_id": "0"})["run"]["info"]
        folder = Path(run["artifact_uri"])
        assert folder.is_relative_to(tmp_path / "link")
        folder.mkdir(parents=True)
        (folder / "a.txt").write_text("hello")
        (folder / "out").symlink_to(tmp_path)

        assert ["a.txt"] == [file["path"] for file in caller.get(f"artifacts/list?run_id={run['run_id']}")[1]["files"]]
        for path, status in (("a.txt", 200), ("out/secret.txt", 404), (quote("../../../secret.txt"), 400)):
            assert status == caller.request("GET", f"/get-artifact?run_id={run['run_id']}&path={path}")[0]
