"""Where a server keeps artifacts: an interface, and a folder of this machine behind it."""

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from runyard.artifacts.changing import ABSENT, PARTIAL, locked
from runyard.artifacts.entities import FileInfo
from runyard.artifacts.paths import joined, safe_path
from runyard.exceptions import ChangedMeanwhile, DoesNotExist, InvalidParameter, StorageFull, Unavailable

SYNC_AHEAD = 32 * 2**20
"""Bytes after which the disk is set to work, so that the end of a large upload need not wait for all of it."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FULL = (errno.ENOSPC, errno.EDQUOT)
_MOST_REMOVALS = 3
_SYNCS = ThreadPoolExecutor(4, thread_name_prefix="runyard-sync")


class OpenFile(Protocol):
    """The bytes of an artifact; a context that closes it."""

    def read(self, size: int = -1, /) -> bytes:
        """So many bytes from here, fewer at the end; all that are left without a size."""

    def seek(self, offset: int, /) -> int:
        """Go on from this byte."""

    def close(self) -> None:
        """Give back what it holds."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


@dataclass
class StoredFile:
    """An artifact opened for reading. Whoever opened it closes `file`.

    Attributes
    ----------
    file: At its beginning.
    size: Bytes.
    tag: Changes when the content does; for HTTP's ETag.
    """

    file: OpenFile
    size: int
    tag: str


class Upload(Protocol):
    """An artifact being written. Nobody sees anything of it before `finish`."""

    def write(self, piece: bytes) -> None:
        """Add bytes."""

    def finish(self, expected: str | None = None) -> None:
        """Put it in its place, durably; what was there before is replaced.

        Parameters
        ----------
        expected: The tag that the file there must still have, `ABSENT` if there must be none.

        Raises
        ------
        ChangedMeanwhile: It is not so; nothing is replaced.
        """

    def abandon(self) -> None:
        """Remove what was written; harmless after `finish`."""


class ArtifactStore(Protocol):
    """A tree of artifacts. Paths come from outside and are checked here."""

    def list(self, path: str) -> list[FileInfo]:
        """What lies directly in a folder, by name; nothing for a file or a missing folder."""

    def open(self, path: str) -> StoredFile:
        """Open a file for reading."""

    def upload(self, path: str) -> Upload:
        """Begin to write a file."""

    def delete(self, path: str) -> None:
        """Remove a file, or a folder with all it holds."""


