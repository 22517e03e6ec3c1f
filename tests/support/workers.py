"""`pytest --workers 4`: tests run in processes that are forks of the one that collected them.

To import the tests and what they need takes seconds of a processor, which other ways spend once in each process. Each
worker takes whole files, the next when it begins the last test of one, and sends the results of each test. Every other
worker takes the first file that is left, and the others the last one: tests that wait, at the one end, run beside tests
that compute, at the other. Where a worker dies, its test has failed and the run ends. `tests.support.families` has
libraries whose threads a fork would leave behind, and runs their tests with xdist.
"""

import atexit
import faulthandler
import itertools
import mmap
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import Lock
from multiprocessing.connection import Connection, Pipe, wait
from types import SimpleNamespace
from typing import Any
from warnings import WarningMessage

import pytest
from _pytest.junitxml import xml_key

END_SECONDS = 30
"""How long a worker may take to end what it started, once its tests have run or the run was interrupted."""
_LOOK_SECONDS = 1
_STDERR = 2


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the number of workers."""
    group = parser.getgroup("workers")
    group.addoption("--workers", type=int, default=0, metavar="N", help="run tests in N forks of this process")


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run the tests in workers, unless there is nothing to run or one process is enough."""
    options = session.config.option
    if not options.workers or options.collectonly or options.usepdb or session.testsfailed or not session.items:
        return None
    _Run(session).go()
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
    if session.shouldstop:
        raise session.Interrupted(session.shouldstop)
    return True


@dataclass
class _Worker:
    """A process that runs tests.

    Attributes
    ----------
    place: Of the index of the test that it runs, in what workers and the run share.
    results: The results of its tests; None when it has run the last.
    """

    place: int
    pid: int
    results: Connection
    is_done: bool = False


@dataclass
class _Run:
    """The tests of a session, run by workers."""

    session: pytest.Session
    workers: list[_Worker] = field(default_factory=list)
    told: int = 0
    """The number of tests that have run."""

    def go(self) -> None:
        """Run them all, or until a test asks for an end."""
        config = self.session.config
        shown = config.pluginmanager.getplugin("terminalreporter")
        shown.showfspath = False  # the tests of several files end in turn
        config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        count = config.option.workers
        self.shared = memoryview(mmap.mmap(-1, 4 * (count + 1))).cast("i")
        """Whether to stop, and the indices of the tests that run."""
        files = _Files(self.session.items)
        for place in range(1, count + 1):
            self._start(place, files)
        try:
            self._follow()
        finally:
            self.shared[0] = 1
            self._end()
        if self.told < len(self.session.items) and not (self.session.shouldfail or self.session.shouldstop):
            self.session.shouldstop = f"{len(self.session.items) - self.told} tests did not run"

    def _start(self, place: int, files: "_Files") -> None:
        receiver, sender = Pipe(duplex=False)
        if pid := os.fork():
            sender.close()
            self.workers.append(_Worker(place, pid, receiver))
            return
        try:
            for other in self.workers:
                other.results.close()
            receiver.close()
            _Work(self.session, place, self.shared, sender).go(files.taken(from_end=place % 2 == 0))
        finally:
            os._exit(0)  # all above this belongs to the parent

    def _follow(self) -> None:
        while running := [worker for worker in self.workers if not worker.is_done]:
            ready = wait([worker.results for worker in running], _LOOK_SECONDS)
            for worker in running:
                if worker.results in ready or self._has_died(worker):
                    self._receive(worker)

    def _receive(self, worker: _Worker) -> None:
        result = None
        try:
            if not worker.results.poll():
                raise EOFError
            result = worker.results.recv()
        except EOFError:
            self._crash(worker)
        if result is None:
            worker.is_done = True
        elif isinstance(result, str):
            self.session.shouldstop = result
        else:
            self._tell(*result)
        if self.session.shouldfail or self.session.shouldstop:
            self.shared[0] = 1

    def _tell(self, index: int, reports: Sequence[Any], warned: Sequence[dict[str, Any]]) -> None:
        self.told += 1
        hook, item = self.session.config.hook, self.session.items[index]
        hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for warning in warned:
            hook.pytest_warning_recorded.call_historic(kwargs=warning)
        for data in reports:
            report = hook.pytest_report_from_serializable(config=self.session.config, data=data)
            hook.pytest_runtest_logreport(report=report)
        hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)

    def _crash(self, worker: _Worker) -> None:
        """The worker has died: so has its test, and the run, as what the worker had begun stays undone."""
        item = self.session.items[self.shared[worker.place]]
        text = f"the worker died while it ran {item.nodeid}"
        report = pytest.TestReport(item.nodeid, item.location, {}, "failed", text, "call")
        self.session.config.hook.pytest_runtest_logreport(report=report)
        self.session.shouldfail = text

    def _has_died(self, worker: _Worker) -> bool:
        """Whether it is gone without a word; programs that it had started may hold its end of the pipe open."""
        with suppress(ChildProcessError):
            return os.waitpid(worker.pid, os.WNOHANG)[0] == worker.pid
        return True

    def _end(self) -> None:
        deadline = time.monotonic() + END_SECONDS
        for worker in self.workers:
            while not self._has_died(worker):
                if time.monotonic() > deadline:
                    os.kill(worker.pid, signal.SIGKILL)
                wait([worker.results], 0.05)
                with suppress(EOFError):
                    while worker.results.poll():  # it could not end with a full pipe
                        worker.results.recv()


