"""Predicts for files with Dask: one file at a time in each process of its workers."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

from runyard.core.libraries import required
from runyard.exceptions import RunyardException
from runyard.scoring.engines import Work
from runyard.scoring.job import FileReport, FolderJob, failed
from runyard.scoring.places import Found
from runyard.scoring.shipping import archive_name, packed

_AHEAD = 4
"""How many files are handed out for each that can be worked on, so that no worker waits for the next one."""

_LOOK_SECONDS = 1
"""How long to wait for a file before it is looked whether workers are missing."""


def reports(work: Work) -> Iterator[FileReport]:
    """The report of each file, as it is done."""
    distributed = required("distributed", "Predicting with Dask")
    with ExitStack() as stack:
        client = stack.enter_context(_client(distributed, work, stack))
        job = work.job if work.address else work.here()
        if work.address:
            _send(client, packed(work.model), stack)
        cores = sum(client.ncores().values()) or work.workers
        suspects = []
        for found, future in _done(client, work, job, work.files, _AHEAD * cores):
            report = _report(job, found, future)
            if report is None:
                suspects.append(found)
            else:
                yield report
        # Dask blames every file that a worker had when it died, also those that waited there: alone, it is the file's.
        for found, future in _done(client, work, job, suspects, 1):
            yield _report(job, found, future) or failed(found, future.exception() or "The worker was lost.")


def _send(client: Any, archive: Path, stack: ExitStack) -> None:
    """Send the model to the workers that there are, and to those that come, in place of those that die."""
    plugins = required("distributed.diagnostics.plugin", "Predicting with Dask")
    client.register_plugin(plugins.UploadFile(str(archive), load=False), name=archive.stem)
    stack.callback(client.unregister_worker_plugin, archive.stem)


def _done(client: Any, work: Work, job: FolderJob, files: Iterable[Found], at_once: int) -> Iterator[tuple[Found, Any]]:
    """Each file with its future, as it is done; `at_once` of them are handed out at a time."""
    wait = required("distributed", "Predicting with Dask").wait
    waiting = iter(files)
    given: dict[Any, Found] = {}

    def hand_out(count: int) -> None:
        given.update((client.submit(_score, job, one, pure=False), one) for one in islice(waiting, count))

    hand_out(at_once)
    while given:
        try:
            done = wait(list(given), timeout=_LOOK_SECONDS, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            if not work.address:  # a cluster of this machine may give a worker up that dies while it starts
                client.cluster.scale(work.workers)
            continue
        for future in done:
            yield given.pop(future), future
            future.release()
        hand_out(len(done))


def _report(job: FolderJob, found: Found, future: Any) -> FileReport | None:
    """How a file went; None when its worker died.

    Nothing is fetched from the worker: it may die now, of another file.
    """
    if future.status == "error":
        problem = future.exception()
        return problem.report if isinstance(problem, _NoPredictionsError) else None
    return job.report_of(found)


def _client(distributed: Any, work: Work, stack: ExitStack) -> Any:
    if not work.address:
        cluster = distributed.LocalCluster(
            n_workers=work.workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.ERROR,
        )
        return distributed.Client(stack.enter_context(cluster))
    try:
        return distributed.Client(work.address)
    except (OSError, ValueError) as problem:
        raise RunyardException(f"There is no Dask scheduler at {work.address!r}: {problem}.") from problem


class _NoPredictionsError(Exception):
    """A file has no predictions. The report travels with it."""

    def __init__(self, report: FileReport) -> None:
        super().__init__(report)
        self.report = report


def _score(job: FolderJob, found: Found) -> None:
    report = job.score(found, lambda: _sent(job.scorer.name))
    if report.problem is not None:
        raise _NoPredictionsError(report)


def _sent(name: str) -> Path:
    """The archive with the model, at the worker."""
    worker = required("distributed", "Predicting with Dask").get_worker()
    return Path(worker.local_directory, archive_name(name))
