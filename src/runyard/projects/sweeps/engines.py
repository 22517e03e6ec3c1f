"""What runs the points of a sweep, and the threads of this machine that do."""

import contextlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, ClassVar

from runyard.projects.sweeps.points import Outcome, Point, run_point


class SweepEngine(ABC):
    """Runs points somewhere, each with `run_point`.

    Parameters
    ----------
    parallel: Maximum number of points that run at the same time; None leaves it to the engine.
    config: What else the engine needs to know, such as the address of a cluster.
    """

    needs_archive: ClassVar[bool] = True
    """Whether points may run on other machines. Then each is sent with the project."""

    def __init__(self, parallel: int | None, config: Mapping[str, Any]) -> None:
        self.parallel = parallel
        self.config = config

    @abstractmethod
    def outcomes(self, points: Sequence[Point]) -> Iterator[Outcome]:
        """Run all points, and give each one's outcome when it has it.

        A caller that stops early, or is interrupted, closes the iterator: what still runs is ended then.
        """


class LocalEngine(SweepEngine):
    """Runs points on this machine, by default one at a time."""

    needs_archive: ClassVar[bool] = False

    def outcomes(self, points: Sequence[Point]) -> Iterator[Outcome]:
        """Run them in threads, which start and watch the processes."""
        stop = threading.Event()
        pool = ThreadPoolExecutor(self.parallel or 1, thread_name_prefix="runyard-sweep")
        try:
            for done in as_completed([pool.submit(run_point, point, stop.is_set) for point in points]):
                yield done.result()
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


@contextlib.contextmanager
def closing(outcomes: Iterator[Outcome]) -> Iterator[Iterator[Outcome]]:
    """End what an engine still runs when the block is left, however that comes."""
    try:
        yield outcomes
    finally:
        close = getattr(outcomes, "close", None)
        if close is not None:
            close()
