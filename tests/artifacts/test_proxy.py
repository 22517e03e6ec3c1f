"""Transfers through a server, when the server or the way to it does not behave."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from runyard.artifacts.resolve import repository_for
from runyard.artifacts.schemes.proxy import ProxyRepository
from runyard.artifacts.transfers import download_artifacts, log_artifact, log_artifacts
from runyard.exceptions import InvalidParameter, RunyardException, Unavailable
from tests.artifacts.servers import CuttingRelay, Told, ToldServer
from tests.support.server import RunningServer

Relay = Callable[..., CuttingRelay]
ToldOnes = Callable[..., ToldServer]

MB = 2**20
BUSY = Told(503, b'{"error_code": "TEMPORARILY_UNAVAILABLE", "message": "busy"}')
CONTENT = bytes(range(256)) * 4096 * 5


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """A file to store."""
    path = tmp_path / "file.bin"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def stored(server: RunningServer, local: Path) -> str:
    """The path of a folder in the server's store that holds the file."""
    root = f"0/{uuid4().hex}/artifacts"
    log_artifact(ProxyRepository(server.url, root), str(local))
    return root


def test_upload_is_sent_again(told: ToldOnes, local: Path) -> None:
    """All of it, and progress is taken back, so that it ends where it should."""
    server, progress = told(BUSY, Told(500, b"<html>"), Told(200, b"")), list[int]()

    log_artifact(ProxyRepository(server.url, "0/x"), str(local), progress=progress.append)

    assert [CONTENT] * 3 == [request.body for request in server.asked]
    assert len(CONTENT) == sum(progress)


def test_server_may_ask_to_wait(told: ToldOnes, local: Path) -> None:
    """Retry-After is what the server knows better."""
    server, began = told(Told(503, b"{}", {"Retry-After": "1"})), time.monotonic()

    log_artifact(ProxyRepository(server.url, "0/x"), str(local))

    assert 1 <= time.monotonic() - began < 10


def test_upload_goes_where_it_is_sent(told: ToldOnes, local: Path) -> None:
    """A redirect, by a proxy that knows a better address; the body goes along."""
    final = told(Told(200, b""))
    first = told(Told(307, b"", {"Location": f"{final.url}/else/where"}))

    log_artifact(ProxyRepository(first.url, "0/x"), str(local))

    assert [("PUT", "/else/where", CONTENT)] == [(each.method, each.path, each.body) for each in final.asked]


def test_refusal_is_not_repeated(told: ToldOnes, local: Path) -> None:
    """It is the server's own error, at once; the other files of a folder are not sent any more."""
    refusal = Told(507, b'{"error_code": "RESOURCE_EXHAUSTED", "message": "The disk is full."}')
    server = told(*[refusal] * 100)
    folder = local.parent / "folder"
    folder.mkdir()
    for number in range(50):
        (folder / f"{number}.txt").write_text("x")

    with pytest.raises(RunyardException, match="The disk is full") as problem:
        log_artifacts(ProxyRepository(server.url, "0/x"), str(folder))

    assert "RESOURCE_EXHAUSTED" == problem.value.error_code
    assert len(server.asked) < 50


def test_giving_up_names_the_server(told: ToldOnes, local: Path) -> None:
    """After as many tries as the settings allow, and when nobody is there at all."""
    server = told(*[BUSY] * 9)

    with pytest.raises(Unavailable, match="busy") as problem:
        log_artifact(ProxyRepository(server.url, "0/x"), str(local))

    assert server.url in problem.value.message
    assert 4 == len(server.asked)
    with pytest.raises(Unavailable, match=r"127.0.0.1:1 .*refused"):
        log_artifact(ProxyRepository("http://127.0.0.1:1", "0/x"), str(local))


@pytest.mark.parametrize("cut", [1, 20, 60, 100, 150])
def test_upload_over_a_cut_connection(server: RunningServer, relay: Relay, local: Path, cut: int) -> None:
    """The answer is lost, not the file."""
    root = f"0/{uuid4().hex}/artifacts"

    log_artifact(ProxyRepository(relay(cut).url, root), str(local))

    assert CONTENT == b"".join(ProxyRepository(server.url, root).read("file.bin"))


def test_download_goes_on_where_it_was_cut(relay: Relay, stored: str, tmp_path: Path) -> None:
    """Three times in a row, each byte fetched about once."""
    cutting, progress = relay(1_000_000, 2_000_000, 100), list[int]()

    path = download_artifacts(ProxyRepository(cutting.url, stored), "file.bin", str(tmp_path / "to"), progress.append)

    assert CONTENT == Path(path).read_bytes()
    assert len(CONTENT) == sum(progress)
    assert 4 <= cutting.connections <= 5


def test_listing_over_a_cut_connection(relay: Relay, stored: str) -> None:
    """Wherever it is cut, in the first line, in the headers or in the body."""
    for cut in range(1, 320, 11):
        found = ProxyRepository(relay(cut).url, stored).list()
        assert ["file.bin"] == [info.path for info in found], cut


