"""Reading and writing the artifacts at one place: the interface the client uses, one class a URI scheme."""

import logging
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from runyard.artifacts.changing import PARTIAL, Change, locked
from runyard.artifacts.entities import FileInfo
from runyard.artifacts.paths import PathText, joined, named, safe_path
from runyard.artifacts.store import explained
from runyard.core.open_databases import databases_in_use, is_one_of
from runyard.exceptions import DoesNotExist, InvalidParameter

log = logging.getLogger(__name__)

TRANSFERS = 8
"""Files of a folder that are transferred at the same time."""
PIECE = 256 * 1024

Progress = Callable[[int], None]
"""Called with the number of bytes that were just transferred; less than nothing when they must be sent again."""


class ArtifactRepository(Protocol):
    """Artifacts below one URI. Paths are relative to it."""

    def put(self, local_file: Path, path: str, progress: Progress | None = None) -> None:
        """Store a file at a path; it appears whole."""

    def change(self, path: str, change: Change) -> None:
        """Replace a file by what is made of it. No change that others make of it at the same time is lost."""

    def below(self, path: str) -> "ArtifactRepository":
        """A folder of this repository, as one of its own."""

    def list_artifacts(self, path: PathText | None = None) -> list[FileInfo]:
        """What lies directly in a folder; nothing for a file or a missing folder."""

    def read(self, path: str) -> Iterator[bytes]:
        """The content of a file, piece by piece.

        Raises
        ------
        DoesNotExist: There is no such file.
        """

    def delete_artifacts(self, path: PathText | None = None) -> None:
        """Remove a file, or a folder with all it holds. What is not there is removed already."""


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
    if is_one_of(local, databases_in_use()):
        raise InvalidParameter(
            f"{str(local)!r} is a database that this program has open; reading it now would damage it. "
            "Store a copy that SQLite's backup made."
        )
    repository.put(local, safe_path(joined(safe_path(artifact_path), local.name)), progress)


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
    in_use = databases_in_use()
    for file in files_below(root):
        _require_file(file)
        if is_one_of(file, in_use):
            log.warning("%s is a database that this program has open; it is not stored with the others.", file)
            continue
        transfers.append((file, safe_path(joined(target, file.relative_to(root).as_posix())), progress))
    _all_at_once(repository.put, transfers)
    if isinstance(repository, FileRepository):  # other stores have no folders but those of their files
        repository.keep_folder(target)
        for folder in _empty_folders(root):
            repository.keep_folder(joined(target, folder.relative_to(root).as_posix()))


def download_artifacts(
    repository: ArtifactRepository,
    path: PathText | None,
    dst_path: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> str:
    """Copy a file or a folder to this machine.

    Parameters
    ----------
    path: What to copy; everything when empty.
    dst_path: The folder to put it in. When None, a new temporary one; what lies on this machine is not copied then.
    progress: Told how many bytes were copied.

    Returns
    -------
    The local path of what was copied.

    Raises
    ------
    DoesNotExist: There is no such artifact.
    """
    checked = safe_path(path)
    if dst_path is not None:
        _of_machine(dst_path).mkdir(parents=True, exist_ok=True)
    elif isinstance(repository, FileRepository) and (repository.root / checked).exists():
        return str(repository.root / checked)
    target = Path(dst_path or tempfile.mkdtemp(prefix="runyard-"))
    found = list(_everything_below(repository, checked))
    if found or not checked or (isinstance(repository, FileRepository) and (repository.root / checked).is_dir()):
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
    for info in repository.list_artifacts(path):
        yield info
        if info.is_dir:
            yield from _everything_below(repository, info.path)


def files_below(folder: Path, above: frozenset[tuple[int, int]] = frozenset()) -> Iterator[Path]:
    """Every file below a local folder. Links to folders are followed, but not round in circles."""
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
    """Several transfers at a time. After the first that fails no other is begun."""
    pool = ThreadPoolExecutor(TRANSFERS, thread_name_prefix="runyard-transfer")
    try:
        for done in as_completed([pool.submit(transfer, *each) for each in arguments]):
            done.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _fetch(repository: ArtifactRepository, path: str, target: Path, progress: Progress | None) -> None:
    """Copy one file; nobody sees it before it is whole."""
    pieces = repository.read(path)
    first = next(pieces, b"")  # fails here when there is no such file, before anything is made
    with placed(target / safe_path(path)) as file:
        for piece in chain((first,), pieces):
            file.write(piece)
            if progress:
                progress(len(piece))


@contextmanager
def placed(target: Path, durable: bool = False) -> Iterator[BinaryIO]:
    """A file to fill, which appears at its place whole or not at all, with the permissions new files have here.

    Parameters
    ----------
    durable: Wait until it would survive a power cut.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(PARTIAL + secrets.token_hex(8))
    try:
        with partial.open("xb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    if durable:
        _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class FileRepository:
    """Artifacts in a folder of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, local_file: Path, path: str, progress: Progress | None = None) -> None:
        """Copy a file to a path; it appears whole."""
        checked = named(path)
        with (
            local_file.open("rb") as source,
            explained(checked),
            placed(self.root / checked, durable=True) as copy,
        ):
            for piece in _pieces(source):
                copy.write(piece)
                if progress:
                    progress(len(piece))

    def change(self, path: str, change: Change) -> None:
        """Replace a file by what is made of it, as the only one of all processes that does."""
        target = self.root / named(path)
        with explained(path):
            target.parent.mkdir(parents=True, exist_ok=True)
            folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                with locked(folder, target.name):
                    content = change(target.read_bytes() if target.exists() else None)
                    with placed(target, durable=True) as file:
                        file.write(content)
            finally:
                os.close(folder)

    def below(self, path: str) -> "FileRepository":
        """A folder of this one."""
        return FileRepository(self.root / safe_path(path))

    def keep_folder(self, path: str) -> None:
        """Make a folder, if it is not there."""
        with explained(path):
            (self.root / safe_path(path)).mkdir(parents=True, exist_ok=True)

    def list_artifacts(self, path: PathText | None = None) -> list[FileInfo]:
        """What lies directly in a folder; nothing for a file or a missing folder."""
        folder = self.root / safe_path(path)
        if not folder.is_dir():
            return []
        found = []
        for entry in folder.iterdir():
            if not entry.name.startswith(PARTIAL) and entry.exists():
                size = None if entry.is_dir() else entry.stat().st_size
                found.append(FileInfo(entry.relative_to(self.root).as_posix(), entry.is_dir(), size))
        return sorted(found, key=lambda info: info.path)

    def read(self, path: str) -> Iterator[bytes]:
        """The content of a file, piece by piece."""
        try:
            file = (self.root / safe_path(path)).open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise DoesNotExist(f"No artifact {path!r} is stored in {self.root}.") from None
        return _pieces(file)

    def delete_artifacts(self, path: PathText | None = None) -> None:
        """Remove a file, or a folder with all it holds. What is not there is removed already."""
        target = self.root / safe_path(path)
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece
