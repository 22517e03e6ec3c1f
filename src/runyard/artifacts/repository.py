"""Reading and writing the artifacts at one place: the interface the client uses, one class a URI scheme."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Protocol

from runyard.artifacts.entities import FileInfo
from runyard.artifacts.paths import joined, safe_path
from runyard.exceptions import DoesNotExist, InvalidParameter

TRANSFERS = 8
"""Files of a folder that are transferred at the same time."""
PIECE = 1 << 20

Progress = Callable[[int], None]
"""Called with the number of bytes that were just transferred."""


class ArtifactRepository(Protocol):
    """Artifacts below one URI. Paths are relative to it."""

    def put(self, local_file: Path, path: str) -> None:
        """Store a file at a path."""

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """What lies directly in a folder; nothing for a file or a missing folder."""

    def read(self, path: str) -> Iterator[bytes]:
        """The content of a file, piece by piece.

        Raises
        ------
        DoesNotExist: There is no such file.
        """

    def delete_artifacts(self, path: str | None = None) -> None:
        """Remove a file, or a folder with all it holds."""


def log_artifact(repository: ArtifactRepository, local_path: str, artifact_path: str | None = None) -> None:
    """Store one file, under its own name, or a folder with its name.

    Raises
    ------
    InvalidParameter: There is nothing at the local path.
    """
    local = Path(local_path)
    if local.is_dir():
        log_artifacts(repository, local_path, joined(safe_path(artifact_path), local.name))
        return
    if not local.exists():
        raise InvalidParameter(f"No file is at {local_path!r}.")
    repository.put(local, safe_path(joined(safe_path(artifact_path), local.name)))


def log_artifacts(repository: ArtifactRepository, local_dir: str, artifact_path: str | None = None) -> None:
    """Store everything in a folder, several files at a time.

    Raises
    ------
    InvalidParameter: There is no folder at the local path.
    """
    root, target = Path(local_dir), safe_path(artifact_path)
    if not root.is_dir():
        raise InvalidParameter(f"No folder is at {local_dir!r}.")
    files = [Path(folder) / name for folder, _, names in os.walk(root, followlinks=True) for name in sorted(names)]
    targets = [safe_path(joined(target, file.relative_to(root).as_posix())) for file in files]
    with ThreadPoolExecutor(TRANSFERS) as pool:
        for done in [pool.submit(repository.put, *pair) for pair in zip(files, targets, strict=True)]:
            done.result()


def download_artifacts(
    repository: ArtifactRepository, path: str | None, dst_path: str | None = None, progress: Progress | None = None
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
        Path(dst_path).mkdir(parents=True, exist_ok=True)
    elif isinstance(repository, FileRepository) and (repository.root / checked).exists():
        return str(repository.root / checked)
    target = Path(dst_path or tempfile.mkdtemp(prefix="runyard-"))
    files = list(walk(repository, checked))
    if files or not checked:
        (target / checked).mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(TRANSFERS) as pool:
            for done in [pool.submit(_fetch, repository, file.path, target, progress) for file in files]:
                done.result()
    else:
        _fetch(repository, checked, target, progress)
    return str(target / checked) if checked else str(target)


def walk(repository: ArtifactRepository, path: str) -> Iterator[FileInfo]:
    """Every file below a folder."""
    for info in repository.list_artifacts(path):
        if info.is_dir:
            yield from walk(repository, info.path)
        else:
            yield info


def _fetch(repository: ArtifactRepository, path: str, target: Path, progress: Progress | None) -> None:
    """Copy one file; nobody sees it before it is whole."""
    final = target / safe_path(path)
    pieces = repository.read(path)
    first = next(pieces, b"")  # fails here when there is no such file, before anything is made
    final.parent.mkdir(parents=True, exist_ok=True)
    descriptor, partial = tempfile.mkstemp(dir=final.parent, prefix=".runyard-partial-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            for piece in _chain(first, pieces):
                file.write(piece)
                if progress:
                    progress(len(piece))
        Path(partial).chmod(0o644)
        Path(partial).replace(final)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def read_pieces(file: BinaryIO) -> Iterator[bytes]:
    """The rest of an open file, piece by piece; closes it."""
    with file:
        while piece := file.read(PIECE):
            yield piece


class FileRepository:
    """Artifacts in a folder of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, local_file: Path, path: str) -> None:
        """Copy a file to a path; it appears whole."""
        target = self.root / safe_path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            raise InvalidParameter(f"Cannot store {path!r}: a folder is there.")
        descriptor, partial = tempfile.mkstemp(dir=target.parent, prefix=".runyard-partial-")
        try:
            with os.fdopen(descriptor, "wb") as copy, local_file.open("rb") as source:
                shutil.copyfileobj(source, copy, PIECE)
                copy.flush()
                os.fsync(copy.fileno())
            Path(partial).replace(target)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """What lies directly in a folder; nothing for a file or a missing folder."""
        folder = self.root / safe_path(path)
        if not folder.is_dir():
            return []
        found = [
            FileInfo(
                entry.relative_to(self.root).as_posix(),
                entry.is_dir(),
                None if entry.is_dir() else entry.stat().st_size,
            )
            for entry in folder.iterdir()
            if not entry.name.startswith(".runyard-partial-")
        ]
        return sorted(found, key=lambda info: info.path)

    def read(self, path: str) -> Iterator[bytes]:
        """The content of a file, piece by piece."""
        try:
            file = (self.root / safe_path(path)).open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise DoesNotExist(f"No artifact {path!r} is stored in {self.root}.") from None
        return read_pieces(file)

    def delete_artifacts(self, path: str | None = None) -> None:
        """Remove a file, or a folder with all it holds."""
        target = self.root / safe_path(path)
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)
