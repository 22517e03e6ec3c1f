"""Starting, and what keeps a server running."""

import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from psutil import net_if_addrs

from tests.support.clock import wait_until
from tests.support.http import Caller
from tests.support.programs import start_python
from tests.support.raw import Connection
from tests.support.server import RunningServer

INFO = "/api/3.0/mlflow/server-info"


def children(process: int) -> set[int]:
    """The processes that a process has started and that run; the kernel's own list may miss some while others end."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, _, rest = status.read_text().partition(" ")
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            continue
        state, parent = rest.rpartition(") ")[2].split()[:2]
        if int(parent) == process and state != "Z":
            found.add(int(number))
    return found


def attempt(folder: Path, *options: str) -> tuple[int, str]:
    """Start a server that should refuse to; its exit code and its errors."""
    command = ["-m", "runyard", "server", "--port", "0", *options]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile("w+") as said:
        started = start_python(command, (out.fileno(), said.fileno()), folder, os.environ, ("a_server",))
        code = started.wait(timeout=30)
        said.seek(0)
        return code, said.read()


def test_start_says_where_it_is(server: RunningServer) -> None:
    """The first thing anybody needs is the address."""
    assert f"Runyard is running at {server.url} " in server.output()
    assert "Warning" not in server.output()


def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    """It is the most common reason why a server does not start."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, said = attempt(tmp_path, "--port", str(port))

    assert 1 == code
    assert f"Error: Cannot listen at 127.0.0.1 port {port}" in said
    assert 1 == len(said.splitlines())


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_database_that_cannot_be_used_is_said_in_one_line(tmp_path: Path, workers: str) -> None:
    """Workers that die one after the other would say it a hundred times."""
    with sqlite3.connect(tmp_path / "runyard.db") as connection:
        connection.execute("CREATE TABLE somebody_elses (x)")
    connection.close()

    code, said = attempt(tmp_path, "--workers", workers)

    assert 1 == code
    assert "tables of another program" in said
    assert 1 == len(said.splitlines())


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--allowed-hosts", "192.168.*"),
        ("--allowed-hosts", "http://name"),
        ("--allowed-hosts", "10.0.0.0/99"),
        ("--cors-allowed-origins", "*"),
        ("--cors-allowed-origins", "notebooks.example"),
        ("--cors-allowed-origins", "https://*.example"),
        ("--static-prefix", "/a b"),
        ("--static-prefix", "/a?b"),
    ],
)
def test_settings_that_would_not_do_what_they_say_are_refused(tmp_path: Path, option: str, value: str) -> None:
    """A pattern that never matches, or matches too much, is found out at the start and not by an attacker."""
    code, said = attempt(tmp_path, option, value)

    assert 1 == code
    assert value.lower() in said


@pytest.mark.parametrize("option", ["--statement-timeout", "--request-timeout"])
@pytest.mark.parametrize("value", ["-1", "nan", "soon", "1e9"])
def test_a_time_limit_that_is_no_number_of_seconds_is_wrong_usage(tmp_path: Path, option: str, value: str) -> None:
    """A limit that is never reached, or always, is not what was meant."""
    code, said = attempt(tmp_path, f"{option}={value}")

    assert 2 == code
    assert f"{value!r} is not valid: use a number of at least 0 and at most 1e+07" in " ".join(said.split())


def test_a_server_others_can_reach_says_so(configured: Callable[..., RunningServer]) -> None:
    """Nobody should find out later that everybody was let in."""
    server = configured(host="0.0.0.0")
    found = {}
    with Connection(server.url) as raw:
        for name in ("127.0.0.1", "0.0.0.0", "localhost", socket.gethostname(), "10.20.30.40", "evil.example"):
            raw.send(f"GET {INFO} HTTP/1.1\r\nHost: {name}:{server.port}\r\n\r\n".encode())
            found[name] = raw.answer().status

    assert "Warning: 0.0.0.0 can be reached from other machines" in server.output()
    refused = {name for name, status in found.items() if status == 403}
    assert {"10.20.30.40", "evil.example"} == refused


