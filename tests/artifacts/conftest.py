"""Repositories on every kind of place, and servers that misbehave."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from runyard.artifacts.repository import ArtifactRepository
from runyard.artifacts.resolve import repository_for
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


@pytest.fixture(params=["folder", "file URI", "server", "server's address"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactRepository:
    """An empty repository, on each kind of place in turn."""
    if request.param == "folder":
        return repository_for(str(tmp_path / "store"))
    if request.param == "file URI":
        return repository_for(f"file://{tmp_path}/st%20ore")
    server: RunningServer = request.getfixturevalue("server")
    path = f"0/{uuid4().hex}/artifacts"
    if request.param == "server":
        return repository_for(f"mlflow-artifacts:/{path}", server.url)
    return repository_for(f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{path}")


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
