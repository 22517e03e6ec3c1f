"""Programs in processes of their own, without the time that Python and its libraries take to start.

In each test process one Python starts, imports what a program with a run needs and the modules that are asked for, and
stops right before it would run a program. Each program is a fork of it that goes on from there: it reads its text, runs
it as the main module and ends as every Python does, with its exit code, its handlers and its signals. Two things
differ: the modules are loaded already, and standard input is the program's text. Tests of what a program imports, of
`-c`, `-m` and prompts start a Python of their own. Servers are forked by `prefork`.
"""

import atexit
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO


@dataclass
class Program:
    """A running program.

    Attributes
    ----------
    pid: Its process.
    stdout: What it prints.
    """

    pid: int
    stdout: TextIO
    _stderr: TextIO
    _report: socket.socket

    def send_signal(self, number: int) -> None:
        """Send a signal to it."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.send_signal(signal.SIGKILL)

    def finish(self) -> tuple[int, str, str]:
        """Wait for its end: the exit code, negative for a signal; what it printed since it was read, and its errors."""
        with self.stdout, self._stderr, self._report:
            out, code = self.stdout.read(), int(self._report.recv(20))
            self._stderr.seek(0)
            return code, out, self._stderr.read()


def start_program(
    text: str,
    *arguments: str,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    loaded: tuple[str, ...] = (),
) -> Program:
    """Start a program.

    Parameters
    ----------
    text: The program.
    arguments: ``sys.argv[1:]``.
    folder: Its working directory, this process's when left out.
    environment: Its environment, this process's when left out.
    loaded: Modules that are imported before it begins. Programs with other ones are forks of another Python.
    """
    request = {
        "arguments": ["-", *arguments],
        "folder": str(folder or Path.cwd()),
        "environment": dict(os.environ if environment is None else environment),
    }
    program, errors = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")  # noqa: SIM115  (closed by `finish`)
    program.write(text)
    program.seek(0)
    read, write = os.pipe()
    report = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    report.connect(_address(loaded))
    socket.send_fds(report, [json.dumps(request).encode()], [program.fileno(), write, errors.fileno()])
    program.close()
    os.close(write)
    return Program(int(report.recv(20)), os.fdopen(read), errors, report)


def start_command(
    *arguments: str,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    loaded: tuple[str, ...] = (),
) -> Program:
    """Start the program `runyard` with these arguments; the rest is as for `start_program`."""
    text = "import sys\nfrom runyard.cli.main import run\nsys.exit(run(sys.argv[1:]))\n"
    return start_program(text, *arguments, folder=folder, environment=environment, loaded=loaded)


@functools.cache
def forked_python(loaded: tuple[str, ...] = ()) -> Path:
    """A ``python`` in a folder of its own whose ``python FILE`` is a fork; anything else is done by the real one.

    For programs that the code under test starts. Signals that ask for an end are passed on; SIGKILL cannot be.
    """
    path = Path(_address(loaded)).with_name("python")
    text = Path(__file__).with_name("python_script.py").read_text()
    path.write_text(f"#!{sys.executable} -IS\n{text}")
    path.chmod(0o755)
    return path


@functools.cache
def _address(loaded: tuple[str, ...]) -> str:
    """The socket at which the process that forks is asked; it ends with this process."""
    folder = tempfile.mkdtemp()
    address, path = f"{folder}/forks", [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    requests = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    requests.bind(address)
    requests.listen()
    owner, owned = socket.socketpair()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "RUNYARD_"))},
        "PYTHONPATH": os.pathsep.join(path),
        "RUNYARD_TEST_FORKS": f"{requests.fileno()} {owned.fileno()}",
        "RUNYARD_TEST_LOADED": " ".join(loaded),
    }
    forking = subprocess.Popen(
        [sys.executable, "-"],
        env=environment,
        pass_fds=[requests.fileno(), owned.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    requests.close()
    owned.close()

    def end() -> None:
        owner.close()
        forking.wait()
        shutil.rmtree(folder)

    atexit.register(end)
    return address
