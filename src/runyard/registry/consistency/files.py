"""Files that belong to no row: the places where artifacts are kept, against every location that rows name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from runyard.artifacts.addresses import local_path, normal_location
from runyard.artifacts.entities import FileInfo
from runyard.artifacts.locations import in_s3, server_repository
from runyard.artifacts.repository import ArtifactRepository
from runyard.core.amounts import plural
from runyard.db.jobs import Inspect
from runyard.db.transaction import Transaction
from runyard.registry.consistency.findings import Finding, Kind
from runyard.registry.model_versions.tables import model_versions
from runyard.tracking.experiments.tables import experiments
from runyard.tracking.logged_models.tables import logged_models
from runyard.tracking.runs.tables import runs

PIECE = 5_000
"""Rows whose locations are read in one transaction."""
_OURS = re.compile(r"(?:.*/)?(?:[0-9a-f]{32}|models/m-[0-9a-f]{32})")
"""Paths of folders that only we make: of a run or a logged model."""
_SHARED = "models"
"""Name of the folder in which an experiment keeps its logged models."""
_OWN_FOLDER = re.compile(r"(.*)/([0-9a-f]{32}|m-[0-9a-f]{32})/artifacts")
"""Where runs and logged models have their artifacts: all that is in the folder with their id is theirs."""


@dataclass(frozen=True)
class FilesWithoutRows:
    """Files or folders in a place that no row names.

    Attributes
    ----------
    place: Folder or address in S3.
    path: Below the place.
    files: Number of files; none for folders that hold nothing.
    size: Their bytes.
    """

    place: str
    path: str
    files: int
    size: int

    def finding(self) -> Finding:
        """As a finding."""
        where = f"{self.place.rstrip('/')}/{self.path}"
        if not self.files:
            return Finding(Kind.EMPTY_FOLDER, f"folder {self.path}", where, "is empty and belongs to nothing")
        files = plural(self.files, "file")
        problem = f"belongs to no run, model or experiment: {files}, {self.size:,} bytes"
        return Finding(Kind.FILES_WITHOUT_ROWS, self.path, where, problem)


def places_of(inspect: Inspect, destination: str) -> list[str]:
    """The server's own place, and the folders and places in S3 that experiments have outside it.

    Folders that are not on this machine are left out.

    Parameters
    ----------
    destination: Where the server keeps what clients send through it.
    """
    shared = {_normal(destination, ""): destination}
    for location in _texts(inspect, experiments.c.experiment_id, experiments.c.artifact_location):
        if in_s3(location) or local_path(location) is not None:
            shared.setdefault(_normal(location, destination), location)
    outermost = [normal for normal in shared if not any(above in shared for above in _above(normal))]
    found = [shared[normal] if in_s3(shared[normal]) else normal for normal in outermost]
    return [place for place in found if in_s3(place) or Path(place).is_dir()]


def files_without_rows(inspect: Inspect, destination: str) -> Iterator[FilesWithoutRows]:
    """Find what no row names in the places where artifacts are kept.

    In the server's own place everything is looked at. Elsewhere others may keep files too, so there only folders count
    that are named as those of runs and models are. Removals and uploads may go on: what is found is looked for again.

    Parameters
    ----------
    inspect: Performs what reads: the gate's.
    destination: Where the server keeps what clients send through it.

    Raises
    ------
    RunyardException: A place cannot be read.
    """
    known, own = _Known(inspect, destination), _normal(destination, "")
    found = [
        (place, info)
        for place in places_of(inspect, destination)
        if not known.owns_around(_normal(place, destination))
        for info in _unknown(server_repository(place), known, _normal(place, destination), "")
        if _normal(place, destination) == own or _OURS.fullmatch(info.path)
    ]
    known = _Known(inspect, destination) if found else known  # with the rows that came while files were listed
    for place, info in found:
        if not known.has(f"{_normal(place, destination)}/{info.path}"):
            counted = _counted(server_repository(place), info)
            if counted is not None:
                yield FilesWithoutRows(place, info.path, *counted)


class _Known:
    """The locations that rows name. About 150 bytes of memory each."""

    def __init__(self, inspect: Inspect, destination: str) -> None:
        self._owned: set[str] = set()
        self._around: set[str] = set()
        for number, column in _OWNED:
            for location in _texts(inspect, number, column):
                normal = _owned_by(location, destination)
                self._owned.add(normal)
                self._note_above(normal)
        for location in _texts(inspect, experiments.c.experiment_id, experiments.c.artifact_location):
            normal = _normal(location, destination)
            self._around.add(normal)  # its own, but shared with its runs
            self._note_above(normal)

    def owned(self, normal: str) -> bool:
        """Whether this location belongs to a row, with all below it."""
        return normal in self._owned

    def owns_around(self, normal: str) -> bool:
        """Whether this location or one around it belongs to a row."""
        return any(each in self._owned for each in (normal, *_above(normal)))

    def has(self, normal: str) -> bool:
        """Whether a location belongs to a row, or holds one that does."""
        return normal in self._owned or normal in self._around

    def _note_above(self, normal: str) -> None:
        for above in _above(normal):
            if above in self._around:
                break
            self._around.add(above)


_OWNED: tuple[tuple[sa.Column[int], sa.Column[str]], ...] = (
    (runs.c.id, runs.c.artifact_uri),
    (logged_models.c.id, logged_models.c.artifact_location),
    (model_versions.c.id, model_versions.c.source),
    (model_versions.c.id, model_versions.c.storage_location),
)
"""Numbers of rows and their locations, in which all files are the row's."""


