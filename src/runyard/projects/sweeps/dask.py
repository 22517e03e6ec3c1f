"""A sweep on a Dask cluster: points run on its workers, wherever they are."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runyard.core.libraries import lazy, required
from runyard.exceptions import ExecutionException
from runyard.projects.sweeps.engines import SweepEngine
from runyard.projects.sweeps.points import Outcome, Point, run_point

distributed = lazy("distributed")


class DaskEngine(SweepEngine):
    """Points on the workers of a cluster. Runyard must be installed there, and the tracking URI be reachable.

    Parameters
    ----------
    parallel: Maximum number of points that run at the same time; the cluster's number of threads when left out.
    config: ``address`` of the scheduler, such as ``tcp://host:8786``, and ``timeout``, the seconds it may take to
        answer (30); without an address, a cluster of this machine is started with the number of processes in
        ``workers`` (2).

    Raises
    ------
    MissingPackage: Dask is not installed.
    ExecutionException: The cluster cannot be reached.
    """

    def __init__(self, parallel: int | None, config: Mapping[str, Any]) -> None:
        super().__init__(parallel, config)
        required("distributed", "A sweep on Dask")

    def outcomes(self, points: Sequence[Point]) -> Iterator[Outcome]:
        """Hand the points to the workers, as many at a time as they may run."""
        with self._connected() as client:
            stop = distributed.Event(f"runyard-sweep-{uuid.uuid4().hex}", client=client)
            most = self.parallel or max(1, sum(client.nthreads().values()))
            waiting = iter(points)
            futures: dict[Any, Point] = {}
            done = distributed.as_completed()
            try:
                for point in points[:most]:
                    next(waiting)
                    self._hand_over(client, stop.name, point, futures, done)
                for future in done:
                    yield _outcome(future, futures.pop(future))
                    following = next(waiting, None)
                    if following is not None:
                        self._hand_over(client, stop.name, following, futures, done)
            finally:
                if futures:
                    stop.set()
                    distributed.wait(list(futures))

    def _hand_over(self, client: Any, stop: str, point: Point, futures: dict[Any, Point], done: Any) -> None:
        future = client.submit(_run_on_worker, point, stop, pure=False)  # the same values again are another run
        futures[future] = point
        done.add(future)

    def _connected(self) -> Any:
        address = self.config.get("address")
        try:
            if address:
                return distributed.Client(str(address), timeout=float(self.config.get("timeout", 30)))
            workers = int(self.config.get("workers", 2))
            return distributed.Client(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None)
        except (OSError, ValueError) as problem:
            raise ExecutionException(f"The Dask cluster at {address!r} cannot be reached: {problem}") from None


def _run_on_worker(point: Point, stop: str) -> Outcome:
    """What a worker does."""
    return run_point(point, distributed.Event(stop).is_set)


def _outcome(future: Any, point: Point) -> Outcome:
    """What a worker answered; a failure when it was lost."""
    try:
        answered: Outcome = future.result()
    except Exception as problem:  # noqa: BLE001  (whatever the cluster raises, the other points go on)
        lost = f"The worker was lost: {type(problem).__name__}: {problem}"
        return Outcome(point.values, None, "FAILED", problem=lost)
    return answered
