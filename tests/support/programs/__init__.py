"""Programs in processes of their own, without the time that Python and its libraries take to start.

One Python per test process starts, imports what a program with a run needs and what else is asked for, and stops right
before it would run a program. Each program is a fork of it that goes on from there: it reads its text, runs it as the
main module and ends as every Python does, with its exit code, its handlers and its signals. What is not the same: the
modules are loaded, and standard input is the program's text. `python FILE`, `-c`, `-m` and prompts are started with
`subprocess`.
"""

import atexit
import functools
import json
import os
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
    _report: TextIO

    def send_signal(self, number: int) -> None:
        """Send a signal to it."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.send_signal(signal.SIGKILL)

    def finish(self) -> tuple[int, str, str]:
        """Wait for its end: the exit code, negative for a signal; what it printed since it was read, and its errors."""
        with self.stdout, self._stderr, self._report:
            out, code = self.stdout.read(), int(self._report.readline())
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
        "arguments": arguments,
        "folder": str(folder or Path.cwd()),
        "environment": dict(os.environ if environment is None else environment),
    }
    program, errors = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")  # noqa: SIM115  (closed by `finish`)
    program.write(text)
    program.seek(0)
    (read_out, out), (read_report, report) = os.pipe(), os.pipe()
    socket.send_fds(_channel(loaded), [json.dumps(request).encode()], [program.fileno(), out, errors.fileno(), report])
    program.close()
    os.close(out)
    os.close(report)
    reported = os.fdopen(read_report)
    return Program(int(reported.readline()), os.fdopen(read_out), errors, reported)


@functools.cache
def _channel(loaded: tuple[str, ...]) -> socket.socket:
    """Where the process that forks takes requests; it ends with this process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    path = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "RUNYARD_"))},
        "PYTHONPATH": os.pathsep.join(path),
        "RUNYARD_TEST_CHANNEL": str(theirs.fileno()),
        "RUNYARD_TEST_LOADED": " ".join(loaded),
    }
    forking = subprocess.Popen(
        [sys.executable, "-"],
        env=environment,
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    theirs.close()

    def end() -> None:
        ours.close()
        forking.wait()

    atexit.register(end)
    return ours
