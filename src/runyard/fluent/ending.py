"""What becomes of open runs when the program ends: their status tells how it ended.

An uncaught exception makes them FAILED, an interrupt and SIGTERM make them KILLED, a plain exit FINISHED. Forked
children end nothing: the runs belong to the process that started them.
"""

import atexit
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from runyard.exceptions import RunyardException
from runyard.fluent.stack import ActiveRun, open_runs, status_after, thread_state

log = logging.getLogger(__name__)

SECONDS_AFTER_SIGTERM = 10

before_sigterm: list[Callable[[], None]] = []
"""What else is done when SIGTERM or an interrupt ends the program, before its open runs are marked: ending what it
started."""


class _Watch:
    """What was installed, by which process, and what is known about how it ends."""

    process_id: int | None = None
    ending_process_id: int | None = None
    outcome = "FINISHED"
    excepthook: Any = None
    thread_excepthook: Any = None
    sigterm: Any = None


def end(run: ActiveRun, status: str) -> None:
    """Stop sampling, deliver what was logged, and set the run's status."""
    if run.monitor is not None:
        run.monitor.stop()
        run.monitor = None
    if run.process_id == os.getpid():
        run.client.set_terminated(run.info.run_id, status)


def end_all(status: str) -> None:
    """End every open run of this process, the innermost first."""
    for run in reversed(list(open_runs.values())):
        _end_whatever_happens(run, status)
    thread_state.runs.clear()


def _end_whatever_happens(run: ActiveRun, status: str) -> None:
    """End a run when nobody is left to catch an error: it is reported."""
    open_runs.pop(run.info.run_id, None)
    try:
        end(run, status)
    except (RunyardException, OSError) as problem:
        log.warning("Run %s could not be marked as %s: %s", run.info.run_id, status, problem)


def watch_process() -> None:
    """From the first run on, notice how the program ends."""
    if _Watch.process_id is None:
        atexit.register(_at_exit)
        os.register_at_fork(after_in_child=_forget_runs_of_parent)
        _Watch.excepthook, sys.excepthook = sys.excepthook, _on_exception
        _Watch.thread_excepthook, threading.excepthook = threading.excepthook, _on_exception_in_thread
        _Watch.process_id = os.getpid()
    if _Watch.sigterm is None and threading.current_thread() is threading.main_thread():
        _watch_sigterm()


def _watch_sigterm() -> None:
    """Take SIGTERM over, unless the program ignores it or handles it outside of Python."""
    current = signal.getsignal(signal.SIGTERM)
    if current is not None and current is not signal.SIG_IGN:
        _Watch.sigterm = current
        signal.signal(signal.SIGTERM, _on_sigterm)


def _forget_runs_of_parent() -> None:
    """A forked child may log to the runs it sees, and ends none of them."""
    open_runs.clear()
    for run in thread_state.runs:
        run.monitor = None


def _at_exit() -> None:
    if open_runs:
        end_all(_Watch.outcome)


def _on_exception(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    _Watch.outcome = status_after(error)
    _Watch.excepthook(kind, error, traceback)
    if _Watch.outcome == "KILLED":
        for also in before_sigterm:
            also()


def _on_exception_in_thread(args: threading.ExceptHookArgs) -> None:
    """A thread that dies takes the runs that it left open along; those of other threads go on."""
    _Watch.thread_excepthook(args)
    while thread_state.runs:
        _end_whatever_happens(thread_state.runs.pop(), status_after(args.exc_value))


def _end_after_sigterm() -> None:
    for also in before_sigterm:
        also()
    end_all("KILLED")


def _on_sigterm(number: int, frame: FrameType | None) -> None:
    if _Watch.ending_process_id == os.getpid():
        return  # a second one, as when two programs above send it, must not cut short what the first began
    if (open_runs or before_sigterm) and _Watch.process_id == os.getpid():
        # The main thread may hold a lock of the client right now, so another thread does the work, for a limited time.
        _Watch.ending_process_id = os.getpid()
        worker = threading.Thread(target=_end_after_sigterm, name="runyard-sigterm", daemon=True)
        worker.start()
        worker.join(SECONDS_AFTER_SIGTERM)
        _Watch.ending_process_id = None
    if callable(_Watch.sigterm):
        _Watch.sigterm(number, frame)
    else:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)