class LocalArtifactStore:
    """Artifacts in a folder. No symbolic link below it is followed.

    Every access walks from the root's descriptor, one name at a time, so there is no moment between check and use.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def list(self, path: str) -> list[FileInfo]:
        """What lies directly in a folder, by name; nothing for a file or a missing folder."""
        checked = self._checked(path)
        try:
            with self._folder(checked.split("/") if checked else []) as folder, os.scandir(folder) as entries:
                found = [info for entry in entries if (info := _info(entry, checked))]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as problem:
            if problem.errno == errno.ELOOP:
                return []
            raise
        return sorted(found, key=lambda info: info.path)

    def open(self, path: str) -> StoredFile:
        """Open a file for reading.

        Raises
        ------
        DoesNotExist: Nothing is there.
        InvalidParameter: A folder is there.
        """
        checked = self._checked(path)
        if not checked:
            raise InvalidParameter("The path of a file is needed; this is the folder of all artifacts.")
        *folders, name = checked.split("/")
        try:
            with self._folder(folders) as folder:
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=folder)
        except OSError as problem:
            if problem.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO):
                raise _missing(checked) from None
            raise
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            os.close(descriptor)
            if stat.S_ISDIR(facts.st_mode):
                raise InvalidParameter(f"{checked!r} is a folder. List it, or name a file in it.")
            raise _missing(checked)
        return StoredFile(os.fdopen(descriptor, "rb"), facts.st_size, _tag(facts))

    def upload(self, path: str) -> "LocalUpload":
        """Begin to write a file. Folders of its path that are not there yet are made when it is finished.

        Raises
        ------
        InvalidParameter: A folder is there, or a file is where a folder of the path should be.
        StorageFull: The disk has no room.
        """
        checked = self._checked(path)
        if not checked:
            raise InvalidParameter("The path of a file is needed; this is the folder of all artifacts.")
        with explained(checked):
            self.root.mkdir(parents=True, exist_ok=True)
            return LocalUpload(self.root, checked)

    def delete(self, path: str) -> None:
        """Remove a file, or a folder with all it holds. What is not there is removed already.

        Raises
        ------
        InvalidParameter: The root is named, or a folder in it, which holds all of an experiment.
        DoesNotExist: A symbolic link is there or on the way.
        """
        checked = self._checked(path)
        if not checked:
            raise InvalidParameter("Name the artifact to delete; the folder of all artifacts cannot be deleted.")
        *folders, name = checked.split("/")
        try:
            with self._folder(folders) as folder:
                facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if stat.S_ISLNK(facts.st_mode):
                    raise _missing(checked)
                if stat.S_ISDIR(facts.st_mode):
                    if not folders:
                        raise InvalidParameter(f"{checked!r} holds the artifacts of many runs. Name what is in it.")
                    _remove_tree(folder, name)
                else:
                    os.unlink(name, dir_fd=folder)
                os.fsync(folder)
        except FileNotFoundError:
            return
        except OSError as problem:
            if problem.errno in (errno.ELOOP, errno.ENOTDIR):
                raise _missing(checked) from None
            raise

    def _checked(self, path: str) -> str:
        checked = safe_path(path)
        if any(name.startswith(PARTIAL) for name in checked.split("/")):
            raise InvalidParameter(f"Invalid path {checked!r}: names may not begin with {PARTIAL!r}.")
        return checked

    @contextlib.contextmanager
    def _folder(self, names: Sequence[str]) -> Iterator[int]:
        """A descriptor of a folder below the root."""
        here, missing = _walk(self.root, names)
        try:
            if missing:
                raise FileNotFoundError(errno.ENOENT, "no such folder", missing[0])
            yield here
        finally:
            os.close(here)


def _walk(root: Path, names: Sequence[str]) -> tuple[int, Sequence[str]]:
    """A descriptor of the deepest folder of a path that is there, and the names that are not."""
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for place, name in enumerate(names):
        try:
            below = os.open(name, _FOLDER, dir_fd=here)
        except FileNotFoundError:
            return here, names[place:]
        except BaseException:
            os.close(here)
            raise
        os.close(here)
        here = below
    return here, ()


class LocalUpload:
    """A file being written under another name, in its folder or the nearest one above that is there already.

    So an upload that fails leaves no empty folders behind, which would be seen in listings.
    """

    def __init__(self, root: Path, path: str) -> None:
        *folders, self._name = path.split("/")
        self._shown, self._partial, self._descriptor = path, PARTIAL + secrets.token_hex(8), -1
        self._unsynced, self._syncing = 0, Future[None]()
        self._syncing.set_result(None)
        self._folder, self._missing = _walk(root, folders)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            if not self._missing:
                _refuse_folder(self._folder, self._name, path)
            self._descriptor = os.open(self._partial, flags, 0o600, dir_fd=self._folder)
        except BaseException:
            self._release()
            raise

    def write(self, piece: bytes) -> None:
        """Add bytes."""
        with explained(self._shown):
            view = memoryview(piece)
            while view:
                view = view[os.write(self._descriptor, view) :]
            self._unsynced += len(piece)
            if self._unsynced >= SYNC_AHEAD and self._syncing.done():
                self._syncing.result()  # what it failed with, the last sync would not be told again
                self._syncing, self._unsynced = _SYNCS.submit(os.fdatasync, self._descriptor), 0

    def finish(self, expected: str | None = None) -> None:
        """Put it in its place, durably; what was there before is replaced."""
        with explained(self._shown), _made(self._folder, self._missing) as folder:
            self._syncing.result()
            os.fsync(self._descriptor)
            _refuse_folder(folder, self._name, self._shown)
            with contextlib.nullcontext() if expected is None else locked(folder, self._name):
                if expected is not None and expected != _tag_of(folder, self._name):
                    raise ChangedMeanwhile(f"{self._shown!r} was changed meanwhile; nothing was stored. Read it again.")
                os.replace(self._partial, self._name, src_dir_fd=self._folder, dst_dir_fd=folder)
            os.fsync(folder)
        self._release()

    def abandon(self) -> None:
        """Remove what was written; harmless after `finish`."""
        if self._folder < 0:
            return
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._partial, dir_fd=self._folder)
        self._release()

    def _release(self) -> None:
        wait([self._syncing])
        for descriptor in (self._descriptor, self._folder):
            if descriptor >= 0:
                os.close(descriptor)
        self._descriptor = self._folder = -1


@contextlib.contextmanager
def _made(folder: int, names: Sequence[str]) -> Iterator[int]:
    """A descriptor of a folder below another, made durably where it is not there yet."""
    here = os.dup(folder)
    try:
        for name in names:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=here)
                os.fsync(here)
            below = os.open(name, _FOLDER, dir_fd=here)
            os.close(here)
            here = below
        yield here
    finally:
        os.close(here)


@contextlib.contextmanager
def explained(path: str) -> Iterator[None]:
    """Turn the system's errors of writing into ours."""
    try:
        yield
    except OSError as problem:
        if problem.errno in _FULL:
            raise StorageFull(
                "The disk has no room left; nothing was stored. Free space on the disk that keeps the artifacts."
            ) from None
        if problem.errno in (errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EEXIST, errno.ENOTEMPTY):
            raise InvalidParameter(
                f"Cannot write {path!r}: a file is where a folder is needed, or a folder where a file is."
            ) from None
        if problem.errno == errno.ENOENT:
            raise Unavailable(f"The folder of {path!r} was deleted meanwhile; nothing was stored. Try again.") from None
        raise


