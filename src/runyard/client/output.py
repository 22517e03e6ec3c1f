"""What the processes of a run print: kept as artifacts of the run while it goes on, and passed on to the console.

The files of a run are parts, in order. Each is sent again as a whole when it has grown, at a pace that leaves the
network to others; one that is full is not sent again. While the store is away they wait on this machine's disk.
"""

import codecs
import contextlib
import logging
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO

from runyard.client.connection import StoreConnection
from runyard.client.uploads import RUN, artifacts_of
from runyard.core.output_parts import LOGS, part_name
from runyard.core.tags import OUTPUT_TAG
from runyard.exceptions import RunyardException
from runyard.tracking.runs.messages import SetTag

log = logging.getLogger(__name__)

PART_BYTES = 4 * 2**20
"""The output is kept in files of this size, so that what was printed before is not sent again and again."""
LAST_LINES = 20

_FIRST_PAUSE, _MAX_PAUSE = 1.0, 30.0
_SHARE = 10  # sending may take a tenth of the time
_BYTES_PER_SECOND = 2**20
_MAX_LINE = 65_536
_NOTE = b"[%d bytes of the output are left out here: RUNYARD_LOG_OUTPUT_LIMIT says how much is kept]\n"


class RunStore:
    """The artifacts of a run, for its output.

    Parameters
    ----------
    connection: The store that the run is in.
    run_id: The run.
    """

    def __init__(self, connection: StoreConnection, run_id: str) -> None:
        self._connection, self._run_id = connection, run_id

    def put_file(self, local_file: Path, path: str) -> None:
        """Store a file at a path, now.

        Raises
        ------
        RunyardException, OSError: It cannot be stored now.
        """
        artifacts_of(self._connection.transport, RUN, self._run_id, 0.0).put_file(local_file, path)

    def keep_file(self, local_file: Path, path: str) -> None:
        """Leave a file to the spool, which delivers it when the store is back."""
        self._connection.keep(RUN, self._run_id, lambda repository: repository.put_file(local_file, path), ours=True)

    def list_files(self) -> list[str]:
        """The names of the parts that are there already.

        Raises
        ------
        RunyardException, OSError: The store cannot be asked now.
        """
        found = artifacts_of(self._connection.transport, RUN, self._run_id, 0.0).list(LOGS)
        return [file.path.rpartition("/")[2] for file in found]

    def note_size(self, size: int) -> None:
        """Say on the run how many bytes of output are stored: open pages hear of it."""
        with contextlib.suppress(RunyardException, OSError):
            self._connection.transport.send(SetTag(run_id=self._run_id, key=OUTPUT_TAG, value=str(size)), 0.0)


