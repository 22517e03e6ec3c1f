"""Folders of this machine by descriptors: walked, removed and locked with no moment between a check and its use."""

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from runyard.artifacts.repository import PARTIAL

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
"""How folders are opened."""
_MAX_REMOVALS = 3


def walk(root: Path, names: Sequence[str], unfollowed: int) -> tuple[int, Sequence[str]]:
    """A descriptor of the deepest folder of a path that is there, and the names that are not."""
    here = os.open(root, FOLDER)
    for place, name in enumerate(names):
        try:
            below = os.open(name, FOLDER | unfollowed, dir_fd=here)
        except FileNotFoundError:
            return here, names[place:]
        except BaseException:
            os.close(here)
            raise
        os.close(here)
        here = below
    return here, ()


def remove_tree(folder: int, name: str) -> None:
    """Remove a folder with its contents at once, also for processes that write into it."""
    doomed = PARTIAL + secrets.token_hex(8)
    os.rename(name, doomed, src_dir_fd=folder, dst_dir_fd=folder)
    for _ in range(_MAX_REMOVALS):
        try:
            shutil.rmtree(doomed, dir_fd=folder)
        except FileNotFoundError:
            continue  # an upload that was going on in it has taken its own file away
        except OSError as problem:
            if problem.errno != errno.ENOTEMPTY:  # an upload that had begun before has ended in it
                with contextlib.suppress(OSError):  # what cannot be removed stays where it was, to be removed later
                    os.rename(doomed, name, src_dir_fd=folder, dst_dir_fd=folder)
                raise
        else:
            return


@contextlib.contextmanager
def locked(folder: int, name: str) -> Iterator[None]:
    """Lock a file against changes by other threads and processes.

    The lock is a file beside it that is gone afterwards: folders themselves cannot be locked everywhere.

    Parameters
    ----------
    folder: A descriptor of the file's folder.
    """
    lock = f"{PARTIAL}lock-{sha256(name.encode()).hexdigest()[:16]}"
    descriptor = _lock(folder, lock)
    try:
        yield
    finally:
        os.unlink(lock, dir_fd=folder)
        os.close(descriptor)


def _lock(folder: int, lock: str) -> int:
    while True:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(lock, flags, 0o666, dir_fd=folder)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(descriptor), os.stat(lock, dir_fd=folder, follow_symlinks=False)):
                return descriptor
        except FileNotFoundError:
            pass  # its previous owner removed it while we waited
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
