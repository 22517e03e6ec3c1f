"""Artifacts in a folder of this machine."""

import contextlib
import errno
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import lru_cache
from pathlib import Path

from runyard.artifacts.addresses import local_path
from runyard.artifacts.entities import FileInfo
from runyard.artifacts.paths import can_be_named, joined, named, safe_path
from runyard.artifacts.repository import (
    ABSENT,
    PARTIAL,
    ArtifactRepository,
    Interrupted,
    Location,
    StoredFile,
    Upload,
    submitted,
)
from runyard.artifacts.schemes.local_folders import FOLDER, locked, remove_tree, walk
from runyard.core.credentials import shown_address
from runyard.exceptions import ChangedMeanwhile, DoesNotExist, InvalidParameter, StorageFull, Unavailable

SYNC_AHEAD = 32 * 2**20
"""Bytes after which a sync is started, so that the end of a large upload need not wait for all of it."""

_FULL = (errno.ENOSPC, errno.EDQUOT)
_NOTHING = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO)
ABANDONED_SECONDS = 24 * 3600.0
"""After how long without a change what is being written or removed counts as interrupted."""


class LocalRepository(ArtifactRepository, schemes=("", "file")):
    """Artifacts in a folder.

    Every access walks from the root's descriptor, one name at a time, so there is no moment between check and use.

    Parameters
    ----------
    root: The folder; created when the first file is stored.
    guarded: For a server, where others choose paths and files: no symbolic link below the root is followed, only the
        server's own user may read new files, and names that no path can hold are left out of listings.
    """

    def __init__(self, root: str | Path, guarded: bool = False) -> None:
        self.root, self.uri, self.guarded = Path(root), str(root), guarded
        self.unfollowed = os.O_NOFOLLOW if guarded else 0

    @classmethod
    def at(cls, location: Location) -> "LocalRepository":
        """The repository of a path or of a ``file:`` URI."""
        if not location.parts.scheme:
            return cls(Path(location.uri).absolute())
        folder = local_path(location.uri)
        if folder is None:
            shown = shown_address(location.uri)
            raise InvalidParameter(f"{shown!r} names a host. Write a file location as file:///folder.")
        return cls(folder)

    def below(self, path: str) -> "LocalRepository":
        """A folder of this one."""
        return LocalRepository(self.root / safe_path(path), self.guarded)

    def local_path(self, path: str = "") -> Path | None:
        """Where a file or folder is."""
        return self.root / safe_path(path)

    def reach(self) -> str:
        """Look whether the folder is there and can be written to."""
        if not self.root.is_dir():
            raise Unavailable(f"There is no folder {self.root}.")
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise Unavailable(f"The folder {self.root} cannot be written to.")
        return f"{self.root} can be written to."

    def list(self, path: str = "") -> list[FileInfo]:
        """The direct contents of a folder, by name; empty for a file or a missing folder."""
        return [info for info, _ in self.dated(path)]

    def dated(self, path: str = "") -> Sequence[tuple[FileInfo, int | None]]:
        """As `list`, each with the time of its last change in milliseconds."""
        checked = _checked(path)
        try:
            with self._folder(checked.split("/") if checked else []) as folder, os.scandir(folder) as entries:
                found = [info for entry in entries if (info := self._info(entry, checked))]
        except OSError as problem:
            if problem.errno in _NOTHING:
                return []
            raise
        return sorted(found, key=lambda one: one[0].path)

    def open(self, path: str) -> StoredFile:
        """Open a file for reading."""
        checked = named(_checked(path))
        *folders, name = checked.split("/")
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | self.unfollowed
        try:
            with self._folder(folders) as folder:
                descriptor = os.open(name, flags, dir_fd=folder)
        except OSError as problem:
            if problem.errno in _NOTHING:
                raise self._missing(checked) from None
            raise
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            os.close(descriptor)
            if stat.S_ISDIR(facts.st_mode):
                raise InvalidParameter(f"{checked!r} is a folder. List it, or name a file in it.")
            raise self._missing(checked)
        return StoredFile(os.fdopen(descriptor, "rb"), facts.st_size, _tag(facts))

    def put(self, path: str) -> Upload:
        """Begin to write a file. Missing folders of its path are created when it is finished.

        Raises
        ------
        InvalidParameter: A folder is there, or a file is where a folder of the path should be.
        StorageFull: The disk has no room.
        """
        checked = named(_checked(path))
        with _explained(checked):
            self.root.mkdir(parents=True, exist_ok=True)
            return _LocalUpload(self, checked)

    def delete(self, path: str = "") -> None:
        """Remove a file, or a folder with all it holds; the folder itself without a path.

        Raises
        ------
        DoesNotExist: A file or a link is on the way.
        """
        checked = _checked(path)
        *folders, name = checked.split("/") if checked else [self.root.name]
        try:
            with self._folder(folders, None if checked else self.root.parent) as folder:
                facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if stat.S_ISLNK(facts.st_mode) and self.guarded:
                    raise self._missing(checked)
                if stat.S_ISDIR(facts.st_mode):
                    remove_tree(folder, name)
                else:
                    os.unlink(name, dir_fd=folder)
                os.fsync(folder)
        except FileNotFoundError:
            return
        except OSError as problem:
            if problem.errno in _NOTHING:
                raise self._missing(checked) from None
            raise

    def clear_away(self, path: str) -> None:
        """Remove a folder in which nothing is left but what interrupted uploads and removals left behind."""
        *folders, name = named(_checked(path)).split("/")
        with contextlib.suppress(OSError), self._folder(folders) as above, self._folder([*folders, name]) as folder:
            with os.scandir(folder) as entries:
                left = [entry for entry in entries if entry.name.startswith(PARTIAL)]
            for entry in left:
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.name, dir_fd=folder)
                else:
                    os.unlink(entry.name, dir_fd=folder)
            os.rmdir(name, dir_fd=above)

    def interrupted(self) -> Iterator[Interrupted]:
        """Partial files and folders under removal that nothing has changed for a day."""
        long_ago, folders = time.time() - ABANDONED_SECONDS, [""]
        while folders:
            path = folders.pop()
            try:
                with self._folder(path.split("/") if path else []) as folder, os.scandir(folder) as entries:
                    found = [(entry.name, entry.stat(follow_symlinks=False)) for entry in entries]
            except OSError as problem:
                if problem.errno not in _NOTHING:
                    raise
                continue  # removed while we looked
            for name, facts in found:
                if not name.startswith(PARTIAL):
                    folders += [joined(path, name)] if stat.S_ISDIR(facts.st_mode) else []
                elif facts.st_ctime < long_ago:
                    yield Interrupted(joined(path, name), int(facts.st_ctime * 1000))

    def clear_interrupted(self, one: Interrupted) -> None:
        """Remove what `interrupted` found."""
        *folders, name = one.path.split("/")
        with contextlib.suppress(FileNotFoundError), self._folder(folders) as folder:
            if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                shutil.rmtree(name, dir_fd=folder)
            else:
                os.unlink(name, dir_fd=folder)

    def make_folder(self, path: str) -> None:
        """Make a folder, if it is not there."""
        with _explained(path):
            (self.root / safe_path(path)).mkdir(parents=True, exist_ok=True)

    @contextlib.contextmanager
    def _folder(self, names: Sequence[str], root: Path | None = None) -> Iterator[int]:
        """A descriptor of a folder below the root."""
        here, missing = walk(root or self.root, names, self.unfollowed)
        try:
            if missing:
                raise FileNotFoundError(errno.ENOENT, "no such folder", missing[0])
            yield here
        finally:
            os.close(here)

    def _info(self, entry: "os.DirEntry[str]", folder: str) -> tuple[FileInfo, int | None] | None:
        """What a listing shows of an entry: None for devices, files just gone, and what is not to be followed."""
        if entry.name.startswith(PARTIAL) or (self.guarded and not can_be_named(entry.name)):
            return None
        try:
            facts = entry.stat(follow_symlinks=not self.guarded)
        except OSError as problem:
            if problem.errno in _NOTHING:
                return None
            raise
        is_folder, changed = stat.S_ISDIR(facts.st_mode), facts.st_mtime_ns // 1_000_000
        if is_folder or stat.S_ISREG(facts.st_mode):
            size = None if is_folder else facts.st_size
            return FileInfo(joined(folder, entry.name), is_folder, size), changed
        return None

    def _missing(self, path: str) -> DoesNotExist:
        where = "" if self.guarded else f" in {self.root}"  # the server's own path is not shown
        return DoesNotExist(f"No artifact {path!r} is stored{where}. List the folder to see what is there.")


