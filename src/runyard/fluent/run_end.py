"""Ends open runs when the program ends, with a status that shows how it ended.

After an uncaught exception or an exit code other than 0 they are FAILED, after an interrupt or a terminating signal
KILLED, else FINISHED. A forked child ends no run of its parent: runs belong to the process that started them.
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
from runyard.fluent import exit_status
from runyard.fluent.stack import ActiveRun, active_runs, left_inside, open_runs, status_after, thread_state

log = logging.getLogger(__name__)

SECONDS_AFTER_SIGTERM = 10

before_sigterm: list[Callable[[], None]] = []
"""Functions called when a signal or an interrupt ends the program, before its open runs are marked: they end the
processes it started."""


class _Watch:
    """The installed hooks, and the process that installed them."""

    process_id: int | None = None
    ending_process_id: int | None = None
    excepthook: Any = None
    handlers: dict[int, Any] = {}  # noqa: RUF012  (shared on purpose: there is one process)


def end(run: ActiveRun, status: str) -> None:
    """Stop sampling, deliver what was logged, and set the run's status, after those of runs left open inside of it.

    A run that is open a second time, resumed inside of itself, goes on.
    """
    for inner in left_inside(run):
        inner.is_active = False
        _end_and_log_errors(inner, status)
    if run in open_runs:
        open_runs.remove(run)
    if run.monitor is not None:
        run.monitor.stop()
        run.monitor = None
    if run.output is not None:
        run.output.stop()
        run.output = None
    if run.process_id == os.getpid() and all(other.info.run_id != run.info.run_id for other in open_runs):
        run.client.connection.beat(run.info.run_id, goes_on=False)
        run.client.set_terminated(run.info.run_id, status)


def end_all(status: str | None = None) -> None:
    """End every open run of this process, the innermost first.

    Parameters
    ----------
    status: When left out, derived from how the program ends.
    """
    for run in reversed(list(open_runs)):
        run.is_active = False
        _end_and_log_errors(run, status or run.outcome or exit_status.status_at_exit(run.began))


def _end_and_log_errors(run: ActiveRun, status: str) -> None:
    """End a run when no caller can catch an error: it is logged."""
    try:
        end(run, status)
    except (RunyardException, OSError) as problem:
        log.warning("Run %s could not be marked as %s: %s", run.info.run_id, status, problem)


def watch_process() -> None:
    """Install the hooks that end open runs; called when a run starts."""
    if _Watch.process_id is None:
        atexit.register(end_all)
        os.register_at_fork(after_in_child=_forget_runs_of_parent)
        _Watch.excepthook, sys.excepthook = sys.excepthook, _on_exception
        exit_status.watch()
    if not isinstance(threading.excepthook, _ThreadHook):
        threading.excepthook = _ThreadHook(threading.excepthook)
    if _Watch.process_id != os.getpid():
        _Watch.process_id = os.getpid()
        _watch_worker()
    if threading.current_thread() is threading.main_thread():
        _watch_signals()


def _watch_signals() -> None:
    """Take over signals that end the program. A handler of SIGTERM is called after ours; others keep theirs alone."""
    for number in exit_status.WATCHED_SIGNALS:
        current = signal.getsignal(number)
        chained = number == signal.SIGTERM and callable(current) and number not in _Watch.handlers
        if current is signal.SIG_DFL or chained:
            _Watch.handlers[number] = current
            signal.signal(number, _on_signal)


def _watch_worker() -> None:
    """Worker processes of multiprocessing end without atexit; they have a list of their own."""
    process, util = sys.modules.get("multiprocessing.process"), sys.modules.get("multiprocessing.util")
    if process is not None and util is not None and process.parent_process() is not None:
        util.Finalize(None, _at_exit_of_worker, exitpriority=20)  # before the client closes its stores


def _at_exit_of_worker() -> None:
    """Called while an exception that ends the worker, if any, is being handled."""
    end_all(status_after(sys.exc_info()[1]))


def _forget_runs_of_parent() -> None:
    """A forked child may log to its parent's runs, but does not end them."""
    open_runs.clear()
    before_sigterm.clear()
    _give_back_signals()
    thread_state.last = None
    for run in active_runs():
        run.monitor = run.output = None


def _give_back_signals() -> None:
    """Restore the default signal handlers in a child without runs of its own, so that a signal ends it at once.

    A handler in Python runs only when the current call returns, which may be a wait for a lock held by a dead worker.
    """
    for number, before in _Watch.handlers.items():
        if before is signal.SIG_DFL and signal.getsignal(number) is _on_signal:
            signal.signal(number, signal.SIG_DFL)


def _on_exception(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    status = exit_status.note_exception(error, traceback)
    for run in open_runs if status is not None else ():
        run.outcome = status
    _Watch.excepthook(kind, error, traceback)
    if status == "KILLED":
        for also in list(before_sigterm):
            also()


class _ThreadHook:
    """Ends the open runs of a thread that dies of an exception; runs of other threads go on."""

    def __init__(self, before: Callable[[threading.ExceptHookArgs], Any]) -> None:
        self._before = before

    def __call__(self, args: threading.ExceptHookArgs) -> None:
        self._before(args)
        for run in reversed(active_runs()):
            run.is_active = False
            _end_and_log_errors(run, status_after(args.exc_value))


def _end_after_signal() -> None:
    for also in list(before_sigterm):
        also()
    end_all("KILLED")


def _on_signal(number: int, frame: FrameType | None) -> None:
    if _Watch.ending_process_id == os.getpid():
        return  # a second signal must not interrupt the work of the first
    if (open_runs or before_sigterm) and _Watch.process_id == os.getpid():
        # The main thread may hold a lock of the client right now, so another thread does the work, for a limited time.
        _Watch.ending_process_id = os.getpid()
        worker = threading.Thread(target=_end_after_signal, name="runyard-signal", daemon=True)
        worker.start()
        worker.join(SECONDS_AFTER_SIGTERM)
        _Watch.ending_process_id = None
    before = _Watch.handlers[number]
    if callable(before):
        before(number, frame)
    else:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