@dataclass(eq=False)
class _Work:
    """What one worker does: a plugin of its pytest, whose hooks keep what the parent is to be told."""

    session: pytest.Session
    place: int
    shared: "memoryview[int]"
    results: Connection
    reports: list[Any] = field(default_factory=list)
    warned: list[dict[str, Any]] = field(default_factory=list)

    def go(self, tests: Iterator[tuple[int, pytest.Item]]) -> None:
        """Run these tests, then end what they started."""
        with self._telling_problems():
            self._take_over()
            self._run(tests)
        with self._telling_problems():  # those of the session's fixtures, when the run was stopped
            self.session.config.hook.pytest_sessionfinish(session=self.session, exitstatus=pytest.ExitCode.OK)
        faulthandler.dump_traceback_later(END_SECONDS, exit=True, file=_STDERR)
        # as Python does at its end; pools of processes wait for the first
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        self.results.send(None)

    @contextmanager
    def _telling_problems(self) -> Iterator[None]:
        try:
            yield
        except BaseException as problem:  # noqa: BLE001  (whatever it is, the parent must not take it for an end)
            if not isinstance(problem, KeyboardInterrupt):
                traceback.print_exc(file=sys.__stderr__)
            with suppress(OSError):  # the parent was killed
                self.results.send(f"{type(problem).__name__}: {problem}")

    def _run(self, tests: Iterator[tuple[int, pytest.Item]]) -> None:
        index, item = next(tests, (0, None))
        while item is not None and not (self.shared[0] or self.session.shouldfail or self.session.shouldstop):
            self.shared[self.place] = index
            following, next_item = next(tests, (0, None))
            self.session.config.hook.pytest_runtest_protocol(item=item, nextitem=next_item)
            self.results.send((index, self.reports, self.warned))
            self.reports, self.warned = [], []
            index, item = following, next_item

    def _take_over(self) -> None:
        """Have folders and captured output of its own, and leave what is printed and written to the parent."""
        config = self.session.config
        vars(config)["workerinput"] = {"workerid": f"w{self.place}"}  # by which plugins know a worker of xdist
        manager = config.pluginmanager
        capture = manager.getplugin("capturemanager")
        capture.stop_global_capturing()
        capture.start_global_capturing()
        shown: Any = manager.unregister(name="terminalreporter")
        manager.register(SimpleNamespace(_tw=shown._tw), "terminalreporter")  # for a test that takes too long
        if (written := config.stash.get(xml_key, None)) is not None:
            manager.unregister(written)
        folders = config._tmp_path_factory  # type: ignore[attr-defined]
        folders._given_basetemp, folders._basetemp = folders.getbasetemp() / f"w{self.place}", None
        options = config.option
        self.is_brief = options.durations is None and options.xmlpath is None
        manager.register(self, "worker")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep a report for the parent, unless it only says that fixtures were made, or ended, as they should be."""
        if self.is_brief and report.when != "call" and report.passed and not report.sections:
            return
        config = self.session.config
        self.reports.append(config.hook.pytest_report_to_serializable(config=config, report=report))

    def pytest_warning_recorded(self, warning_message: WarningMessage, when: str, nodeid: str, location: Any) -> None:
        """Keep a warning for the parent."""
        text = f"{warning_message.category.__name__}: {warning_message.message}"  # its class may be known here only
        told = WarningMessage(text, UserWarning, warning_message.filename, warning_message.lineno)
        self.warned.append({"warning_message": told, "when": when, "nodeid": nodeid, "location": location})


class _Files:
    """The files that no worker has begun."""

    def __init__(self, items: Sequence[pytest.Item]) -> None:
        self._files = [list(tests) for _, tests in itertools.groupby(enumerate(items), lambda one: one[1].path)]
        self._lock = Lock()
        self._left = memoryview(mmap.mmap(-1, 8)).cast("i")
        """The first that is left and the one behind the last."""
        self._left[1] = len(self._files)

    def taken(self, *, from_end: bool) -> Iterator[tuple[int, pytest.Item]]:
        """The tests of one file after the other, with their indices, until none is left."""
        while True:
            with self._lock:
                first, end = self._left
                if first == end:
                    return
                self._left[from_end] += -1 if from_end else 1
            yield from self._files[end - 1 if from_end else first]