def test_the_address_that_was_reached_is_ours(configured: Callable[..., RunningServer]) -> None:
    """A server that listens everywhere answers under the address it was reached at, loopback's names, and no other."""
    server = configured(host="0.0.0.0")
    entries = [entry for entries in net_if_addrs().values() for entry in entries if entry.family == socket.AF_INET]
    outward = [entry.address for entry in entries if not entry.address.startswith("127.")]
    tried = [("127.0.0.5", "127.0.0.5", 200), ("127.0.0.5", "127.0.0.6", 200), ("127.0.0.5", "10.20.30.40", 403)]
    for own in outward:
        tried += [(own, own, 200), (own, "10.20.30.40", 403), ("127.0.0.5", own, 403)]
    for reached, host, expected in tried:
        with socket.create_connection((reached, server.port)) as connection:
            connection.sendall(f"GET {INFO} HTTP/1.1\r\nHost: {host}:{server.port}\r\n\r\n".encode())
            assert expected == int(connection.recv(65536).split()[1]), (reached, host)


def test_a_dead_worker_is_replaced(configured: Callable[..., RunningServer]) -> None:
    """One crash must not halve the server."""
    server = configured(workers=2)
    assert server.process is not None
    parent = server.process.pid
    before = children(parent)
    assert 2 == len(before), server.output()

    os.kill(min(before), signal.SIGKILL)

    assert wait_until(lambda: len(children(parent)) == 2 and children(parent) != before)
    with Caller(server.url) as caller:
        assert 200 == caller.get("experiments/get?experiment_id=0")[0]
    assert 0 == server.stop()


def test_workers_do_not_outlive_their_parent(configured: Callable[..., RunningServer]) -> None:
    """Otherwise the port stays taken and old code goes on answering."""
    server = configured(workers=2)
    assert server.process is not None
    workers = children(server.process.pid)

    server.kill()

    assert wait_until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


def test_files_are_private(server: RunningServer) -> None:
    """Other users of the machine read neither runs nor artifacts."""
    with Caller(server.url) as caller:
        caller.new_run()
        assert 200 == caller.request("PUT", "/api/2.0/mlflow-artifacts/artifacts/0/a/x.txt", b"x")[0]
    made = [path for path in server.folder.rglob("*") if path.name != "server.log"]

    assert "x.txt" in {path.name for path in made}
    assert [] == [path for path in made if stat.S_IMODE(path.stat().st_mode) & 0o077]


def test_an_idle_server_is_small_and_loads_nothing_heavy(server: RunningServer) -> None:
    """It may run beside training on a small machine."""
    assert server.process is not None
    time.sleep(1)  # the pages are built aside
    facts = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    megabytes = next(int(line.split()[1]) / 1024 for line in facts if line.startswith("VmRSS"))
    imports = "import json, sys, runyard.server.launch, runyard.server.web; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", imports], capture_output=True, text=True, check=True)

    assert set() == {"pandas", "numpy", "sklearn", "boto3", "alembic", "matplotlib"} & set(json.loads(done.stdout))
    assert megabytes < 120


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_end_of_a_terminal_ends_the_server_in_order(
    start_server: Callable[..., RunningServer], workers: str
) -> None:
    """What is in flight is answered first, as when it is asked to stop."""
    server = start_server("--workers", workers)
    assert server.process is not None

    server.process.send_signal(signal.SIGHUP)

    assert 0 == server.process.wait(timeout=20)


def test_a_server_under_nohup_outlives_its_terminal(start_server: Callable[..., RunningServer]) -> None:
    """That is what people start it with nohup for."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # inherited by what is started
    try:
        server = start_server()
    finally:
        signal.signal(signal.SIGHUP, before)
    assert server.process is not None

    server.process.send_signal(signal.SIGHUP)

    with Caller(server.url) as caller:
        assert 200 == caller.request("GET", INFO)[0]


BORN_ENDING = """
import os, signal
from runyard.http.workers import run_workers

os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGTERM))

def work(_gone):
    os.write(1, b"went on")
    return 0

raise SystemExit(run_workers(2, work, lambda: None, 5))
"""


def test_a_worker_asked_to_end_while_it_is_born_ends() -> None:
    """The signal meets it before its own handlers stand, and may not be lost."""
    done = subprocess.run([sys.executable, "-c", BORN_ENDING], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 1
    assert "went on" not in done.stdout
    assert "workers die as soon as they start" in done.stderr
