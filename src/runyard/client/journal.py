"""The journal on disk behind the write-behind buffer: what was acknowledged to the caller survives the process.

A journal is a file of JSON lines. The first says which store it is for; each further line is a point or a message, or
notes up to which byte everything was delivered. A last line without a line break is ignored. The process that writes
a journal holds a lock on it, so that other processes can tell an orphaned journal from one in use.
"""

import contextlib
import dataclasses
import errno
import fcntl
import json
import math
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from runyard import settings
from runyard.exceptions import RunyardException
from runyard.gate.slices import load_messages
from runyard.protocol.message import OPERATIONS, AnyMessage
from runyard.tracking.metrics.points import Measured

SUFFIX = ".spool"
REJECTED = ".rejected"
COPIES = ".files"
FORMAT = 1


class Point(NamedTuple):
    """One buffered point of a metric. `end` is the byte after it in the journal."""

    end: int
    run_id: str
    key: str
    value: float
    timestamp: int
    step: int
    measured: Measured | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One buffered message. `end` is the byte after it in the journal."""

    end: int
    message: AnyMessage


@dataclass(frozen=True, slots=True)
class Upload:
    """One file on its way to the artifacts of a run or a logged model. `end` is the byte after it in the journal.

    Attributes
    ----------
    owner: ``run`` or ``model``.
    owner_id: Its id.
    path: The file's path among its artifacts.
    source: The copy of the file in the spool folder.
    """

    end: int
    owner: str
    owner_id: str
    path: str
    source: Path


Entry = Point | Change | Upload


def spool_folder() -> Path:
    """The folder of journals: RUNYARD_SPOOL_DIR, else in the user's state folder.

    Raises
    ------
    OSError: The user has no home and no folder was named.
    """
    given = settings.SPOOL_DIR.get()
    if given:
        return Path(given)
    try:
        state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    except RuntimeError as problem:  # a user without a home, as in some containers
        raise OSError(f"{problem} Name a folder for the journal in RUNYARD_SPOOL_DIR.") from None
    return state / "runyard" / "spool"


def point_line(
    run_id: str, key: str, value: float, timestamp: int, step: int, measured: Measured | None = None
) -> bytes:
    """A point as a line. Run ids and checked keys hold no character that JSON must escape."""
    number = (
        repr(value) if math.isfinite(value) else "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    )
    line = f'["m","{run_id}","{key}",{number},{timestamp},{step}]\n'
    if measured is not None:
        line = f"{line[:-2]},{json.dumps(measured)}]\n"
    return line.encode()


def change_line(message: AnyMessage) -> bytes:
    """A message as a line."""
    return (json.dumps(["w", message.operation.name, message.to_wire()]) + "\n").encode("utf-8", "surrogatepass")


def line_of(entry: Entry) -> bytes:
    """An entry as a line."""
    if isinstance(entry, Change):
        return change_line(entry.message)
    if isinstance(entry, Upload):
        fields = ["f", entry.owner, entry.owner_id, entry.path, entry.source.name]
        return (json.dumps(fields) + "\n").encode("utf-8", "surrogatepass")
    return point_line(*entry[1:])


def copies_of(journal: Path) -> Path:
    """The folder with the copies of files that a journal, or its file of rejected writes, refers to."""
    return journal.with_suffix(COPIES)


def place_copy(source: Path, folder: Path) -> Path:
    """Link a copied file into another folder of the spool; copy it where the file system has no links."""
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / source.stem
    try:
        os.link(source, target)
    except FileExistsError:
        pass
    except FileNotFoundError:
        raise
    except OSError:  # not every file system has links
        shutil.copyfile(source, target)
    return target


class Journal:
    """A journal that this process writes.

    Attributes
    ----------
    path: The file.
    start: Byte at which the first entry begins.
    end: Its length in bytes.

    Raises
    ------
    OSError: The folder cannot be written.
    """

    def __init__(self, address: str, folder: Path | None = None) -> None:
        folder = folder or spool_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / f"{os.getpid()}-{secrets.token_hex(6)}{SUFFIX}"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(self.path, flags, 0o600)
        self.end = 0
        try:
            # the header comes after the lock: a file without a header is ignored
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            header = {"runyard-spool": FORMAT, "tracking_uri": address, "began": time.time_ns()}
            self.start = self.append((json.dumps(header) + "\n").encode())
        except OSError:
            self.discard()
            raise

    def append(self, line: bytes) -> int:
        """Add a line; returns the byte after it.

        Raises
        ------
        OSError: The disk is full; no part of the line stays.
        """
        written = os.write(self._descriptor, line)
        if written < len(line):  # the disk ran full in the middle of a line
            os.ftruncate(self._descriptor, self.end)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.end += written
        return self.end

    def add(self, entry: Entry) -> Entry:
        """Add an entry, with its file if it has one, and return it as one of this journal.

        Raises
        ------
        OSError: The disk is full, or the file is gone.
        """
        if isinstance(entry, Point):
            return entry._replace(end=self.append(line_of(entry)))
        if isinstance(entry, Upload):
            entry = dataclasses.replace(entry, source=place_copy(entry.source, copies_of(self.path)))
        return dataclasses.replace(entry, end=self.append(line_of(entry)))

    def settle(self, end: int) -> None:
        """Note that everything up to a byte was delivered."""
        self.append(settled_line(end))

    def entries(self, start: int, most: int) -> tuple[list[Entry], int]:
        """Up to `most` entries from a byte on, and the byte after the last. Other threads may append meanwhile."""
        found: list[Entry] = []
        with os.fdopen(os.dup(self._descriptor), "rb") as file:
            file.seek(start)
            end = start
            while len(found) < most and end < self.end:
                line = file.readline()
                end += len(line)
                entry = entry_of(end, line, copies_of(self.path))
                if entry is not None:
                    found.append(entry)
        return found, end

    def discard(self) -> None:
        """Remove it: everything was delivered."""
        remove_journal(self.path)
        self.close()

    def close(self) -> None:
        """Close it and leave the file for other processes to deliver."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def address_of(path: Path) -> str | None:
    """The address of the store that a journal is for; None if the file is not a journal.

    Raises
    ------
    OSError: The file cannot be read.
    """
    return _header(path)[0]


