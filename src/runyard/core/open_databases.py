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

Files = frozenset[tuple[int, int]]
"""Device and inode numbers of files."""


def databases_in_use() -> Files:
    """The SQLite files that this process has open; empty on systems that do not list open files."""
    found = set()
    with contextlib.suppress(OSError):
        for number in map(int, os.listdir(_DESCRIPTORS)):  # noqa: PTH208  (no paths are needed)
            with contextlib.suppress(OSError):
                about = os.fstat(number)
                if stat.S_ISREG(about.st_mode) and os.pread(number, 16, 0).startswith(_BEGINNINGS):
                    found.add((about.st_dev, about.st_ino))
    return frozenset(found)


def is_one_of(path: Path, files: Files) -> bool:
    """Whether the file at a path is one of these."""
    about = path.stat()
    return (about.st_dev, about.st_ino) in files
