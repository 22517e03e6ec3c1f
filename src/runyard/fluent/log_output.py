"""Records what this program prints with its open runs, by a process beside it. Loaded only when that is asked for.

Recording never breaks training: when the process cannot be started, or is gone, the streams are what they were.
"""

import contextlib
import itertools
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runyard import settings
from runyard.client import RunyardClient
from runyard.core.libraries import lazy
from runyard.exceptions import RunyardException
from runyard.fluent.streams import Recorded, layout, standard_streams

log = logging.getLogger(__name__)

SECONDS_AT_END = 30.0
"""How long the end of a run waits for its output to be stored, or left to the spool."""
MAX_TRACEBACK = 200_000
"""Characters of a traceback that are kept, the last ones."""
FLUSH_SECONDS = 1.0
"""How often what C libraries printed is taken out of their buffers."""

_ROOT = Path(__file__).parents[2]
_PROGRAM = _ROOT / "runyard" / "client" / "output_process.py"

ctypes = lazy("ctypes")


class _Process:
    """The process that records, and the streams that lead to it."""

    def __init__(self) -> None:
        self.layout, self.streams = layout(), standard_streams()
        self.is_gone = self._is_closed = self._is_rescued = False
        self._numbers = itertools.count(1)
        self._waiting: dict[int, threading.Event] = {}
        self._sending = threading.Lock()
        self._control, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = _started(theirs, self.streams)
        except BaseException:
            self.close()
            raise
        self._flush_c = _flush_of_c()
        threading.Thread(target=self._watch, name="runyard-log-output", daemon=True).start()

    def ask(self, what: str, **fields: Any) -> None:
        """Have it do something."""
        text = json.dumps({"do": what, **fields}) + "\n"
        with self._sending, contextlib.suppress(OSError):
            self._control.sendall(text.encode())

    def ask_and_wait(self, what: str, **fields: Any) -> None:
        """Have it do something, and wait until it is done."""
        number, done = next(self._numbers), threading.Event()
        self._waiting[number] = done
        self.ask(what, number=number, **fields)
        if not self.is_gone and not done.wait(SECONDS_AT_END):
            log.warning("The output of run %s is still being stored; that goes on.", fields.get("run_id"))
        self._waiting.pop(number, None)

    def begin(self) -> None:
        """Lead the streams through it."""
        for stream in self.streams:
            stream.begin()

    def end(self) -> None:
        """Lead them to where they led before."""
        self._flush_c()
        for stream in self.streams:
            stream.end()

    def close(self) -> None:
        """Leave it; it ends when nobody prints to it any more."""
        self._is_closed = True
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        for stream in self.streams:
            stream.close()

    def forget(self) -> None:
        """In a forked child: it hears only the parent, and records what the child prints all the same."""
        self._control.close()
        for stream in self.streams:
            stream.forget()

    def flush(self) -> None:
        """Have all of what was printed so far on its way to it."""
        self._flush_c()
        for stream in self.streams:
            stream.flush()

    def _watch(self) -> None:
        """Hear what is done, until the process is gone."""
        process_id, heard = os.getpid(), b""
        self._control.settimeout(FLUSH_SECONDS)
        while True:
            try:
                received = self._control.recv(4096)
            except TimeoutError:
                self._flush_c()
                continue
            except OSError:
                received = b""
            if not received:
                break
            *numbers, heard = (heard + received).split(b"\n")
            for number in numbers:
                if done := self._waiting.get(int(number)):
                    done.set()
        if os.getpid() == process_id and not self._is_closed:
            self._lose()
        self._control.close()

    def rescue(self) -> None:
        """When it is gone: lead the streams back, and show what it has not shown."""
        with _recorder.lock:
            if not self._is_closed and not self._is_rescued:
                self._is_rescued = True
                for stream in self.streams:
                    stream.rescue()

    def _lose(self) -> None:
        """The process is gone."""
        self.is_gone = True
        recorded = list(_recorder.runs) if _recorder.process is self else []
        for done in list(self._waiting.values()):
            done.set()
        self.rescue()
        with contextlib.suppress(OSError):
            os.waitpid(self._process.pid, os.WNOHANG)
        if recorded:
            log.warning("The process that records the output of this program is gone; it is not recorded any more.")


