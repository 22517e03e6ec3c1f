"""Run by systemd: the unit of the documentation, with a stand-in for what systemd does."""

import configparser
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.http import Caller
from tests.support.server import ROOT

pytestmark = pytest.mark.slow

EXAMPLES = ROOT / "web" / "docs" / "examples"
EXEC = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


def unit(name: str) -> configparser.ConfigParser:
    """A unit file; where a key is repeated, the last one."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names as they are written
    parser.read(EXAMPLES / name, encoding="utf-8")
    return parser


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[socket.socket]:
    """Where a service says how it is."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(60)
        yield channel


@pytest.mark.parametrize("more", [[], ["--workers", "2"]], ids=["one process", "workers"])
def test_service_of_the_documentation(tmp_path: Path, notes: socket.socket, more: list[str]) -> None:
    """It takes the socket that was opened for it, and says when it is ready and when it ends."""
    host, port = unit("runyard.socket")["Socket"]["ListenStream"].split(":")
    program, *arguments = shlex.split(unit("runyard.service")["Service"]["ExecStart"])
    assert ("runyard", ["--host", host], ["--port", port]) == (Path(program).name, arguments[1:3], arguments[3:5])
    assert "notify" == unit("runyard.service")["Service"]["Type"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "RUNYARD_"))}

    with socket.create_server((host, 0)) as opened:
        asked = socket.create_connection(opened.getsockname())  # before there is a server: it waits
        command = [sys.executable, "-c", EXEC, str(opened.fileno()), "-m", "runyard", *arguments, *more]
        server = subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**environment, "NOTIFY_SOCKET": str(tmp_path / "notify")},
            pass_fds=[opened.fileno()],
        )
        try:
            assert b"READY=1" == notes.recv(100)
            with Caller(f"http://{host}:{opened.getsockname()[1]}") as caller:
                assert 200 == caller.request("GET", "/health")[0]
            with asked:
                asked.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                assert b"200 OK" in asked.recv(1000)
            server.send_signal(signal.SIGTERM)
            assert b"STOPPING=1" == notes.recv(100)
            server.send_signal(signal.SIGTERM)  # it need not drain
            assert 0 == server.wait(timeout=30)
        finally:
            server.kill()
            server.wait()


def test_sockets_it_cannot_take_are_said(tmp_path: Path) -> None:
    """One that others serve, or several, are mistakes of the unit."""
    for kind, number, reason in ((socket.AF_UNIX, "1", "not one of TCP"), (socket.AF_INET, "2", "opened 2 sockets")):
        with socket.socket(kind, socket.SOCK_STREAM) as opened:
            script = EXEC.replace('"1"', repr(number))
            command = [sys.executable, "-c", script, str(opened.fileno()), "-m", "runyard", "server"]
            done = subprocess.run(
                command,
                cwd=tmp_path,
                pass_fds=[opened.fileno()],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        assert (1, True) == (done.returncode, reason in done.stderr), done.stderr
        assert 1 == len(done.stderr.splitlines())


def test_a_supervisor_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    """The server runs on."""
    script = "import os; from runyard.http.systemd import notify; notify('READY=1'); print('on')"
    environment = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "nobody")}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, timeout=60, check=False
    )
    assert "on\n" == done.stdout
    assert "cannot be told READY=1" in done.stderr
