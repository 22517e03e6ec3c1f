"""Servers for these tests: real processes, some with limits that are reached soon."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support.http import Caller
from tests.support.raw import Connection
from tests.support.s3 import ObjectStore
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


@pytest.fixture(scope="module")
def s3_prefix() -> str:
    """The prefix of the module's server in the bucket ``models``."""
    return f"server/{uuid4().hex}"


@pytest.fixture(scope="module")
def s3_server(
    tmp_path_factory: pytest.TempPathFactory, objects: ObjectStore, s3_prefix: str
) -> Iterator[RunningServer]:
    """A server whose proxy keeps files below the prefix."""
    folder = tmp_path_factory.mktemp("server")
    options = ("--artifacts-destination", f"s3://models/{s3_prefix}")
    uri = f"sqlite:///{folder / 'runyard.db'}"
    running = RunningServer(folder, uri, options=options, environment=objects.environment()).start()
    yield running
    running.kill()


@pytest.fixture
def s3_caller(s3_server: RunningServer) -> Iterator[Caller]:
    """Speaks to the module's server with files in S3."""
    with Caller(s3_server.url, timeout=100) as opened:
        yield opened
