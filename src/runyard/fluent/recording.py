"""Records what runs are started with, in the background: command, folder, code, packages and machine.

Nothing waits for it but the end of the program, for a moment, and nothing that goes wrong here is an error of the run.
"""

import atexit
import logging
import os
import threading
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from runyard import settings
from runyard.client import RunyardClient
from runyard.exceptions import RunyardException
from runyard.fluent import facts
from runyard.tracking.origins.messages import NoteOrigin

log = logging.getLogger(__name__)

FRESH_SECONDS = 60.0
"""For how long what was gathered goes for runs that start later in the same program."""
DELAY = 0.1
"""Seconds before anything is gathered, so that it does not take time from the start of the run."""
SECONDS_AT_EXIT = 5.0
"""How long the end of the program waits for what is still being gathered."""


class _Wanted(NamedTuple):
    """A run whose origin is to be noted."""

    client: RunyardClient
    run_id: str


class _Recorder:
    """The thread of this process, and what it gathered last."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: list[_Wanted] = []
        self.thread: threading.Thread | None = None
        self.known: dict[str, Any] = {}
        self.gathered = -FRESH_SECONDS
        self.hurry = threading.Event()


_recorder = _Recorder()


def record(client: RunyardClient, run_id: str) -> None:
    """Have the origin of a run noted. Returns at once."""
    try:
        if not settings.LOG_ORIGIN.get():
            return
        with _recorder.lock:
            _recorder.waiting.append(_Wanted(client, run_id))
            if _recorder.thread is None:
                _recorder.thread = threading.Thread(target=_work, name="runyard-origin", daemon=True)
                _recorder.thread.start()
    except (RunyardException, RuntimeError) as problem:  # no thread can be started any more
        log.debug("The origin of run %s is not recorded: %s", run_id, problem)


def _work() -> None:
    """Note what waits, until nothing does."""
    while True:
        with _recorder.lock:
            wanted, _recorder.waiting = _recorder.waiting, []
            if not wanted:
                _recorder.thread = None
                return
        _recorder.hurry.wait(DELAY)
        try:
            _note(wanted)
        except Exception:  # the edge: whatever is odd on this machine, the run goes on
            log.debug("The origin of runs is not recorded.", exc_info=True)


def _note(wanted: list[_Wanted]) -> None:
    """What is quickly known goes out first: git may take long in a large repository.

    Nothing is imported here: a child that is forked meanwhile could never import it.
    """
    if time.monotonic() - _recorder.gathered >= FRESH_SECONDS:
        _recorder.known = facts.gathered()
        _send(wanted, _recorder.known)
        patch = facts.changes() if settings.LOG_PATCH.get() else None
        _recorder.known["patch"] = patch
        _recorder.gathered = time.monotonic()
        if patch is not None:
            _send(wanted, {"patch": patch})
    else:
        _send(wanted, _recorder.known)


def _send(wanted: list[_Wanted], known: Mapping[str, Any]) -> None:
    for client, run_id in wanted:
        client.connection.write_behind(NoteOrigin(run_id=run_id, **known))


def _wait_at_exit() -> None:
    """Give what is still being gathered a moment."""
    thread = _recorder.thread
    if thread is not None:
        _recorder.hurry.set()
        thread.join(SECONDS_AT_EXIT)


def _forget_parent() -> None:
    """In a forked child: what waits is the parent's to send."""
    global _recorder
    _recorder = _Recorder()


atexit.register(_wait_at_exit)
os.register_at_fork(after_in_child=_forget_parent)
