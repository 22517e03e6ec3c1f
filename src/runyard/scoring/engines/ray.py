"""Predicts for files with Ray: one file at a time on each core."""

import os
import socket
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from runyard.core.libraries import required
from runyard.exceptions import RunyardException
from runyard.scoring.engines import Work
from runyard.scoring.job import FileReport, FolderJob, failed
from runyard.scoring.places import Found
from runyard.scoring.shipping import archive_name, model_store, packed

_AHEAD = 4
"""How many files are handed out for each that can be worked on."""
_REACHED_WITHIN = 10
"""Seconds."""


def reports(work: Work) -> Iterator[FileReport]:
    """The report of each file, as it is done."""
    ray = required("ray", "Predicting with Ray")
    is_ours = not ray.is_initialized()
    if is_ours:
        _start(ray, work)
    try:
        yield from _reports(ray, work, is_shared=is_ours and not work.address)
    finally:
        if is_ours:
            ray.shutdown()


def _reports(ray: Any, work: Work, is_shared: bool) -> Iterator[FileReport]:
    job = work.here() if is_shared else work.job
    model = None if is_shared else ray.put(packed(work.model).read_bytes())
    task = ray.remote(num_cpus=1, max_retries=1)(_score)
    waiting = iter(work.files)
    given: dict[Any, Found] = {}

    def hand_out(count: int) -> None:
        given.update((task.remote(job, one, model), one) for one in islice(waiting, count))

    hand_out(_AHEAD * int(ray.cluster_resources().get("CPU", work.workers)))
    while given:
        (done,), _ = ray.wait(list(given), num_returns=1)
        found = given.pop(done)
        try:
            yield ray.get(done)
        except ray.exceptions.RayError as problem:
            yield failed(found, problem)
        hand_out(1)


def _start(ray: Any, work: Work) -> None:
    if work.address:
        _reach(work.address)
    local = {"num_cpus": work.workers, "include_dashboard": False}
    try:
        ray.init(work.address or "local", log_to_driver=False, logging_level="error", **({} if work.address else local))
    except (ConnectionError, OSError, RuntimeError, ValueError) as problem:
        raise RunyardException(f"There is no Ray cluster at {work.address or 'local'!r}: {problem}.") from problem


def _reach(address: str) -> None:
    """Look whether someone listens there: Ray itself tries for minutes, and then ends the process.

    Raises
    ------
    RunyardException: Nobody does.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdigit():  # "auto", which Ray finds in files of this machine
        return
    try:
        socket.create_connection((host, int(port)), timeout=_REACHED_WITHIN).close()
    except OSError as problem:
        raise RunyardException(f"There is no Ray cluster at {address!r}: {problem}.") from problem


def _score(job: FolderJob, found: Found, model: bytes | None) -> FileReport:
    return job.score(found, lambda: _arrived(job.scorer.name, model))


def _arrived(name: str, data: bytes | None) -> Path:
    """The archive with the model, which arrives as bytes and becomes a file once on each machine."""
    archive = model_store() / archive_name(name)
    if data is not None and not archive.exists():
        partial = archive.with_suffix(f".{os.getpid()}")
        partial.write_bytes(data)
        partial.replace(archive)
    return archive
