"""Several server processes on one socket: started together, replaced when one dies, stopped together."""

import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from runyard.http.systemd import notify

log = logging.getLogger("runyard.http")

_CANNOT_START = 3
"""Exit code of a worker that raised `WorkersCannotStart`."""

_MANY_DEATHS, _SHORT_SECONDS = 8, 10.0


class WorkersCannotStart(Exception):  # noqa: N818  (says what follows)
    """An error that every worker would meet at its start: the server stops."""


def ending_signals() -> tuple[signal.Signals, ...]:
    """The signals that ask a server to end. Under nohup, SIGHUP is not one: the server outlives the terminal."""
    hangs_up = signal.getsignal(signal.SIGHUP) != signal.SIG_IGN
    return (signal.SIGTERM, signal.SIGINT, *([signal.SIGHUP] if hangs_up else []))


class _Workers:
    """The processes of one server.

    Each holds the reading end of a pipe whose other end only the parent has: it reads the end of file when the parent
    is no more, however that came about.
    """

    def __init__(self, count: int, work: Callable[[int], int], stop_seconds: int) -> None:
        self._count, self._work, self._stop_seconds = count, work, stop_seconds
        self._alive: set[int] = set()
        self._deaths: list[float] = []
        self._stopping = False
        self._gone, self._held = os.pipe()

    def start(self) -> None:
        """Start all of them."""
        for number in ending_signals():
            signal.signal(number, self._stop)
        signal.signal(signal.SIGALRM, self._kill)
        for _ in range(self._count):
            self._fork()

    def watch(self) -> int:
        """Replace workers that die until asked to stop; returns the exit code."""
        failed = False
        while self._alive:
            process, status = os.wait()
            self._alive.discard(process)
            if not self._stopping and os.waitstatus_to_exitcode(status) == _CANNOT_START:
                failed = True
                self._stop(signal.SIGTERM, None)
            elif not self._stopping:
                log.error("worker %d died and is replaced", process)
                failed = self._dying_too_often()
                if failed:
                    log.error("workers die as soon as they start; the server stops")
                    self._stop(signal.SIGTERM, None)
                else:
                    self._fork()
        signal.alarm(0)
        return 1 if failed else 0

    def _fork(self) -> None:
        # Signals wait meanwhile: until the parent knows of the worker, and until the worker has put off the parent's
        # handlers. A worker that met SIGTERM with those would ask the others to end, and itself go on.
        numbers = (*ending_signals(), signal.SIGALRM)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
        if not self._stopping:
            process = os.fork()
            if not process:
                for number in numbers:
                    signal.signal(number, signal.SIG_DFL)
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
                self._be_worker()
            self._alive.add(process)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _be_worker(self) -> NoReturn:
        code = 1
        try:
            os.close(self._held)
            code = self._work(self._gone)
        except WorkersCannotStart as reason:
            code = _CANNOT_START
            sys.stderr.write(f"Error: {' '.join(str(reason).split())}\n")
        except Exception:
            log.exception("a worker failed")
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _dying_too_often(self) -> bool:
        now = time.monotonic()
        self._deaths = [*(then for then in self._deaths if now - then < _SHORT_SECONDS), now]
        return len(self._deaths) >= _MANY_DEATHS

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        notify("STOPPING=1")
        signal.alarm(self._stop_seconds)
        self._signal_all(signal.SIGTERM)

    def _kill(self, _number: int, _frame: FrameType | None) -> None:
        self._signal_all(signal.SIGKILL)

    def _signal_all(self, number: signal.Signals) -> None:
        for process in tuple(self._alive):
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                os.kill(process, number)


def run_workers(count: int, work: Callable[[int], int], ready: Callable[[], None], stop_seconds: int) -> int:
    """Run `work` in `count` processes until asked to stop.

    Parameters
    ----------
    count: Number of processes.
    work: Runs in each; given a file descriptor that becomes readable when this process is gone.
    ready: Called once when all were started.
    stop_seconds: Seconds they may take to end before they are killed.
    """
    workers = _Workers(count, work, stop_seconds)
    workers.start()
    ready()
    return workers.watch()
