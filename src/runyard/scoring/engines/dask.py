"""Predicts for files with Dask: one file at a time in each process of its workers."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from typing import Any

from runyard.core.libraries import required
from runyard.exceptions import RunyardException
from runyard.scoring.engines import Work
from runyard.scoring.engines.arrival import arrived
from runyard.scoring.job import FileReport, FolderJob, failed
from runyard.scoring.places import Found
from runyard.scoring.shipping import packed

_AHEAD = 4
"""How many files are handed out for each that can be worked on, so that no worker waits for the next one."""


def reports(work: Work) -> Iterator[FileReport]:
    """The report of each file, as it is done."""
    distributed = required("distributed", "Predicting with Dask")
    with ExitStack() as stack:
        client = stack.enter_context(_client(distributed, work, stack))
        model = client.scatter(packed(work.model).read_bytes()) if work.address else None
        job = work.job if work.address else work.here()
        cores = sum(client.ncores().values()) or work.workers
        suspects = []
        for found, future in _done(client, job, model, work.files, _AHEAD * cores):
            if isinstance(future.exception(), distributed.KilledWorker):
                suspects.append(found)
            else:
                yield _report(found, future)
        # Dask blames every file that a worker had when it died, also those that waited there: alone, it is the file's.
        for found, future in _done(client, job, model, suspects, 1):
            yield _report(found, future)


def _done(client: Any, job: FolderJob, model: Any, files: Iterable[Found], at_once: int) -> Iterator[tuple[Found, Any]]:
    """Each file with its future, as it is done; `at_once` of them are handed out at a time."""
    waiting = iter(files)
    given: dict[Any, Found] = {}

    def hand_out(count: int) -> list[Any]:
        some = list(islice(waiting, count))
        futures = [client.submit(_score, job, one, model, pure=False) for one in some]
        given.update(zip(futures, some, strict=True))
        return futures

    done = required("distributed", "Predicting with Dask").as_completed(hand_out(at_once))
    for future in done:
        yield given.pop(future), future
        future.release()
        for more in hand_out(1):
            done.add(more)


def _report(found: Found, future: Any) -> FileReport:
    problem = future.exception()
    return future.result() if problem is None else failed(found, problem)


def _client(distributed: Any, work: Work, stack: ExitStack) -> Any:
    if not work.address:
        cluster = distributed.LocalCluster(
            n_workers=work.workers, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0"
        )
        return distributed.Client(stack.enter_context(cluster))
    try:
        return distributed.Client(work.address)
    except (OSError, ValueError) as problem:
        raise RunyardException(f"There is no Dask scheduler at {work.address!r}: {problem}.") from problem


def _score(job: FolderJob, found: Found, model: bytes | None) -> FileReport:
    return job.score(found, lambda: arrived(job.scorer.name, model))