def _tag(facts: os.stat_result) -> str:
    """The number of the file too: two changes may fall into one tick of the clock."""
    return f"{facts.st_mtime_ns:x}-{facts.st_size:x}-{facts.st_ino:x}"


def _tag_of(folder: int, name: str) -> str:
    try:
        return _tag(os.stat(name, dir_fd=folder, follow_symlinks=False))
    except FileNotFoundError:
        return ABSENT


def _refuse_folder(folder: int, name: str, shown: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode) or stat.S_ISLNK(mode):
            raise InvalidParameter(f"Cannot write {shown!r}: a folder or a link is there.")


def _remove_tree(folder: int, name: str) -> None:
    """Remove a folder with all it holds. It vanishes whole, also for those who are writing into it."""
    doomed = PARTIAL + secrets.token_hex(8)
    os.rename(name, doomed, src_dir_fd=folder, dst_dir_fd=folder)
    for _ in range(_MOST_REMOVALS):
        try:
            shutil.rmtree(doomed, dir_fd=folder)
        except FileNotFoundError:
            continue  # an upload that was going on in it has taken its own file away
        except OSError as problem:
            if problem.errno != errno.ENOTEMPTY:  # one that had begun before has ended in it
                raise
        else:
            return


def _info(entry: "os.DirEntry[str]", folder: str) -> FileInfo | None:
    """What a listing shows of an entry: None for links, devices, files just gone, and what no path can name."""
    if entry.name.startswith(PARTIAL):
        return None
    try:
        safe_path(entry.name)
    except InvalidParameter:
        return None
    with contextlib.suppress(FileNotFoundError):
        facts = entry.stat(follow_symlinks=False)
        if stat.S_ISDIR(facts.st_mode):
            return FileInfo(joined(folder, entry.name), True, None)
        if stat.S_ISREG(facts.st_mode):
            return FileInfo(joined(folder, entry.name), False, facts.st_size)
    return None


def _missing(path: str) -> DoesNotExist:
    return DoesNotExist(f"No artifact {path!r} is stored. List the folder to see what is there.")
