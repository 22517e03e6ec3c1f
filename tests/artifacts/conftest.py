"""Repositories on every kind of place, and servers that misbehave."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runyard.artifacts.repository import ArtifactRepository
from tests.artifacts.places import PLACES, ftp_server
from tests.artifacts.servers import CuttingRelay, Told, ToldServer
from tests.support.server import RunningServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that is also reached through relays, which have other ports."""
    home = tmp_path_factory.mktemp("server")
    options = ("--allowed-hosts", "*")
    running = RunningServer(home, f"sqlite:///{home / 'runyard.db'}", options=options).start()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def ftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """The port of an FTP server, and the folder it serves."""
    folder = tmp_path_factory.mktemp("ftp")
    with ftp_server(folder) as port:
        yield port, folder


@pytest.fixture(params=PLACES)
def repository(request: pytest.FixtureRequest) -> ArtifactRepository:
    """An empty repository, of each kind in turn."""
    return PLACES[request.param](request)


@pytest.fixture
def relay(server: RunningServer) -> Iterator[Callable[..., CuttingRelay]]:
    """Starts relays in front of the module's server."""
    started: list[CuttingRelay] = []

    def start(*cuts: int) -> CuttingRelay:
        started.append(CuttingRelay(server.url, list(cuts)))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture
def told() -> Iterator[Callable[..., ToldServer]]:
    """Starts servers that answer as they are told."""
    started: list[ToldServer] = []

    def start(*answers: Told) -> ToldServer:
        started.append(ToldServer(*answers))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other at once, and there are few of them."""
    monkeypatch.setenv("RUNYARD_HTTP_REQUEST_BACKOFF_FACTOR", "0.01")
    monkeypatch.setenv("RUNYARD_HTTP_REQUEST_MAX_RETRIES", "3")
