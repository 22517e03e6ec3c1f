"""Servers of models, each a process of its own."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.environments import ROOT
from tests.support.http import Caller
from tests.support.server import RunningServer


@dataclass
class ModelServer(RunningServer):
    """A process that serves a model.

    Attributes
    ----------
    arguments: The command line after the interpreter, without the port.
    """

    arguments: tuple[str, ...] = ()

    def command(self) -> list[str]:
        """The command line that starts it."""
        return [sys.executable, *(part.replace("PORT", str(self.port)) for part in self.arguments)]

    def ask(self, body: Any, path: str = "/invocations", kind: str = "application/json") -> tuple[int, Any]:
        """Status and decoded answer of one request; `body` is text, bytes, or what becomes JSON."""
        sent = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        with Caller(self.url) as caller:
            status, _, answer = caller.request("POST", path, sent, {"Content-Type": kind} if kind else {})
        return status, json.loads(answer)

    def get(self, path: str) -> tuple[int, dict[str, str], str]:
        """Status, headers and text."""
        with Caller(self.url) as caller:
            status, headers, answer = caller.request("GET", path)
        return status, headers, answer.decode()


LOADED = ("a_run", "pandas", "skops.io", "fastapi", "jinja2", "runyard.cli.main", "sklearn.linear_model")
"""What a server of a model of scikit-learn loads, which takes most of its start."""

Serve = Callable[..., ModelServer]


def starter(home: Path, started: list[ModelServer]) -> Serve:
    """A function that starts servers of models made by hand and notes them in `started`."""

    def start(name: str, **settings: Any) -> ModelServer:
        folder = home / f"served-{len(started)}"
        folder.mkdir()
        given = json.dumps({**settings, "port": "PORT"}).replace('"PORT"', "PORT")
        arguments = ("-m", "tests.serving.launcher", name, given)
        server = ModelServer(folder, "", environment={"PYTHONPATH": _path()}, arguments=arguments)
        started.append(server)
        server.start()
        return server

    return start


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts servers for one test; they are ended after it."""
    started: list[ModelServer] = []
    yield starter(tmp_path, started)
    for server in started:
        server.kill()


@pytest.fixture(scope="module")
def sums(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """A model with a signature of columns, served for the tests of a module. It logs every request as JSON."""
    server = starter(tmp_path_factory.mktemp("sums"), [])("sums", log_level="info", log_format="json")
    yield server
    server.kill()


@pytest.fixture(scope="module")
def anything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """A model without a signature that does what it is told, served for the tests of a module."""
    server = starter(tmp_path_factory.mktemp("anything"), [])("anything", timeout=1.0)
    yield server
    server.kill()


def _path() -> str:
    import runyard  # noqa: PLC0415  (the code under test)

    return f"{ROOT}:{Path(runyard.__file__).parent.parent}"