def _checked(path: str) -> str:
    checked = safe_path(path)
    if any(name.startswith(PARTIAL) for name in checked.split("/")):
        raise InvalidParameter(f"Invalid path {checked!r}: names may not begin with {PARTIAL!r}.")
    return checked


class _LocalUpload(Upload):
    """A file being written under another name, in its folder or the nearest one above that is there already.

    So an upload that fails leaves no empty folders behind, which would be seen in listings.
    """

    def __init__(self, repository: LocalRepository, path: str) -> None:
        *folders, self._name = path.split("/")
        self._shown, self._partial, self._descriptor = path, PARTIAL + secrets.token_hex(8), -1
        self._guarded, self._unfollowed = repository.guarded, repository.unfollowed
        self._unsynced, self._syncing = 0, Future[None]()
        self._syncing.set_result(None)
        self._folder, self._missing = walk(repository.root, folders, self._unfollowed)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            if not self._missing:
                self._refuse_folder(self._folder)
            self._descriptor = os.open(self._partial, flags, 0o600 if self._guarded else 0o666, dir_fd=self._folder)
        except BaseException:
            self._release()
            raise

    def write(self, piece: bytes) -> None:
        with _explained(self._shown):
            view = memoryview(piece)
            while view:
                view = view[os.write(self._descriptor, view) :]
            self._unsynced += len(piece)
            if self._unsynced >= SYNC_AHEAD and self._syncing.done():
                self._syncing.result()  # a later sync would not report this error again
                self._syncing = submitted(_syncs(os.getpid()), os.fdatasync, self._descriptor)
                self._unsynced = 0

    def finish(self, expected: str | None = None) -> None:
        with _explained(self._shown), self._made() as folder:
            self._syncing.result()
            os.fsync(self._descriptor)
            self._refuse_folder(folder)
            with contextlib.nullcontext() if expected is None else locked(folder, self._name):
                if expected is not None and expected != self._tag_now(folder):
                    raise ChangedMeanwhile(f"{self._shown!r} was changed meanwhile; nothing was stored. Read it again.")
                os.replace(self._partial, self._name, src_dir_fd=self._folder, dst_dir_fd=folder)
            os.fsync(folder)
        self._release()

    def abandon(self) -> None:
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
    def _made(self) -> Iterator[int]:
        """A descriptor of the file's folder, made durably where it is not there yet."""
        here = os.dup(self._folder)
        try:
            for name in self._missing:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, 0o700 if self._guarded else 0o777, dir_fd=here)
                    os.fsync(here)
                below = os.open(name, FOLDER | self._unfollowed, dir_fd=here)
                os.close(here)
                here = below
            yield here
        finally:
            os.close(here)

    def _refuse_folder(self, folder: int) -> None:
        with contextlib.suppress(FileNotFoundError):
            mode = os.stat(self._name, dir_fd=folder, follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode) or (self._guarded and stat.S_ISLNK(mode)):
                raise InvalidParameter(f"Cannot write {self._shown!r}: a folder or a link is there.")

    def _tag_now(self, folder: int) -> str:
        try:
            return _tag(os.stat(self._name, dir_fd=folder, follow_symlinks=not self._guarded))
        except FileNotFoundError:
            return ABSENT


@lru_cache(maxsize=1)
def _syncs(_process_id: int) -> ThreadPoolExecutor:
    """The threads in which a process syncs; a forked child has none of its parent's."""
    return ThreadPoolExecutor(4, thread_name_prefix="runyard-sync")


@contextlib.contextmanager
def _explained(path: str) -> Iterator[None]:
    """Convert the system's errors of writing to ours."""
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
