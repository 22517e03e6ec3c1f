"""Programs in processes of their own, without the time that Python and its libraries take to start.

In each run of tests one Python starts, imports the modules that are asked for, and stops right before it would run a
program. Each program is a fork of it that goes on from there: it reads its text, runs it as the main module and ends as
every Python does, with its exit code, its handlers and its signals. Three things differ: modules are loaded already,
standard input is the program's text, and garbage is looked for less often. Tests of what a program imports, of `-c` and
of prompts start a Python of their own. Where more modules are asked for, a fork imports them and stops in turn, so that
each is imported once.

Modules of this folder load what programs of one kind need: `a_run` what any program with a run does, `a_server` what
servers do.
"""

import atexit
import functools
import hashlib
import marshal
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tests.support.shared import made_once

COMMANDS = ("mlflow", "runyard")
INFERENCE = "runyard.pyfunc.imports"
"""The program that finds out which packages a model needs."""
BENEATH_SKLEARN = ("joblib", "pandas", "scipy.optimize", "scipy.sparse.csgraph", "scipy.stats", "threadpoolctl")
"""What takes most of the time to import scikit-learn, for programs that look at how it is imported."""
_LEVELS = (("a_run",), ("pandas",), BENEATH_SKLEARN, ("skops.io",))
"""What many programs ask for: those that ask for a level are forks of one that has all above it and nothing else."""
_PYTHON = sys.executable
_PROCESS = os.getpid()


@dataclass
class Process:
    """A running program, with the part of `subprocess.Popen` that tests use.

    Attributes
    ----------
    pid: Its process.
    returncode: Its exit code, negative for a signal, once it is known that it has ended.
    """

    pid: int
    _report: socket.socket
    returncode: int | None = None

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
            self._report.settimeout(timeout)
            try:
                self.returncode = int(self._report.recv(20))
            except (BlockingIOError, TimeoutError):
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0) from None
            self._report.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.send_signal(signal.SIGKILL)


@dataclass
class Program:
    """A running program and what it prints.

    Attributes
    ----------
    process: It.
    stdout: What it prints.
    """

    process: Process
    stdout: TextIO
    _stderr: TextIO

    @property
    def pid(self) -> int:
        """Its process."""
        return self.process.pid

    def send_signal(self, number: int) -> None:
        """Send a signal to it."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.process.kill()

    def finish(self) -> tuple[int, str, str]:
        """Wait for its end: the exit code, negative for a signal; what it printed since it was read, and its errors."""
        with self.stdout, self._stderr:
            out, code = self.stdout.read(), self.process.wait()
            self._stderr.seek(0)
            return code, out, self._stderr.read()


def start_python(
    arguments: Sequence[str],
    streams: Sequence[int],
    folder: Path,
    environment: Mapping[str, str],
    loaded: tuple[str, ...],
) -> Process:
    """Start ``python FILE …``, ``python -m MODULE …``, or ``python - …``, which reads its program.

    Parameters
    ----------
    arguments: Those of Python.
    streams: The files that it prints to, and its errors; before them, for ``-``, the one that it reads.
    folder: Its working directory.
    environment: Its environment.
    loaded: Modules that are imported before it begins. Programs with other ones are forks of another Python.
    """
    request = {
        "arguments": arguments,
        "folder": str(folder),
        "environment": dict(environment),
        "executable": sys.executable,
        "ignored": [int(number) for number in (signal.SIGHUP,) if signal.getsignal(number) == signal.SIG_IGN],
        "group": os.getpgrp(),
    }
    report = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    report.connect(_address(_PYTHON, loaded))
    socket.send_fds(report, [marshal.dumps(request)], streams)
    return Process(int(report.recv(20)), report)


def get_ready() -> None:
    """Start what most programs are forks of: it imports what these need while this process does something else."""
    for loaded in (("a_server",), ("a_run", "pandas", "skops.io")):
        _address(_PYTHON, loaded)


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
    loaded: Modules that are imported before it begins, besides those of any run.
    """
    errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  (closed by `finish`)
    read, write = os.pipe()
    with tempfile.TemporaryFile("w+") as program:
        program.write(text)
        program.seek(0)
        streams = (program.fileno(), write, errors.fileno())
        used = os.environ if environment is None else environment
        process = start_python(("-", *arguments), streams, folder or Path.cwd(), used, ("a_run", *loaded))
    os.close(write)
    return Program(process, os.fdopen(read), errors)