def _texts(inspect: Inspect, number: sa.Column[int], column: sa.Column[str]) -> Iterator[str]:
    """All texts of a column, deleted rows' too, piece by piece."""
    after = -1

    def read(tx: Transaction) -> list[Any]:
        chosen = sa.select(number, column).where(number > after).order_by(number).limit(PIECE)
        return list(tx.execute(chosen).all())

    while rows := inspect(read):
        yield from (text for _, text in rows)
        after = rows[-1][0]


def _owned_by(location: str, destination: str) -> str:
    """The folder that belongs to a row wholly, in normal form."""
    normal = normal_location(location, destination)
    own = _OWN_FOLDER.fullmatch(normal)
    if own is None:
        return _normal(location, destination)
    # Few folders hold those of all runs, which are not resolved one by one.
    return f"{_resolved(own[1]) if normal.startswith('/') else own[1]}/{own[2]}"


def _normal(location: str, destination: str) -> str:
    """A location in the form that all its spellings have; symbolic links of this machine are followed."""
    normal = normal_location(location, destination)
    return _resolved(normal) if normal.startswith("/") else normal


@lru_cache(maxsize=65_536)
def _resolved(folder: str) -> str:
    return str(Path(folder).resolve())


def _above(normal: str) -> Iterator[str]:
    """The locations around one, from the inside out."""
    while normal := normal.rpartition("/")[0]:
        yield normal


def _unknown(repository: ArtifactRepository, known: _Known, base: str, folder: str) -> Iterator[FileInfo]:
    """What is in a folder that no row names. Folders in which rows have theirs are looked into."""
    for info in repository.list(folder):
        normal = f"{base}/{info.path}"
        if known.owned(normal):
            continue
        if not known.has(normal) and not (info.is_dir and info.path.rpartition("/")[2] == _SHARED):
            yield info
        elif info.is_dir:
            yield from _unknown(repository, known, base, info.path)


def _counted(repository: ArtifactRepository, info: FileInfo) -> tuple[int, int] | None:
    """The number of files in what was found, and their bytes; None when it is gone."""
    if not info.is_dir:
        return 1, info.file_size or 0
    if not any(other.path == info.path for other in repository.list(info.path.rpartition("/")[0])):
        return None
    files = size = 0
    folders = [info.path]
    while folders:
        for each in repository.list(folders.pop()):
            if each.is_dir:
                folders.append(each.path)
            else:
                files, size = files + 1, size + (each.file_size or 0)
    return files, size
