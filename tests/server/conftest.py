"""Servers for these tests: real processes, some with limits that are reached soon."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.raw import Connection
from tests.support.http import Caller
from tests.support.server import RunningServer

LAUNCHER = Path(__file__).with_name("launcher.py")


class ConfiguredServer(RunningServer):
    """A server whose settings are given as an object."""

    settings: dict[str, Any]

    def command(self) -> list[str]:
        """The command line that starts it."""
        given = {"port": self.port, "backend_store_uri": self.database_uri, **self.settings}
        return [sys.executable, str(LAUNCHER), json.dumps(given)]


@pytest.fixture
def configured(tmp_path: Path) -> Iterator[Callable[..., ConfiguredServer]]:
    """Starts servers with settings of the test's choice."""
    started: list[ConfiguredServer] = []

    def start(**settings: Any) -> ConfiguredServer:
        home = tmp_path / f"configured-{len(started)}"
        home.mkdir()
        server = ConfiguredServer(home, f"sqlite:///{home / 'runyard.db'}")
        server.settings = settings
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.kill()


@pytest.fixture
def connect() -> Iterator[Callable[[RunningServer], Connection]]:
    """Opens connections; they are closed after the test."""
    opened: list[Connection] = []

    def open_one(server: RunningServer) -> Connection:
        opened.append(Connection(server.url))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.socket.close()


@pytest.fixture
def caller(server: RunningServer) -> Iterator[Caller]:
    """A connection to the module's server."""
    with Caller(server.url) as opened:
        yield opened


@pytest.fixture
def raw(server: RunningServer) -> Iterator[Connection]:
    """A connection to the module's server, for bytes as they are."""
    with Connection(server.url) as opened:
        yield opened
