"""Admission: how many reads ask the database at one time, dear ones apart from cheap ones.

A store has a few connections for reading and a process has few threads. Dear reads, such as a chart of a long series,
get some of them and wait for each other; the others are left for reads that take a millisecond.
"""

import asyncio
import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass

from runyard.db.engine import POOL_SECONDS, READERS
from runyard.exceptions import Unavailable

DEAR_READS = 3
"""Dear reads at one time; two processors are busy with fewer."""
_AGAIN_SECONDS = 0.2
LOCAL_SECONDS = 60.0
"""How long a script waits for its own other threads: it cannot be told to come back."""


@dataclass(frozen=True)
class Bounds:
    """Bounds of a lane.

    Attributes
    ----------
    slots: Reads at one time.
    seconds: How long a read may wait for its turn.
    waiting: Reads that may wait, each of which costs little but its connection.
    waiting_threads: Callers that may wait and hold a thread meanwhile, as pages do.
    """

    slots: int
    seconds: float
    waiting: int
    waiting_threads: int


CHEAP = Bounds(READERS - DEAR_READS, 2 - POOL_SECONDS, 1024, 1024)
DEAR = Bounds(DEAR_READS, 10, 256, 24)  # of the web framework's 40 threads, some are left for cheap pages


class Lane:
    """Reads of one kind: some at a time, in the order they came."""

    def __init__(self, kind: str, bounds: Bounds) -> None:
        self._kind, self._bounds, self._free = kind, bounds, bounds.slots
        self._places: deque[Future[None]] = deque()
        self._changing = threading.Lock()

    @property
    def waiting(self) -> int:
        """The number of reads that wait for a turn."""
        return len(self._places)

    def wait(self) -> None:
        """Wait for a turn on this thread; `leave` must follow.

        Raises
        ------
        Unavailable: Too many wait, or it did not come in time.
        """
        place = self._place(self._bounds.waiting_threads)
        if place is not None:
            try:
                place.result(self._bounds.seconds)
            except TimeoutError:
                self._give_up(place)

    async def enter(self) -> None:
        """Wait for a turn without a thread; `leave` must follow.

        Raises
        ------
        Unavailable: Too many wait, or it did not come in time.
        """
        place = self._place(self._bounds.waiting)
        if place is None:
            return
        try:
            await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(place)), self._bounds.seconds)
        except TimeoutError:
            self._give_up(place)
        except asyncio.CancelledError:
            if not self._forget(place):
                self.leave()
            raise

    async def enter_again(self) -> None:
        """Wait for another turn for what has begun, which cannot be told to come back; `leave` must follow."""
        while True:
            try:
                await self.enter()
                return
            except Unavailable:
                await asyncio.sleep(_AGAIN_SECONDS)

    def leave(self) -> None:
        """End a turn: the next one that waits has it."""
        with self._changing:
            while self._places:
                place = self._places.popleft()
                if place.set_running_or_notify_cancel():
                    break
            else:
                self._free += 1
                return
        place.set_result(None)

    def _place(self, most: int) -> Future[None] | None:
        """A place in the queue; None when a turn was free, and is taken."""
        with self._changing:
            if self._free:
                self._free -= 1
                return None
            if len(self._places) >= most:
                raise Unavailable(f"{most} {self._kind} reads are waiting already. Try again.", retry_after=2)
            place: Future[None] = Future()
            self._places.append(place)
            return place

    def _give_up(self, place: Future[None]) -> None:
        """Leave the queue, unless the turn came just now."""
        if self._forget(place):
            seconds = self._bounds.seconds
            raise Unavailable(
                f"The server is busy: this {self._kind} read waited {seconds:g} seconds for its turn. Try again."
            )

    def _forget(self, place: Future[None]) -> bool:
        """Take a place out of the queue; False when its turn has come."""
        if not place.cancel():
            return False
        with self._changing:
            if place in self._places:
                self._places.remove(place)
        return True


class Admission:
    """The two lanes of one store.

    Parameters
    ----------
    local_callers: Whether the callers are threads of one program, which wait for each other longer.
    """

    def __init__(self, local_callers: bool) -> None:
        self.cheap, self.dear = (
            Lane(kind, Bounds(bounds.slots, LOCAL_SECONDS, 10**6, 10**6) if local_callers else bounds)
            for kind, bounds in (("cheap", CHEAP), ("dear", DEAR))
        )

    def lane(self, dear: bool) -> Lane:
        """The lane of a read."""
        return self.dear if dear else self.cheap