def start_command(
    *arguments: str,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    loaded: tuple[str, ...] = (),
) -> Program:
    """Start the program `runyard` with these arguments; the rest is as for `start_program`."""
    text = "import sys\nfrom runyard.cli.main import main\nmain(sys.argv[1:])\n"
    return start_program(text, *arguments, folder=folder, environment=environment, loaded=loaded)


@functools.cache
def forked_python(
    loaded: tuple[str, ...] = (), python: str | Path | None = None, modules: tuple[str, ...] = ()
) -> Path:
    """A ``python`` in a folder of its own whose ``python FILE`` is a fork, and so are its console scripts.

    For programs that the code under test starts. The fork has the process group of the process that stands for it, or
    one of its own where that leads one. Signals that ask for an end are passed on; SIGKILL cannot be.

    Parameters
    ----------
    loaded: Modules that are imported before programs begin, besides those of any run with this Python.
    python: The interpreter of another environment.
    modules: Other modules than those of the commands whose ``python -m MODULE`` is a fork. `INFERENCE` finds what the
        model imports itself, and not what libraries do that are loaded already.
    """
    interpreter = Path(python or _PYTHON)
    loaded = (*(() if python else ("a_run",)), *loaded, *modules)

    def write(folder: Path) -> None:
        (folder / "modules").write_text(" ".join((*COMMANDS, *modules)))
        (folder / "forks").symlink_to(_address(str(interpreter), loaded))
        text = Path(__file__).with_name("python_script.py").read_text()
        _write_script(folder / "python", f"#!{interpreter} -IS\n{text}")
        for name in COMMANDS:
            if (script := interpreter.with_name(name)).exists():
                _write_script(folder / name, f'#!/bin/sh\nexec {folder}/python {script} "$@"\n')

    return made_once(f"python-{_digest(interpreter, *loaded, '-m', *modules)}", write) / "python"


def forked_inference() -> Path:
    """The `forked_python` for tests that log models of scikit-learn without a look at what these require."""
    return forked_python(("pandas", "skops.io"), modules=(INFERENCE,))


def _write_script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def _address(python: str, loaded: tuple[str, ...]) -> str:
    """The socket at which the process that forks is asked; it ends with this process and all that share it."""
    left = dict.fromkeys((*(BENEATH_SKLEARN if "skops.io" in loaded else ()), *loaded))
    levels = [tuple(name for name in level if left.pop(name, 0) is None) for level in _LEVELS]
    return _place(python, tuple(filter(None, (*levels, tuple(left)))))


@functools.cache
def _place(python: str, levels: tuple[tuple[str, ...], ...]) -> str:
    name = f"forks-{_digest(python, *levels)}"
    return str(made_once(name, lambda folder: _listen(folder, python, levels)) / "forks")


def _digest(*words: object) -> str:
    return hashlib.sha256("\0".join(map(str, words)).encode()).hexdigest()[:16]  # the address of a socket is short


_owner, _owned = socket.socketpair()
_started: list[subprocess.Popen[bytes]] = []


def _listen(folder: Path, python: str, levels: tuple[tuple[str, ...], ...]) -> None:
    """Start the process that forks, as a fork of the one with all levels but the last."""
    *above, loaded = levels
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as requests:
        requests.bind(f"{folder}/forks")
        requests.listen(128)
        if not above:
            _start(requests, python, loaded)
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asked:
            asked.connect(_place(python, tuple(above)))
            socket.send_fds(asked, [marshal.dumps({"load": loaded})], [requests.fileno(), _owned.fileno()])


def _start(requests: socket.socket, python: str, loaded: tuple[str, ...]) -> None:
    path = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "RUNYARD_"))},
        "PYTHONPATH": os.pathsep.join(path),
        "RUNYARD_TEST_FORKS": f"{requests.fileno()} {_owned.fileno()}",
        "RUNYARD_TEST_LOADED": " ".join(loaded),
    }
    forking = subprocess.Popen(
        [python, "-"],
        env=environment,
        pass_fds=[requests.fileno(), _owned.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    _started.append(forking)


@atexit.register
def _end() -> None:
    """Close this process's end of what tells them that nobody is left to ask, and wait where nobody is."""
    _owner.close()
    _owned.close()
    if os.getpid() == _PROCESS:
        for forking in _started:
            forking.wait()
