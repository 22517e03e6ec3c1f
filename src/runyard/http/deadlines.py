"""Deadlines of requests: what takes too long is cancelled."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")


class Deadlines:
    """What `asyncio.timeout` does, for a thousand requests a second: one timer serves them all.

    All have the same time, so the one that began first ends first.

    Parameters
    ----------
    seconds: How long each may take; 0 for as long as it takes.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends: dict[asyncio.Task[Any], float] = {}
        self._late: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def within(self, work: Awaitable[T]) -> T:
        """Wait for what this task has to do, which waits for nothing else within a deadline.

        Raises
        ------
        TimeoutError: It did not end in time, and was cancelled.
        """
        task = asyncio.current_task()
        if not self._seconds or task is None:
            return await work
        loop = asyncio.get_running_loop()
        self._ends[task] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._look, loop)
        try:
            return await work
        except asyncio.CancelledError:
            if task in self._late and not task.uncancel():
                raise TimeoutError from None
            raise
        finally:
            self._late.discard(task)
            del self._ends[task]

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel those that are late, and look again when the next one will be."""
        now = loop.time()
        self._timer = None
        for task, end in self._ends.items():
            if end > now:
                self._timer = loop.call_at(end, self._look, loop)
                return
            if task not in self._late:
                self._late.add(task)
                task.cancel()
