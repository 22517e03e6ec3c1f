"""Clients of stores of the test's own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import runyard
from runyard.client import RunyardClient
from runyard.client.connection import close_all
from tests.client.scripted import ScriptedServer
from tests.support.fluent import forget_everything
from tests.support.server import RunningServer


@pytest.fixture(autouse=True)
def connections_closed(clean_environment: None) -> Iterator[None]:
    """No buffer of one test delivers during another."""
    yield
    close_all()


@pytest.fixture
def local(tmp_path: Path) -> RunyardClient:
    """A client of an empty database of this machine."""
    return RunyardClient(f"sqlite:///{tmp_path / 'runyard.db'}")


@pytest.fixture(params=["local", "server"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> RunyardClient:
    """A client of an empty database of this machine, and of a server that other tests use too, in turn."""
    if request.param == "local":
        return RunyardClient(f"sqlite:///{tmp_path / 'runyard.db'}")
    server: RunningServer = request.getfixturevalue("server")
    return RunyardClient(server.url)


@pytest.fixture
def fluent(client: RunyardClient) -> Iterator[ModuleType]:
    """`import runyard` with the client's store chosen."""
    runyard.set_tracking_uri(client.tracking_uri)
    yield runyard
    forget_everything()


@pytest.fixture
def run_id(client: RunyardClient) -> str:
    """A run of the client's store."""
    return client.create_run("0").info.run_id


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    """A real HTTP server that answers what the test tells it to."""
    server = ScriptedServer()
    yield server
    server.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stores count as out of reach soon, so that tests are quick."""
    monkeypatch.setenv("RUNYARD_OFFLINE_AFTER", "0.5")
    monkeypatch.setenv("RUNYARD_HTTP_REQUEST_MAX_RETRIES", "2")
    monkeypatch.setenv("RUNYARD_HTTP_REQUEST_BACKOFF_FACTOR", "0.1")


@pytest.fixture
def mortal(
    start_server: Callable[..., RunningServer], impatient: None, monkeypatch: pytest.MonkeyPatch
) -> RunningServer:
    """A server that counts as out of reach soon once it is killed. While it runs a busy machine has time to answer."""
    monkeypatch.setenv("RUNYARD_OFFLINE_AFTER", "30")
    server = start_server()
    start, kill = server.start, server.kill

    def start_patiently() -> RunningServer:
        monkeypatch.setenv("RUNYARD_OFFLINE_AFTER", "30")
        return start()

    def kill_impatiently() -> None:
        kill()
        monkeypatch.setenv("RUNYARD_OFFLINE_AFTER", "0.5")

    monkeypatch.setattr(server, "start", start_patiently)
    monkeypatch.setattr(server, "kill", kill_impatiently)
    return server
