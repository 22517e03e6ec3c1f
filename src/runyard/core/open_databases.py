"""The SQLite database files that this process has open; other code in the process must not open them.

When a file is closed, the system drops all locks that the process has on it (https://www.sqlite.org/howtocorrupt.html,
§2.2). Another process then believes that the database is not in use, and writes to it are lost.
"""

import contextlib
import os
import stat
import sys
from pathlib import Path

_BEGINNINGS = (b"SQLite format 3\0", b"\x37\x7f\x06", (3007000).to_bytes(4, sys.byteorder))
"""Suffixes of SQLite's files: the database, its journal (-wal), and the journal's index (-shm)."""

_DESCRIPTORS = "/dev/fd"

Files = dict[tuple[int, int], list[int]]
"""Device and inode number of each file, and the descriptors under which it is open."""


def open_files() -> Files:
    """The files that this process has open; empty on systems that do not list them."""
    found: Files = {}
    with contextlib.suppress(OSError):
        for number in map(int, os.listdir(_DESCRIPTORS)):  # noqa: PTH208  (no paths are needed)
            with contextlib.suppress(OSError):
                about = os.fstat(number)
                if stat.S_ISREG(about.st_mode):
                    found.setdefault((about.st_dev, about.st_ino), []).append(number)
    return found


def is_open_database(path: Path, files: Files) -> bool:
    """Whether a file of SQLite is at a path, and among these.

    It is read only through a descriptor that is open already: to open and close it is what does the harm.
    """
    about = path.stat()
    identity = about.st_dev, about.st_ino
    return any(_is_database(number, identity) for number in files.get(identity, ()))


def _is_database(number: int, identity: tuple[int, int]) -> bool:
    with contextlib.suppress(OSError):  # another thread closed it meanwhile, and the number may be another file's
        about = os.fstat(number)
        return (about.st_dev, about.st_ino) == identity and os.pread(number, 16, 0).startswith(_BEGINNINGS)
    return False
