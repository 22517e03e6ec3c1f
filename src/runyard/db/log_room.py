"""Room in SQLite's write-ahead log: a file that grows is slow to sync.

When a commit makes a file longer, the system has to note its new size and blocks on the disk too, which doubles the
time of a small commit. So the log is made longer beforehand, by zeros. SQLite takes no notice of what is behind its
last frame, uses the log again from its beginning after each checkpoint, and removes it when the store is closed.
"""

import os
from pathlib import Path

LEAST, MOST = 64 * 1024, 1024 * 1024
"""Bytes that are added at a time: as many as there are, within these bounds."""
ENOUGH = 4_100 * 4_120
"""Bytes of a log that is as long as it gets: at 4,000 frames SQLite begins anew, unless a reader is in its way."""
_HEADER = 32
_TOLD_BY = 32
"""Bytes at the end of the log that tell whether it ends with a frame: these end with what was written to the page."""


class LogRoom:
    """Keeps the log longer than it is used.

    Parameters
    ----------
    log: The write-ahead log, which is open already.
    """

    def __init__(self, log: Path) -> None:
        self._file = os.open(log, os.O_RDWR | os.O_CLOEXEC)
        self._ahead = 0

    def keep(self) -> None:
        """Add room if the log has grown since. The caller holds the write lock: nobody else makes it longer."""
        size = os.fstat(self._file).st_size
        if not self._ahead < size < ENOUGH or size < _HEADER:
            return
        self._ahead = size
        if any(os.pread(self._file, _TOLD_BY, size - _TOLD_BY)):  # else it ends with room that another process made
            room = bytes(min(max(size, LEAST), MOST))
            try:
                self._ahead += os.pwrite(self._file, room, size)
            except OSError:  # the disk is full, say; SQLite tells of it if it needs more
                self._ahead = ENOUGH

    def close(self) -> None:
        """Close the file; it stays as long as it is."""
        os.close(self._file)
