"""Changing files that others change at the same time: nobody's change is lost.

A file on a disk is changed under a lock. Other stores write only if the file still has the tag that was read with it;
whoever was overtaken makes the change again, of what is there now.
"""

import fcntl
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256

from runyard.exceptions import ChangedMeanwhile, Conflict

Change = Callable[[bytes | None], bytes]
"""Makes a file's new content of its content now, which is None when there is no file."""

ABSENT = ""
"""The tag of a file that is not there."""
PARTIAL = ".runyard-partial-"
"""How the names of files begin that are being written; no listing shows them and no path may name them."""
MOST_TRIES = 200
LONGEST_PAUSE = 0.5


def changed(
    shown: str,
    read: Callable[[], tuple[bytes | None, str | None]],
    write: Callable[[bytes, str | None], None],
    change: Change,
) -> None:
    """Read, change and write a file, as often as it takes.

    Parameters
    ----------
    shown: The file, for messages.
    read: Gives content and tag; no tag when the store has none.
    write: Stores the new content if the file still has the tag; raises `ChangedMeanwhile` if it does not.

    Raises
    ------
    Conflict: Others were faster each time.
    """
    with _alone(shown):
        for tries in range(MOST_TRIES):
            content, tag = read()
            try:
                write(change(content), tag)
            except ChangedMeanwhile:
                time.sleep(random.uniform(0, min(LONGEST_PAUSE, 0.01 * 2 ** min(tries, 8))))
            else:
                return
    raise Conflict(f"{shown!r} was changed by others each of the {MOST_TRIES} times it was to be changed. Try again.")


@contextmanager
def locked(folder: int, name: str) -> Iterator[None]:
    """Be the only one of all processes that changes a file.

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
            pass  # whoever had it before took it away while we waited
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


_LOCKS: list[threading.Lock] = []


def _alone(name: str) -> threading.Lock:
    """The lock of a file among the threads of this process; some files share one."""
    return _LOCKS[hash(name) % len(_LOCKS)]


def _make_locks() -> None:
    _LOCKS[:] = [threading.Lock() for _ in range(32)]


_make_locks()
os.register_at_fork(after_in_child=_make_locks)  # those of the parent may be held by threads that the child lacks
