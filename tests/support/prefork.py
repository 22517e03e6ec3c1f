"""Programs that begin in a process which has imported the server already.

Importing takes most of a start. One process for each test process does it once and forks; what it forks is a process
like any other, with its own memory, files, signals and exit code.
"""

import array
import atexit
import functools
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from runyard.gate.gate import Gate

ROOT = Path(__file__).resolve().parent.parent.parent
_MAX_REQUEST = 2**20
_IMPORTED = (
    "encodings.idna",
    "runyard.cli.main",
    "runyard.cli.server",
    "runyard.server.launch",
    "runyard.server.web",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.httptools_impl",
    "uvloop",
)


class ForkedProcess:
    """A running program, with the part of `subprocess.Popen` that tests use."""

    def __init__(self, pid: int, status: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._status = status

    def poll(self) -> int | None:
        """Its exit code, when it has ended."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; returns the exit code, which is negative after a signal.

        Raises
        ------
        subprocess.TimeoutExpired: It still runs.
        """
        if self.returncode is None:
            self._status.settimeout(timeout)
            try:
                self.returncode = int(self._status.recv(16))
            except (BlockingIOError, TimeoutError):
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0) from None
            self._status.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


def start(command: Sequence[str], folder: Path, output: BinaryIO, environment: Mapping[str, str]) -> ForkedProcess:
    """Begin `python -m module …` or `python script.py …` in a folder, with both outputs in one file."""
    ours, theirs = socket.socketpair()
    request = {"arguments": command[1:], "folder": str(folder), "environment": dict(environment)}
    handles = array.array("i", [output.fileno(), theirs.fileno()])
    with theirs:
        _forker().sendmsg([json.dumps(request).encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handles)])
    return ForkedProcess(int(ours.recv(16)), ours)


@functools.cache
def _forker() -> socket.socket:
    """The connection to the process that forks; it ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        command = [sys.executable, "-m", "tests.support.prefork", str(theirs.fileno())]
        process = subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()])

    @atexit.register
    def end() -> None:
        ours.close()
        process.wait()

    return ours


def _next_program(requests: socket.socket) -> list[str]:
    """Fork for each request; returns in the new process, with the arguments of its interpreter."""
    running: dict[int, int] = {}

    def ended(_number: int, _frame: object) -> None:
        while running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            told = running.pop(pid)
            with socket.socket(fileno=told) as connection:
                connection.send(str(os.waitstatus_to_exitcode(status)).encode())

    signal.signal(signal.SIGCHLD, ended)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        data, handles, _, _ = socket.recv_fds(requests, _MAX_REQUEST, 2)
        if not data:
            sys.exit()
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
        pid = os.fork()
        if pid == 0:
            break
        output, status = handles
        os.close(output)
        os.write(status, str(pid).encode())
        running[pid] = status
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
    for inherited in (requests.detach(), handles[1], *running.values()):
        os.close(inherited)
    os.dup2(handles[0], 1)
    os.dup2(handles[0], 2)
    os.close(handles[0])
    request = json.loads(data)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    arguments: list[str] = request["arguments"]
    return arguments


def _run(arguments: list[str]) -> None:
    """What the interpreter does with these arguments."""
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(sys.argv[0], run_name="__main__")


def _warm_up() -> None:
    """Import what a server imports, and what its first database makes it import."""
    for module in _IMPORTED:
        importlib.import_module(module)
    with tempfile.TemporaryDirectory() as folder:
        Gate.open(f"sqlite:///{folder}/runyard.db", artifact_root=folder).close()
    gc.freeze()  # the memory of all this stays shared


if __name__ == "__main__":
    _warm_up()
    _run(_next_program(socket.socket(fileno=int(sys.argv[1]))))