class _Recorder:
    """What this program records.

    Attributes
    ----------
    process: Records it; None when nothing was recorded yet.
    runs: Ids of the runs that are recorded, as often as they are open.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.process: _Process | None = None
        self.runs: list[str] = []


_recorder = _Recorder()


class OutputLog:
    """The output of one run, while it is recorded."""

    def __init__(self, run_id: str) -> None:
        self._run_id, self._process_id = run_id, os.getpid()

    def note(self, error: BaseException) -> None:
        """Add the traceback of an exception that ends the run before Python prints it."""
        process = _recorder.process
        if process is not None and self._process_id == os.getpid():
            text = "".join(traceback.format_exception(error))
            process.flush()
            process.ask("say", run_id=self._run_id, text=text[-MAX_TRACEBACK:])

    def stop(self) -> None:
        """Record no more, and wait until what was printed is stored."""
        with _recorder.lock:
            process = _recorder.process
            if process is None or self._process_id != os.getpid() or self._run_id not in _recorder.runs:
                return
            _recorder.runs.remove(self._run_id)
            if self._run_id in _recorder.runs:
                return
            if not _recorder.runs:
                process.end()
            else:
                process.flush()
        process.ask_and_wait("end", run_id=self._run_id)


def record(client: RunyardClient, run_id: str, resuming: bool) -> OutputLog | None:
    """Record what is printed from now on with a run; None when that cannot be done, which is logged.

    Parameters
    ----------
    resuming: The run may have output of an earlier process.
    """
    if run_id == settings.PROJECT_RUN_ID.get():  # who runs the project records all of it
        return None
    try:
        limit: int = settings.LOG_OUTPUT_LIMIT.get()
        with _recorder.lock:
            process = _process()
            if _recorder.runs:  # what was printed before is theirs alone
                process.flush()
                process.ask_and_wait("wait")
            if run_id not in _recorder.runs:
                uri = client.connection.transport.uri
                process.ask("begin", run_id=run_id, uri=uri, resumed=resuming, limit=limit)
            if not _recorder.runs:
                process.begin()
            _recorder.runs.append(run_id)
    except (RunyardException, OSError, RuntimeError) as problem:
        log.warning("The output of run %s is not recorded: %s", run_id, problem)
        return None
    return OutputLog(run_id)


def _process() -> _Process:
    """The process that records: the one there is, unless it is gone or the streams lead elsewhere now."""
    process = _recorder.process
    if process is None or (not _recorder.runs and (process.is_gone or process.layout != layout())):
        if process is not None:
            if process.is_gone:
                process.rescue()
            process.close()
        process = _recorder.process = _Process()
    return process


def _started(control: socket.socket, streams: list[Recorded]) -> "subprocess.Popen[bytes]":
    """The process, begun."""
    if not sys.executable:
        raise OSError("there is no Python to start another process with")
    asked = {"control": control.fileno(), "streams": [stream.described() for stream in streams]}
    passed = [
        control.fileno(),
        *(end for stream in streams for end in (stream.source, stream.target) if end is not None),
    ]
    search = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    process = subprocess.Popen(
        [sys.executable, "-P", str(_PROGRAM), json.dumps(asked)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=passed,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(search)},
        start_new_session=True,  # an interrupt or a closed terminal is not meant for it
    )
    process.returncode = 0  # it outlives us: nobody waits for it
    return process


def _flush_of_c() -> Callable[[], None]:
    """Empties the buffers of C's own streams, which Python does not know; does nothing where they cannot be found."""
    try:
        library = ctypes.CDLL(None)
        streams = [ctypes.c_void_p.in_dll(library, name) for name in ("stdout", "stderr")]
    except (OSError, ValueError, AttributeError):
        return lambda: None

    def flush() -> None:
        for stream in streams:
            library.fflush(stream)

    return flush


def _forget_parent() -> None:
    """In a forked child: what is recorded is the parent's."""
    global _recorder
    if _recorder.process is not None:
        _recorder.process.forget()
    _recorder = _Recorder()


os.register_at_fork(after_in_child=_forget_parent)
