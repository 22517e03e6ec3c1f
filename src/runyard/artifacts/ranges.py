"""An artifact as a file object of Python's, which is read by ranges: nothing of it is kept but what was asked for."""

import io

from runyard.artifacts.repository import ArtifactRepository, OpenFile


class RangedFile(io.RawIOBase):
    """Reads from any place of an artifact.

    Parameters
    ----------
    file: The open artifact.
    size: Its bytes.
    """

    def __init__(self, file: OpenFile, size: int) -> None:
        self._file, self.size, self._at = file, size, 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to this number of bytes from here; all remaining ones without a number."""
        left = max(0, self.size - self._at)
        wanted = left if size is None or size < 0 else min(size, left)
        if not wanted:
            return b""
        self._file.seek(self._at)
        found = self._file.read(wanted)
        self._at += len(found)
        return found

    def readinto(self, buffer: "memoryview | bytearray", /) -> int:  # type: ignore[override]
        """Fill a buffer; returns the number of bytes."""
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Continue from a byte, counted from the beginning, from here or from the end."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Where reading continues."""
        return self._at

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be read from any place."""
        return True

    def close(self) -> None:
        """Release its resources."""
        if not self.closed:
            self._file.close()
        super().close()


def ranged(repository: ArtifactRepository, path: str) -> RangedFile:
    """A file of a repository whose size is known.

    Raises
    ------
    DoesNotExist: Nothing is there.
    InvalidParameter: A folder is there.
    """
    stored = repository.open(path)
    return RangedFile(stored.file, stored.size or 0)
