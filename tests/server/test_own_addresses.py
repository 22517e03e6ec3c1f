"""Artifacts of runs whose location is a server's own address on the web: they are in its own store."""

import json
from pathlib import Path

import pytest

from runyard.artifacts.locations import open_location
from runyard.client import RunyardClient
from runyard.exceptions import InvalidParameter
from runyard.http.hosts import HostRules
from runyard.server.own_addresses import own_addresses
from runyard.server.settings import ServerSettings
from tests.support.http import Caller
from tests.support.postgres import free_port
from tests.support.server import RunningServer


class Prefixed(RunningServer):
    """A server below a path."""

    prefix = ""

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}{self.prefix}"


def test_an_address_is_accepted_again_only_where_it_was_reached() -> None:
    """A Host header is known again; one address of a machine says nothing of another."""
    rules = HostRules.of(ServerSettings(host="0.0.0.0", port=5000))
    for _ in range(2):
        assert rules.accept(b"10.0.0.5:5000", ("10.0.0.5", 5000))
        assert not rules.accept(b"10.0.0.5:5000", ("10.0.0.6", 5000))
        assert not rules.accept(b"10.0.0.5:5000", None)
        assert not rules.accept(b"example.com", ("10.0.0.5", 5000))


ROOT = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.mark.parametrize("prefix", ["", "/tracking"])
def test_artifacts_at_the_servers_own_address_are_reached(prefix: str, tmp_path: Path) -> None:
    """Listed, read, shown, downloaded and written, as who moves from MLflow with such experiments expects."""
    port = free_port()
    address = f"http://localhost:{port}{prefix}"
    options = ("--default-artifact-root", address + ROOT, "--static-prefix", prefix)
    home = tmp_path / "server"
    home.mkdir()
    server = Prefixed(home, f"sqlite:///{home / 'runyard.db'}", port=port, options=options)
    server.prefix = prefix
    try:
        server.start()
        client = RunyardClient(address)
        run_id = client.create_run("0").info.run_id
        client.log_text(run_id, "hello", "50%20 off?/c.txt")
        path = "50%2520%20off%3F/c.txt"

        assert address + ROOT == client.get_run(run_id).info.artifact_uri.partition("/0/")[0]  # type: ignore[union-attr]
        assert "hello" == Path(client.download_artifacts(run_id, "50%20 off?/c.txt")).read_text()
        with Caller(server.url) as caller:
            listed = f"{prefix}/api/2.0/mlflow/artifacts/list?run_id={run_id}&path={path[:-6]}"
            assert ["50%20 off?/c.txt"] == [f["path"] for f in json.loads(caller.request("GET", listed)[2])["files"]]
            assert b"hello" == caller.request("GET", f"{prefix}/get-artifact?run_id={run_id}&path={path}")[2]
            assert b"hello" in caller.request("GET", f"{prefix}/runs/{run_id}/artifacts?path={path}")[2]
            upload = f"{prefix}/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path=new.txt"
            assert 200 == caller.request("POST", upload, b"new")[0]
        assert "new" == Path(client.download_artifacts(run_id, "new.txt")).read_text()
    finally:
        server.kill()


@pytest.mark.parametrize(
    ("location", "own"),
    [
        ("http://127.0.0.1:5000/t" + ROOT + "/0/x", True),
        ("http://LOCALHOST:5000/t" + ROOT, True),
        ("http://[::1]:5000/t" + ROOT + "/0", True),
        ("https://mlflow.example.com/t" + ROOT + "/0", True),
        ("http://mlflow.example.com:5000/t" + ROOT + "/0", True),
        ("http://mlflow.example.com:8443/t" + ROOT + "/0", False),
        ("https://any.of.ours.org/t" + ROOT + "/0", True),
        ("https://ours.org/t" + ROOT + "/0", False),
        ("https://evilours.org/t" + ROOT + "/0", False),
        ("http://127.0.0.1:5001/t" + ROOT + "/0", False),
        ("http://127.0.0.1/t" + ROOT + "/0", False),
        ("http://127.0.0.1:5000" + ROOT + "/0", False),
        ("http://127.0.0.1:5000/t" + ROOT + "x/0", False),
        ("http://127.0.0.1:5000/t" + ROOT + "/0?x=1", False),
        ("http://user@127.0.0.1:5000/t" + ROOT + "/0", False),
        ("ftp://127.0.0.1:5000/t" + ROOT + "/0", False),
        ("http://10.1.2.3:5000/t" + ROOT + "/0", False),
        ("http://127.0.0.1:99999/t" + ROOT + "/0", False),
    ],
)
@pytest.mark.parametrize("star", [False, True])
def test_only_addresses_that_mean_this_very_server_are_its_own(
    location: str, own: bool, star: bool, tmp_path: Path
) -> None:
    """Other servers' files are neither shown as ours nor asked for; that any Host is answered says nothing here."""
    allowed = ["mlflow.example.com", "*.ours.org", "10.0.0.0/8", *(["*"] if star else [])]
    settings = ServerSettings(static_prefix="/t", allowed_hosts=allowed)
    places = (str(tmp_path), *own_addresses(settings))
    if own:
        store, _ = open_location(location, places)
        assert str(tmp_path) == str(getattr(store, "root", None))
        return
    with pytest.raises(InvalidParameter, match="not kept by this server"):
        open_location(location, places)


@pytest.mark.parametrize("path", ["..", "%2e%2e/x", "a/../../x", "%252e%252e", "a%5cb"])
def test_an_own_address_leads_nowhere_else(path: str, tmp_path: Path) -> None:
    """Its path is checked like any other that comes from outside."""
    settings = ServerSettings()
    places = (str(tmp_path), *own_addresses(settings))
    with pytest.raises(InvalidParameter, match="Invalid path"):
        open_location(f"http://127.0.0.1:5000{ROOT}/{path}", places)


@pytest.mark.parametrize(
    "path",
    [
        "/model-versions/get-artifact?name=m&version=1&path=../x",
        "/model-versions/get-artifact?name=nope&version=1&path=x",
        "/get-artifact?run_id=nope&path=../x",
        f"{ROOT}/../x",
        "/ajax-api/2.0/mlflow/logged-models/m-1/artifacts/files?artifact_file_path=../x",
        "/api/2.0/mlflow-artifacts/nowhere",
    ],
)
def test_errors_of_artifact_routes_are_json(path: str, server: RunningServer) -> None:
    """Programs ask them, whatever they are called."""
    with Caller(server.url) as caller:
        status, headers, body = caller.request("GET", path)

    assert status in (400, 404)
    assert headers["content-type"].startswith("application/json")
    assert {"error_code", "message"} <= set(json.loads(body))


@pytest.mark.parametrize("headers", [{}, {"Transfer-Encoding": "chunked"}])
def test_an_upload_without_a_body_is_refused(headers: dict[str, str], server: RunningServer) -> None:
    """As MLflow does: it is a form that was sent without its file."""
    with Caller(server.url) as caller:
        run_id = caller.new_run()
        address = f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path=x.txt"
        body = b"0\r\n\r\n" if headers else b""
        status, _, answer = caller.request("POST", address, body, headers)

        assert (400, True) == (status, b"no body" in answer)
        assert "files" not in caller.get(f"artifacts/list?run_id={run_id}")[1]