class Output:
    """The output of one run.

    Parameters
    ----------
    store: The run's artifacts.
    echo: Also show it on this program's own streams.
    most_parts: Maximum number of files, at least 2; when the last is full, its older half is left out. All when None.
    name: Gives the file name of a part by its number, from 1.
    """

    def __init__(
        self,
        store: RunStore,
        echo: bool = True,
        most_parts: int | None = None,
        name: Callable[[int], str] | None = None,
    ) -> None:
        self._store, self._echo, self._most_parts, self._name = store, echo, most_parts, name or part_name
        self._folder = tempfile.TemporaryDirectory(prefix="runyard-output-")
        self._lock = threading.Lock()
        self._part = 1
        self._file = self._opened(1)
        self._left_out = 0
        self._lines = 0
        self._last: deque[tuple[int, str]] = deque(maxlen=LAST_LINES)
        self._last_errors: deque[tuple[int, str]] = deque(maxlen=LAST_LINES // 2)
        self._unsent: set[int] = set()
        self._stored: dict[int, int] = {}
        """The bytes of each part that is stored."""
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
        self.take(f"{line}\n".encode())

    def last_lines(self) -> list[str]:
        """The last lines that were printed. Half of them are errors, if there were any.

        Two streams can overtake each other, and what the program said of its failure must not be lost behind the rest.
        """
        with self._lock:
            last, errors = list(self._last), list(self._last_errors)
        others = [one for one in last if one not in errors]
        return [line for _, line in sorted([*errors, *others[max(0, len(others) + len(errors) - LAST_LINES) :]])]

    def close(self) -> None:
        """Store what is not stored yet, now or by the spool. Afterwards nothing more is taken in."""
        self._done.set()
        self._sender.join()
        self._send(attempts=1 if self._told else 3)
        with self._lock:
            self._file.close()
        for part in sorted(self._unsent):
            self._leave_to_spool(part)
        self._folder.cleanup()

    def _read(self, stream: IO[bytes], target: IO[str], is_error: bool) -> None:
        lines = Lines()
        decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a character may come in two pieces
        with contextlib.suppress(OSError, ValueError), stream:
            while piece := stream.read1(8192):  # type: ignore[attr-defined]  # pipes are buffered readers
                self._show(decoder.decode(piece), target)
                self.take(lines.whole(piece), is_error)
        self.take(lines.rest(), is_error)

    def _show(self, text: str, target: IO[str]) -> None:
        if self._echo:
            with contextlib.suppress(OSError, ValueError):  # a closed console does not end the run
                target.write(text)
                target.flush()

    def take(self, content: bytes, is_error: bool = False) -> None:
        """Take in what was printed, in whole lines."""
        with self._lock:
            if self._file.closed or not content:
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
                self._go_on_elsewhere()

    def _go_on_elsewhere(self) -> None:
        """Open the next file; when there may be none, the last one again, without its older half."""
        if self._part != self._most_parts:
            self._part += 1
            self._file = self._opened(self._part)
            return
        path = self._path(self._part)
        content = path.read_bytes()
        first = content.find(b"\n", len(content) // 2) + 1
        first = first if 0 < first < len(content) else len(content) // 2
        noted = len(_NOTE % self._left_out) if self._left_out else 0
        self._left_out += first - noted
        shorter = path.with_suffix(".shorter")
        shorter.write_bytes(_NOTE % self._left_out + content[first:])
        shorter.replace(path)  # who sends the file now has the older one open, and sends this one next
        self._file = path.open("ab")

    def _path(self, part: int) -> Path:
        return Path(self._folder.name, f"{part}.log")

    def _opened(self, part: int) -> IO[bytes]:
        return self._path(part).open("wb")

    def _send_while_open(self) -> None:
        pause = _FIRST_PAUSE
        while not self._done.wait(pause):
            started = time.monotonic()
            sent = self._send(attempts=1)
            busy = max((time.monotonic() - started) * _SHARE, sent / _BYTES_PER_SECOND)
            pause = min(max(_FIRST_PAUSE, busy), _MAX_PAUSE)

    def _send(self, attempts: int) -> int:
        """Store the parts that have grown; returns the number of bytes that were stored."""
        with self._lock:
            if not self._file.closed:
                self._file.flush()
            waiting, self._unsent = sorted(self._unsent), set()
        before = dict(self._stored)
        for part in waiting:
            size = self._path(part).stat().st_size
            if self._sent(part, attempts):
                self._stored[part] = size
            else:
                self._unsent.add(part)
        if self._stored != before:
            self._store.note_size(sum(self._stored.values()))
        return sum(size for part, size in self._stored.items() if part in waiting)

    def _sent(self, part: int, attempts: int) -> bool:
        """Store one file. What goes wrong is said once: a run does not fail because its output cannot be kept."""
        for attempt in range(attempts):
            try:
                self._store.put_file(self._path(part), f"{LOGS}/{self._name(part)}")
            except Exception as problem:  # noqa: BLE001  (the edge: any store may be behind it)
                if not self._told:
                    self._told = True
                    log.warning("The run's output cannot be stored now: %s", problem)
                time.sleep(1 if attempt + 1 < attempts else 0)
            else:
                return True
        return False

    def _leave_to_spool(self, part: int) -> None:
        try:
            self._store.keep_file(self._path(part), f"{LOGS}/{self._name(part)}")
        except (RunyardException, OSError) as problem:
            log.warning("A part of the run's output is lost: %s", problem)


class Lines:
    """Makes whole lines of the pieces of a stream."""

    def __init__(self) -> None:
        self._begun = b""

    def whole(self, piece: bytes) -> bytes:
        """The lines that end in this piece; what is too long for a line is taken for one."""
        whole, self._begun = _whole_lines(self._begun + piece)
        if len(self._begun) > _MAX_LINE:
            whole, self._begun = whole + self._begun, b""
        return whole

    def rest(self) -> bytes:
        """The begun line, ended."""
        rest, self._begun = self._begun, b""
        return rest + b"\n" if rest else b""


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
