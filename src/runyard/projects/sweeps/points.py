"""One point of a sweep: what a worker gets, here or on another machine, and its outcome."""

import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from runyard.client import RunyardClient
from runyard.exceptions import ExecutionException, RunyardException
from runyard.projects import archives, tags
from runyard.projects.backend import local
from runyard.projects.request import Request
from runyard.projects.submitted_run import SubmittedRun

_PAUSE = 0.1


@dataclass(frozen=True)
class Point:
    """A combination of values to run.

    Attributes
    ----------
    values: The values that are its own.
    request: What to run, with all values.
    tracking_uri: Where it is logged.
    archive: The project as a zip file, for workers on other machines; None where the request's folder can be read.
    """

    values: Mapping[str, str]
    request: Request
    tracking_uri: str
    archive: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Outcome:
    """The outcome of a point.

    Attributes
    ----------
    run_id: Its run; None when none could be made.
    status: ``FINISHED``, ``FAILED`` or ``KILLED``.
    seconds: Its duration in seconds; 0 for one that was run earlier.
    problem: Why it failed.
    """

    values: Mapping[str, str]
    run_id: str | None
    status: str
    seconds: float = 0.0
    problem: str | None = None


def key_of(values: Mapping[str, str]) -> str:
    """A point's values as the text that its run is tagged with."""
    return json.dumps(dict(values), sort_keys=True)


def _never() -> bool:
    return False


def run_point(point: Point, is_cancelled: Callable[[], bool] = _never) -> Outcome:
    """Run a point to its end. Whatever goes wrong is in the outcome: other points go on.

    Parameters
    ----------
    is_cancelled: Called regularly; when it returns true, the run is ended.
    """
    started = time.monotonic()
    submitted: SubmittedRun | None = None
    try:
        client = RunyardClient(point.tracking_uri)
        submitted = local.submit(_placed(point), client)
        while submitted.get_status() == "RUNNING":
            if is_cancelled():
                submitted.cancel()
            time.sleep(_PAUSE)
        local.outcome(submitted)
        problem = None
    except (RunyardException, OSError) as failure:
        problem = failure.message if isinstance(failure, ExecutionException) else f"{type(failure).__name__}: {failure}"
    status = "FAILED" if submitted is None else submitted.get_status()
    seconds = time.monotonic() - started
    return Outcome(point.values, submitted.run_id if submitted else None, status, seconds, problem)


_unpacked: dict[str, "tempfile.TemporaryDirectory[str]"] = {}
"""Projects that this worker was sent, by digest: points of a sweep share one."""


def _placed(point: Point) -> Request:
    """The request with a folder of this machine, and the tag that says which point it is."""
    request = replace(point.request, tags={**point.request.tags, tags.POINT: key_of(point.values)})
    if point.archive is None:
        return request
    digest = hashlib.sha256(point.archive).hexdigest()
    if digest not in _unpacked:
        folder = tempfile.TemporaryDirectory(prefix="runyard-sweep-")
        zipped = Path(folder.name, "project.zip")
        zipped.write_bytes(point.archive)
        archives.unpack(zipped, Path(folder.name, "project"))
        _unpacked.setdefault(digest, folder)
    return replace(request, uri=str(Path(_unpacked[digest].name, "project")))
