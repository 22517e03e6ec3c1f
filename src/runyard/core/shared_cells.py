"""Numbers that the processes of one server share: each adds to a part of its own, and anyone reads the sum.

They are in a file that no folder lists, so nothing waits for anything. A process that replaces a dead one goes on with
its part: counters may never fall.
"""

import bisect
import fcntl
import itertools
import mmap
import os
import tempfile
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

_OWNER = 0


@dataclass(frozen=True)
class Histogram:
    """Where the numbers of a histogram are in a part: one for each bucket, one above them all, and the sum.

    Attributes
    ----------
    start: The place of the first.
    edges: Upper edges of the buckets, rising.
    """

    start: int
    edges: Sequence[float]

    @property
    def length(self) -> int:
        """How many numbers it has."""
        return len(self.edges) + 2


class SharedCells:
    """A row of numbers for each process.

    Parameters
    ----------
    processes: How many processes have a part.
    length: Numbers of a part.
    """

    def __init__(self, processes: int, length: int) -> None:
        self._parts, self._length, self._start = processes, length + 1, 1
        self._file, name = tempfile.mkstemp(prefix="runyard-")
        Path(name).unlink()
        self._let_go = weakref.finalize(self, os.close, self._file)
        os.truncate(self._file, processes * self._length * 8)
        self._memory = mmap.mmap(self._file, 0)
        with memoryview(self._memory) as whole:
            self._cells = whole.cast("d")

    def close(self) -> None:
        """Let go of the file."""
        self._cells.release()
        self._memory.close()
        self._let_go()

    def claim(self, momentary: Iterable[int] = ()) -> None:
        """Take a part for this process: one that no living process has.

        Parameters
        ----------
        momentary: The numbers that tell how things are now; a dead process' are dropped.

        Raises
        ------
        RuntimeError: More processes run than there are parts.
        """
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            free = next((start for start in self._starts() if not _is_alive(int(self._cells[start + _OWNER]))), None)
            if free is None:
                raise RuntimeError(f"{self._parts} processes count already.")
            self._cells[free + _OWNER] = os.getpid()
            self._start = free + 1
            for place in momentary:
                self._cells[self._start + place] = 0
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)

    def add(self, place: int, amount: float = 1) -> None:
        """Add to a number of this process."""
        self._cells[self._start + place] += amount

    def set(self, place: int, value: float) -> None:
        """Replace a number of this process."""
        self._cells[self._start + place] = value

    def total(self, place: int) -> float:
        """The sum of a number over all processes."""
        return sum(self._cells[start + 1 + place] for start in self._starts())

    def observe(self, histogram: Histogram, value: float) -> None:
        """Add a value to a histogram of this process."""
        first, edges, cells = self._start + histogram.start, histogram.edges, self._cells
        cells[first + bisect.bisect_left(edges, value)] += 1
        cells[first + len(edges) + 1] += value

    def buckets(self, histogram: Histogram) -> tuple[Sequence[tuple[str, float]], float]:
        """A histogram over all processes: its buckets, each with all that is below its edge, and the sum."""
        places = range(histogram.start, histogram.start + len(histogram.edges) + 1)
        edges = [*(f"{edge:g}" for edge in histogram.edges), "+Inf"]
        counts = itertools.accumulate(self.total(place) for place in places)
        return list(zip(edges, counts, strict=True)), self.total(places.stop)

    def _starts(self) -> range:
        return range(0, self._parts * self._length, self._length)


def _is_alive(process: int) -> bool:
    if process == 0:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
