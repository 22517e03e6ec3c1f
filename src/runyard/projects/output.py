"""What a project's processes print: passed on to the console, and kept as artifacts of the run while it goes on."""

import codecs
import contextlib
import logging
import sys
import tempfile
import threading
import time
from collections import deque
from pathlib import Path
from typing import IO, Protocol

from runyard.projects.artifact_paths import LOGS

log = logging.getLogger(__name__)

PART_BYTES = 4 * 2**20
"""The output is kept in files of this size, so that what was printed before is not sent again and again."""
LAST_LINES = 20

_FIRST_PAUSE, _MAX_PAUSE = 1.0, 30.0
_SHARE = 10  # sending may take a tenth of the time
_MAX_LINE = 65_536


class Store(Protocol):
    """Where the files go: the artifacts of a run."""

    def put_file(self, local_file: Path, path: str) -> None:
        """Store a file at a path."""


class Output:
    """The output of one run.

    Parameters
    ----------
    store: The run's artifacts.
    echo: Also show it on this program's own streams.
    """

    def __init__(self, store: Store, echo: bool = True) -> None:
        self._store = store
        self._echo = echo
        self._folder = tempfile.TemporaryDirectory(prefix="runyard-output-")
        self._lock = threading.Lock()
        self._part = 1
        self._file = self._opened(1)
        self._lines = 0
        self._last: deque[tuple[int, str]] = deque(maxlen=LAST_LINES)
        self._last_errors: deque[tuple[int, str]] = deque(maxlen=LAST_LINES // 2)
        self._unsent: set[int] = set()
        self._done = threading.Event()
        self._told = False
        self._sender = threading.Thread(target=self._send_while_open, name="runyard-output", daemon=True)
        self._sender.start()

    def follow(self, stream: IO[bytes], is_error: bool) -> threading.Thread:
        """Take in everything that comes from a pipe, in a thread of its own that ends with it."""
        target = sys.stderr if is_error else sys.stdout
        thread = threading.Thread(
            target=self._read, args=(stream, target, is_error), name="runyard-output-pipe", daemon=True
        )
        thread.start()
        return thread

    def say(self, line: str) -> None:
        """Add a line of our own, and show it."""
        self.add(line)
        self._show(f"{line}\n", sys.stderr)

    def add(self, line: str) -> None:
        """Add a line of our own."""
        self._write(f"{line}\n".encode())

    def last_lines(self) -> list[str]:
        """The last lines that were printed. Half of them are errors, if there were any.

        Two streams can overtake each other, and what the program said of its failure must not be lost behind the rest.
        """
        with self._lock:
            last, errors = list(self._last), list(self._last_errors)
        others = [one for one in last if one not in errors]
        return [line for _, line in sorted([*errors, *others[max(0, len(others) + len(errors) - LAST_LINES) :]])]

    def close(self) -> None:
        """Store what is not stored yet. Afterwards nothing more is taken in."""
        self._done.set()
        self._sender.join()
        self._send(attempts=3)
        with self._lock:
            self._file.close()
        self._folder.cleanup()

    def _read(self, stream: IO[bytes], target: IO[str], is_error: bool) -> None:
        line = b""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a character may come in two pieces
        with contextlib.suppress(OSError, ValueError), stream:
            while piece := stream.read1(8192):  # type: ignore[attr-defined]  # pipes are buffered readers
                self._show(decoder.decode(piece), target)
                whole, line = _whole_lines(line + piece)
                if whole:
                    self._write(whole, is_error)
                if len(line) > _MAX_LINE:
                    self._write(line, is_error)
                    line = b""
        if line:
            self._write(line + b"\n", is_error)

    def _show(self, text: str, target: IO[str]) -> None:
        if self._echo:
            with contextlib.suppress(OSError, ValueError):  # a closed console does not end the run
                target.write(text)
                target.flush()

    def _write(self, content: bytes, is_error: bool = False) -> None:
        with self._lock:
            if self._file.closed:
                return
            self._file.write(content)
            self._unsent.add(self._part)
            lines = list(enumerate(_shown_lines(content), self._lines))
            self._lines += len(lines)
            self._last.extend(lines)
            if is_error:
                self._last_errors.extend(lines)
            if self._file.tell() >= PART_BYTES:
                self._file.close()
                self._part += 1
                self._file = self._opened(self._part)

    def _opened(self, part: int) -> IO[bytes]:
        return Path(self._folder.name, part_name(part)).open("wb")

    def _send_while_open(self) -> None:
        pause = _FIRST_PAUSE
        while not self._done.wait(pause):
            started = time.monotonic()
            self._send(attempts=1)
            pause = min(max(_FIRST_PAUSE, (time.monotonic() - started) * _SHARE), _MAX_PAUSE)

    def _send(self, attempts: int) -> None:
        with self._lock:
            self._file.flush()
            waiting, self._unsent = sorted(self._unsent), set()
        for part in waiting:
            if not self._sent(part_name(part), attempts):
                self._unsent.add(part)

    def _sent(self, name: str, attempts: int) -> bool:
        """Store one file. What goes wrong is said once: a run does not fail because its output cannot be kept."""
        for attempt in range(attempts):
            try:
                self._store.put_file(Path(self._folder.name, name), f"{LOGS}/{name}")
            except Exception as problem:  # noqa: BLE001  (the edge: any store may be behind it)
                if not self._told:
                    self._told = True
                    log.warning("The run's output cannot be stored now: %s", problem)
                time.sleep(1 if attempt + 1 < attempts else 0)
            else:
                return True
        return False


def _whole_lines(content: bytes) -> tuple[bytes, bytes]:
    """What can be kept now, and the begun line. A progress bar goes back to the start of its line, which counts too."""
    end = max(content.rfind(b"\n"), content.rfind(b"\r", 0, -1)) + 1
    return content[:end], content[end:]


def _shown_lines(content: bytes) -> list[str]:
    """The lines as a terminal shows them in the end: of a line that is written again, what was written last."""
    *lines, begun = content.decode(errors="replace").split("\n")
    if begun and not begun.endswith("\r"):
        lines.append(begun)
    return [line.rstrip("\r").rpartition("\r")[2] for line in lines]


def part_name(number: int) -> str:
    """The file of a part of the output: ``output.log``, then ``output-2.log`` and so on."""
    return "output.log" if number == 1 else f"output-{number}.log"
