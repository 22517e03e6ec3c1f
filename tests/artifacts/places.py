"""A place for artifacts on each kind of scheme, and the servers that keep them."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from runyard.artifacts.repository import ArtifactRepository
from runyard.artifacts.resolve import repository_for
from tests.support.postgres import free_port
from tests.support.s3 import ObjectStore
from tests.support.server import RunningServer

FTP_SERVER = """
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import ThreadedFTPServer

who = DummyAuthorizer()
who.add_user("writer", "ftp-secret", sys.argv[1], perm="elradfmwMT")
who.add_user("reader", "ftp-secret", sys.argv[1], perm="elr")
FTPHandler.authorizer = who
ThreadedFTPServer(("127.0.0.1", int(sys.argv[2])), FTPHandler).serve_forever()
"""


@contextmanager
def ftp_server(folder: Path) -> Iterator[int]:
    """The port of an FTP server of a folder."""
    port = free_port()
    command = [sys.executable, "-c", FTP_SERVER, str(folder), str(port)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        while process.poll() is None and not _listens(port):
            time.sleep(0.05)
        yield port
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def _folder(request: pytest.FixtureRequest) -> ArtifactRepository:
    return repository_for(str(request.getfixturevalue("tmp_path") / "store"))


def _file_uri(request: pytest.FixtureRequest) -> ArtifactRepository:
    return repository_for(f"file://{request.getfixturevalue('tmp_path')}/st%20ore")


def _server(request: pytest.FixtureRequest) -> ArtifactRepository:
    server: RunningServer = request.getfixturevalue("server")
    return repository_for(f"mlflow-artifacts:/0/{uuid4().hex}/artifacts", server.url)


def _address(request: pytest.FixtureRequest) -> ArtifactRepository:
    server: RunningServer = request.getfixturevalue("server")
    return repository_for(f"{server.url}/api/2.0/mlflow-artifacts/artifacts/0/{uuid4().hex}/artifacts")


def _s3(request: pytest.FixtureRequest) -> ArtifactRepository:
    objects: ObjectStore = request.getfixturevalue("objects")
    monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    for name, value in objects.environment().items():
        monkeypatch.setenv(name, value)
    return repository_for(f"s3://models/0/{uuid4().hex}/artifacts")


def _memory(_request: pytest.FixtureRequest) -> ArtifactRepository:
    return repository_for(f"memory://{uuid4().hex}/artifacts")


def _ftp(request: pytest.FixtureRequest) -> ArtifactRepository:
    port, _ = request.getfixturevalue("ftp")
    return repository_for(f"ftp://writer:ftp-secret@127.0.0.1:{port}/{uuid4().hex}/artifacts")


PLACES: dict[str, Callable[[pytest.FixtureRequest], ArtifactRepository]] = {
    "folder": _folder,
    "file URI": _file_uri,
    "server": _server,
    "server's address": _address,
    "s3": _s3,
    "memory": _memory,
    "ftp": _ftp,
}
"""Makes an empty repository of each kind. A class of a scheme has at least one, which a test sees to."""

WITH_FOLDERS = ("folder", "file URI", "server", "server's address")
"""Where a file and a folder of one name exclude each other: to a store of objects both are but parts of names."""
TAGGED = (*WITH_FOLDERS, "s3")
"""Where files have tags, so that a write can have a condition."""