def began(path: Path) -> int:
    """When a journal was begun, in nanoseconds since 1970. Its entries may depend on an earlier journal's.

    Raises
    ------
    OSError: The file cannot be read.
    """
    return _header(path)[1]


def _header(path: Path) -> tuple[str | None, int]:
    with path.open("rb") as file:
        line = file.readline()
    try:
        header = json.loads(line)
        return str(header["tracking_uri"]) if header.get("runyard-spool") == FORMAT else None, header.get("began", 0)
    except (ValueError, KeyError, AttributeError):
        return None, 0


def starts_in_another_journal(owner_id: str, journal: Path) -> bool:
    """Whether another journal of the folder still has to create this run or model."""
    start = re.compile(rb'\["w", "start_(run|logged_model)", \{"(run|model)_id": "%s"' % re.escape(owner_id).encode())
    for path in files_in(journal.parent, SUFFIX):
        with contextlib.suppress(OSError):
            if path != journal and start.search(path.read_bytes()):
                return True
    return False


def files_in(folder: Path, *suffixes: str) -> list[Path]:
    """The files of a spool folder that end in one of these, by name; none when there is no folder.

    Raises
    ------
    OSError: The folder cannot be read.
    """
    try:
        return sorted(path for path in folder.iterdir() if path.suffix in suffixes)
    except FileNotFoundError:
        return []


def undelivered(path: Path, damaged: Callable[[str, str], None]) -> Iterator[Entry]:
    """The entries of a journal that were not noted as delivered.

    Parameters
    ----------
    damaged: Called with each line that cannot be read and the reason; not called for a cut last line.

    Raises
    ------
    OSError: The file cannot be read.
    """
    load_messages()
    for end, line in _lines(path, _settled(path)):
        try:
            entry = entry_of(end, line, copies_of(path))
        except ValueError as problem:
            damaged(line.decode("utf-8", "replace"), str(problem))
            continue
        if entry is not None:
            yield entry


def settled_line(end: int) -> bytes:
    """A line that notes that everything up to a byte was delivered."""
    return f'["a",{end}]\n'.encode()


def _settled(path: Path) -> int:
    settled = 0
    for _, line in _lines(path, 0):
        if line.startswith(b'["a",') and line[5:-2].isdigit():
            settled = max(settled, int(line[5:-2]))
    return settled


def _lines(path: Path, start: int) -> Iterator[tuple[int, bytes]]:
    """Complete lines with the byte after each; a cut last line is left out."""
    with path.open("rb") as file:
        file.seek(start)
        end = start
        for line in file:
            end += len(line)
            if line.endswith(b"\n"):
                yield end, line


def remove_journal(path: Path) -> None:
    """Remove a delivered journal; copies of rejected files stay."""
    path.unlink(missing_ok=True)
    if not path.with_suffix(REJECTED).exists():
        shutil.rmtree(copies_of(path), ignore_errors=True)


def entry_of(end: int, line: bytes, copies: Path) -> Entry | None:
    """The entry of a line; None for the header and for notes.

    Parameters
    ----------
    copies: The folder with the copies of files that it may refer to.

    Raises
    ------
    ValueError: The line is damaged.
    """
    try:
        fields: Any = json.loads(line)
        if isinstance(fields, dict) or fields[0] == "a":
            return None
        if fields[0] == "m":
            _, run_id, key, value, timestamp, step, *rest = fields
            return Point(end, run_id, key, float(value), timestamp, step, _measured(*rest) if rest else None)
        if fields[0] == "f":
            _, owner, owner_id, artifact_path, name = fields
            return Upload(end, owner, owner_id, artifact_path, copies / Path(name).name)
        return Change(end, OPERATIONS[fields[1]].from_wire(fields[2]))
    except (ValueError, TypeError, KeyError, IndexError, RunyardException) as problem:
        raise ValueError(f"the line that ends at byte {end} is damaged ({problem})") from problem


def _measured(fields: Any) -> Measured:
    if not isinstance(fields, list) or not all(text is None or isinstance(text, str) for text in fields):
        raise TypeError(f"a point was measured on {fields!r}")
    model_id, dataset_name, dataset_digest = fields
    return model_id, dataset_name, dataset_digest


def lock_orphan(path: Path) -> int | None:
    """Lock an orphaned journal; returns its descriptor, or None when it is in use or gone.

    Raises
    ------
    OSError: This user may not write it.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    if not path.exists():  # another process delivered it meanwhile
        os.close(descriptor)
        return None
    return descriptor
