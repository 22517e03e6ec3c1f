"""What tests of several processes use and the first of them makes, in a folder that goes with the run.

The folder belongs to the process that imports this module; its forks share it, and leave it to that one.
"""

import atexit
import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_FOLDER = Path(tempfile.mkdtemp(prefix="runyard-shared-"))
_OWNER = os.getpid()


def made_once(name: str, make: Callable[[Path], object]) -> Path:
    """The folder of this name, made when no process has made it yet; the others wait for it.

    Parameters
    ----------
    make: Fills the folder.
    """
    folder, done = _FOLDER / name, _FOLDER / f"{name}.done"
    if done.exists():
        return folder
    with (_FOLDER / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


def end_with_the_run(pid: int) -> None:
    """Have a process killed when the one that owns the folder ends, which others may outlive."""
    (_FOLDER / f"{pid}.pid").touch()


@atexit.register
def _remove() -> None:
    if os.getpid() == _OWNER:
        for file in _FOLDER.glob("*.pid"):
            with suppress(ProcessLookupError):
                os.kill(int(file.stem), signal.SIGKILL)
        shutil.rmtree(_FOLDER, ignore_errors=True)
