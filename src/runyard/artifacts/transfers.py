"""Transfers between local files and folders and artifact repositories."""

import logging
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from runyard.artifacts.entities import FileInfo
from runyard.artifacts.paths import PathText, joined, safe_path
from runyard.artifacts.repository import PARTIAL, PIECE, ArtifactRepository, Progress
from runyard.core.open_databases import is_open_database, open_files
from runyard.exceptions import InvalidParameter

log = logging.getLogger(__name__)

TRANSFERS = 8
"""Number of files of a folder that are transferred at the same time."""


def log_artifact(
    repository: ArtifactRepository,
    local_path: str | os.PathLike[str],
    artifact_path: PathText | None = None,
    progress: Progress | None = None,
) -> None:
    """Store one file, under its own name, or a folder with its name.

    Raises
    ------
    InvalidParameter: There is nothing at the local path, nothing that can be read as a file, or a database that this
        program has open.
    """
    local = _of_machine(local_path)
    if local.is_dir():
        log_artifacts(repository, local, joined(safe_path(artifact_path), local.absolute().name), progress)
        return
    _require_file(local)
    if is_open_database(local, open_files()):
        raise InvalidParameter(
            f"{str(local)!r} is a database that this program has open; reading it now would damage it. "
            "Store a copy that SQLite's backup made."
        )
    repository.put_file(local, safe_path(joined(safe_path(artifact_path), local.name)), progress)


def log_artifacts(
    repository: ArtifactRepository,
    local_dir: str | os.PathLike[str],
    artifact_path: PathText | None = None,
    progress: Progress | None = None,
) -> None:
    """Store everything in a folder, several files at a time; databases that this program has open are left out.

    Raises
    ------
    InvalidParameter: There is no folder at the local path, or something in it cannot be stored; then nothing is.
    """
    root, target = _of_machine(local_dir), safe_path(artifact_path)
    if not root.is_dir():
        raise InvalidParameter(f"No folder is at {str(root)!r}.")
    transfers = []
    opened = open_files()
    for file in files_below(root):
        _require_file(file)
        if is_open_database(file, opened):
            log.warning("%s is a database that this program has open; it is not stored with the others.", file)
            continue
        transfers.append((file, safe_path(joined(target, file.relative_to(root).as_posix())), progress))
    _all_at_once(repository.put_file, transfers)
    repository.make_folder(target)
    for folder in _empty_folders(root):
        repository.make_folder(joined(target, folder.relative_to(root).as_posix()))


def download_artifacts(
    repository: ArtifactRepository,
    path: PathText | None,
    dst_path: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> str:
    """Copy a file or a folder to this machine, as the client's method of this name does; returns its local path.

    Raises
    ------
    DoesNotExist: There is no such artifact.
    """
    checked = safe_path(path)
    here = repository.local_path(checked)
    if dst_path is not None:
        _of_machine(dst_path).mkdir(parents=True, exist_ok=True)
    elif here is not None and here.exists():
        return str(here)
    target = Path(dst_path or tempfile.mkdtemp(prefix="runyard-"))
    found = list(_everything_below(repository, checked))
    if found or not checked or (here is not None and here.is_dir()):
        for path in (checked, *(each.path for each in found if each.is_dir)):
            (target / safe_path(path)).mkdir(parents=True, exist_ok=True)
        _all_at_once(_fetch, [(repository, each.path, target, progress) for each in found if not each.is_dir])
    else:
        _fetch(repository, checked, target, progress)
    return str(target / checked) if checked else str(target)


def walk(repository: ArtifactRepository, path: str) -> Iterator[FileInfo]:
    """Every file below a folder."""
    return (info for info in _everything_below(repository, path) if not info.is_dir)


def _everything_below(repository: ArtifactRepository, path: str) -> Iterator[FileInfo]:
    for info in repository.list(path):
        yield info
        if info.is_dir:
            yield from _everything_below(repository, info.path)


def files_below(folder: Path, above: frozenset[tuple[int, int]] = frozenset()) -> Iterator[Path]:
    """Every file below a local folder. Links to folders are followed, but not in circles."""
    facts = folder.stat()
    here = (facts.st_dev, facts.st_ino)
    if here in above:
        return
    for entry in sorted(folder.iterdir()):
        if entry.is_dir():
            yield from files_below(entry, above | {here})
        else:
            yield entry


def _empty_folders(folder: Path) -> Iterator[Path]:
    """The folders below a local one, at any depth, that hold nothing. Links are left to `files_below`."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            yield from _empty_folders(entry) if any(entry.iterdir()) else (entry,)


def _of_machine(path: str | os.PathLike[str]) -> Path:
    """A path of this machine.

    Raises
    ------
    InvalidParameter: It is neither text nor a path object.
    """
    try:
        return Path(path)
    except TypeError:
        raise InvalidParameter(
            f"A local path is text or a path object, and {type(path).__name__} {str(path)[:100]!r} was given."
        ) from None


def _require_file(local: Path) -> None:
    if local.is_symlink() and not local.exists():
        raise InvalidParameter(
            f"{str(local)!r} is a link that leads nowhere (to {str(local.readlink())!r}); nothing was stored. "
            "Remove the link, or put the file where it leads."
        )
    if not local.exists():
        raise InvalidParameter(f"No file is at {str(local)!r}.")
    if not local.is_file():
        raise InvalidParameter(f"{str(local)!r} is a pipe or a device, which cannot be stored as an artifact.")


def _all_at_once(transfer: Callable[..., None], arguments: Sequence[tuple[Any, ...]]) -> None:
    """Runs several transfers at a time. After the first failure no other is started."""
    pool = ThreadPoolExecutor(TRANSFERS, thread_name_prefix="runyard-transfer")
    try:
        for done in as_completed([pool.submit(transfer, *each) for each in arguments]):
            done.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _fetch(repository: ArtifactRepository, path: str, target: Path, progress: Progress | None) -> None:
    """Copy one file; it appears only when it is complete."""
    opened = repository.open(path)  # fails here when there is no such file, before anything is made
    with opened.file as source, placed(target / safe_path(path)) as file:
        while piece := source.read(PIECE):
            file.write(piece)
            if progress:
                progress(len(piece))


@contextmanager
def placed(target: Path) -> Iterator[BinaryIO]:
    """A file to fill, which appears complete or not at all, with the default permissions of new files."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(PARTIAL + secrets.token_hex(8))
    try:
        with partial.open("xb") as file:
            yield file
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