def test_download_that_never_gets_on_is_given_up(relay: Relay, stored: str, tmp_path: Path) -> None:
    """No part of the file is left behind."""
    cutting = relay(1_000_000, *[450] * 30)

    with pytest.raises(Unavailable, match="could not transfer"):
        download_artifacts(ProxyRepository(cutting.url, stored), "file.bin", str(tmp_path / "to"))

    assert [] == list((tmp_path / "to").iterdir())


def test_download_never_mixes_two_versions(server: RunningServer, relay: Relay, stored: str, local: Path) -> None:
    """The file is replaced after the connection was cut: that is an error, not a file of both."""
    pieces = ProxyRepository(relay(1_000_000).url, stored).read("file.bin")
    first = next(pieces)
    local.write_bytes(CONTENT[::-1])
    log_artifact(ProxyRepository(server.url, stored), str(local))

    with pytest.raises(Unavailable, match="changed while"):
        b"".join((first, *pieces))


def test_file_that_grows_while_it_is_sent(server: RunningServer, tmp_path: Path) -> None:
    """A log that training still writes: what it had at the beginning is stored."""
    log, stop, root = tmp_path / "train.log", threading.Event(), f"0/{uuid4().hex}/artifacts"
    log.write_bytes(b"x" * MB)

    def write() -> None:
        with log.open("ab") as file:
            while not stop.wait(0.0002):  # written without a pause it would be hundreds of megabytes in the end
                file.write(b"x" * 1000)
                file.flush()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(5):
            before = log.stat().st_size
            log_artifact(ProxyRepository(server.url, root), str(log))
            assert log.stat().st_size > before
    finally:
        stop.set()
        writer.join()

    assert set(b"".join(ProxyRepository(server.url, root).read("train.log"))) == {ord("x")}


def test_file_that_shrinks_while_it_is_sent(server: RunningServer, local: Path) -> None:
    """An error that says so, and the file that was stored before stays."""
    repository = ProxyRepository(server.url, f"0/{uuid4().hex}/artifacts")
    log_artifact(repository, str(local))

    def cut(_: int) -> None:
        local.write_bytes(b"short")

    with pytest.raises(InvalidParameter, match="became shorter"):
        log_artifact(repository, str(local), progress=cut)

    assert CONTENT == b"".join(repository.read("file.bin"))


def test_credentials_go_to_the_tracking_server_only(
    told: ToldOnes, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An artifact location may have been chosen by somebody else, to collect them."""
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ada")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "secret")
    server = told()
    other = server.url.replace("127.0.0.1", "localhost")
    root = "/api/2.0/mlflow-artifacts/artifacts/0/x"
    places = {
        ("mlflow-artifacts:/0/x", server.url): True,
        (server.url + root, server.url): True,
        (f"mlflow-artifacts://{server.url.removeprefix('http://')}/0/x", server.url): True,
        (server.url + root, other): False,
        (server.url + root, "sqlite:///x.db"): False,
        (server.url + root, server.url.replace("http:", "https:")): False,
    }
    for (uri, tracking_uri), expected in places.items():
        log_artifact(repository_for(uri, tracking_uri), str(local))
        assert expected == ("Authorization" in server.asked[-1].headers), (uri, tracking_uri)

    monkeypatch.setenv("RUNYARD_TRACKING_USERNAME", "grace")
    repository_for("mlflow-artifacts:/0/x", server.url).list()
    assert "Basic Z3JhY2U6c2VjcmV0" == server.asked[-1].headers["Authorization"]


def test_hostile_listing_writes_nothing_outside(told: ToldOnes, tmp_path: Path) -> None:
    """A server that names files it should not does not choose where they go."""
    (tmp_path / "to").mkdir()
    for name in ("../../evil.txt", "/etc/evil.txt", "..", "a/../../evil.txt"):
        server = told(Told(200, b'{"files": [{"path": "%s", "is_dir": false, "file_size": 1}]}' % name.encode()))
        with pytest.raises(InvalidParameter, match="Invalid path"):
            download_artifacts(ProxyRepository(server.url, "0/x"), "", str(tmp_path / "to"))

    assert [] == list((tmp_path / "to").iterdir())
    assert not list(tmp_path.rglob("evil*"))


def test_file_below_a_static_prefix(told: ToldOnes, local: Path) -> None:
    """A server may have others before it."""
    server = told()
    for uri in ("mlflow-artifacts:/0/x y", f"{server.url}/team/api/2.0/mlflow-artifacts/artifacts/0/x%20y"):
        log_artifact(repository_for(uri, f"{server.url}/team/"), str(local), "ü")

    assert {"/team/api/2.0/mlflow-artifacts/artifacts/0/x%20y/%C3%BC/file.bin"} == {each.path for each in server.asked}
