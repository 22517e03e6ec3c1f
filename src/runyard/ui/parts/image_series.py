"""The images that ``log_image`` stores under a key: the series of one run or of several, step by step."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from runyard.artifacts.entities import FileInfo
from runyard.core.tags import IMAGES_TAG
from runyard.exceptions import RunyardException
from runyard.tracking.runs.entities import Run
from runyard.ui.parts.files import contents_at
from runyard.ui.parts.format import shortened
from runyard.ui.parts.looks import looks_of
from runyard.ui.parts.presentation import artifact_root, names_of
from runyard.ui.site import Site

FOLDER = "images"
MOST_PICTURES = 5000
"""Pictures that one answer names; of longer series some steps are left out, never the first and the last."""
_KEY = r"images/(?P<key>[^/]+?)(?P<mark>[+%])step(?P=mark)(?P<step>-?\d{1,18})(?P=mark)"
_REST = r"timestamp(?P=mark)(?P<time>\d{1,18})(?P=mark)(?P<id>[\w-]{1,64})(?P<small>(?P=mark)compressed)?\.\w{1,8}"
_NAME = re.compile(_KEY + _REST)
_NAMES = 80


@dataclass(frozen=True)
class Picture:
    """A picture of a series.

    Attributes
    ----------
    path: Of the picture as it was logged.
    small: Path of its thumbnail; empty for none.
    size: Bytes of the picture.
    """

    step: int
    time: int
    path: str
    small: str
    size: int


def series_in(files: Iterable[FileInfo]) -> dict[str, list[Picture]]:
    """The series among the files of the folder ``images``, by key: their pictures by step, then by time.

    The names are those of MLflow: ``images/KEY+step+STEP+timestamp+MS+ID.png``, the thumbnail's with ``+compressed``
    before its ending. ``/`` in a key is ``~``. Older clients wrote ``%`` for ``+`` and ``#`` for ``/``.
    """
    whole: dict[tuple[str, int, int, str], FileInfo] = {}
    small: dict[tuple[str, int, int, str], str] = {}
    for file in files:
        found = None if file.is_dir else _NAME.fullmatch(file.path)
        if found:
            key = found["key"].replace("~" if found["mark"] == "+" else "#", "/")
            name = (key, int(found["step"]), int(found["time"]), found["id"])
            if found["small"]:
                small[name] = file.path
            else:
                whole[name] = file
    series: dict[str, list[Picture]] = {}
    for name in sorted(whole):
        key, step, time, _ = name
        picture = Picture(step, time, whole[name].path, small.get(name, ""), whole[name].file_size or 0)
        series.setdefault(key, []).append(picture)
    return series


def may_have_series(run: Run) -> bool:
    """Whether a run says that it logged images under keys; only its folder is then read."""
    return IMAGES_TAG in run.data.tags


@dataclass(frozen=True)
class SeriesOfRuns:
    """The same series of some runs.

    Attributes
    ----------
    keys: The keys that any of the runs has.
    key: The one that is shown; empty when there is none.
    steps: Its steps in any of the runs, in order.
    runs: Id, name and number of the look of each run, and its pictures: lists of step, path, thumbnail and size.
    left_out: How many of the steps are left out of `steps`.
    errors: Why the images of some runs cannot be read.
    """

    keys: tuple[str, ...]
    key: str
    steps: tuple[int, ...]
    runs: tuple[dict[str, Any], ...]
    left_out: int
    errors: tuple[str, ...]


def series_of_runs(site: Site, runs: Sequence[Run], key: str) -> SeriesOfRuns:
    """One series of some runs: the named one, else the first that they have.

    Each run that logged images is asked for one folder.
    """
    found: list[dict[str, list[Picture]]] = []
    errors = list[str]()
    for run in runs:
        try:
            files = contents_at(site, artifact_root(run), FOLDER) if may_have_series(run) else []
        except RunyardException as problem:
            files = []
            errors.append(problem.message)
        found.append(series_in(files))
    keys = tuple(sorted({each for series in found for each in series}))
    shown = key if key in keys else next(iter(keys), "")
    pictures = [series.get(shown, []) for series in found]
    every = sorted({picture.step for listed in pictures for picture in listed})
    steps = _some_of(every, sum(map(len, pictures)))
    ids = [run.info.run_id for run in runs]
    looks, names, kept = looks_of(ids), names_of(runs), set(steps)
    return SeriesOfRuns(
        keys,
        shown,
        tuple(steps),
        tuple(
            {
                "id": run_id,
                "name": shortened(names[run_id], _NAMES),
                "look": looks[run_id],
                "href": site.urls("runs", run_id, "artifacts", path=FOLDER),
                "files": site.urls("get-artifact", run_id=run_id),
                "page": site.urls("runs", run_id, "artifacts"),
                "pictures": [
                    [picture.step, picture.path, picture.small, picture.size]
                    for picture in listed
                    if picture.step in kept
                ],
            }
            for run_id, listed in zip(ids, pictures, strict=True)
        ),
        len(every) - len(steps),
        tuple(dict.fromkeys(errors)),
    )


def _some_of(steps: list[int], pictures: int) -> list[int]:
    """Steps to show: evenly some of them where all have too many pictures, with the first and the last."""
    most = max(2, len(steps) * MOST_PICTURES // max(1, pictures))
    if len(steps) <= most:
        return steps
    return [steps[round(place * (len(steps) - 1) / (most - 1))] for place in range(most)]
