"""`pytest --forks 4`: the tests of different files run at the same time, in processes forked after they are collected.

To collect the whole suite takes eight seconds of a processor, which each process of xdist spends again. Files go to the
processes one by one, in the order of their first tests. What a process loads or starts, fixtures of the session too,
is its own. A process that dies ends the run.
"""

import io
import os
import pickle
import signal
import time
import warnings
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import pytest

END_SECONDS = 30

Files = list[list[pytest.Item]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the option."""
    parser.addoption("--forks", type=int, default=0, metavar="N", help="run the tests in this number of processes")


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run the tests in forks of this process, when that is asked for."""
    count = session.config.getoption("forks")
    if not count or session.testsfailed or session.config.option.collectonly:
        return None
    files: dict[Path, list[pytest.Item]] = defaultdict(list)
    for item in session.items:
        files[item.path].append(item)
    session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # each process has a folder in it
    forks: list[_Fork] = []
    for number in range(min(count, len(files))):
        here, there = Pipe()
        process = os.fork()
        if process == 0:
            for other in [here, *(fork.connection for fork in forks)]:
                other.close()
            _run_tests(session, list(files.values()), number, there)
            return True
        there.close()
        forks.append(_Fork(process, here, os.pidfd_open(process)))
    with _ended(forks):
        _lead(session, len(files), forks)
    return True


@dataclass
class _Fork:
    """A process that runs tests, as the one that leads it knows it."""

    process: int
    connection: Connection
    handle: int
    test: str = ""

    def ended(self) -> int | None:
        """Its exit code, negative for a signal, once it has ended."""
        process, status = os.waitpid(self.process, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if process else None


def _lead(session: pytest.Session, count: int, forks: list[_Fork]) -> None:
    """Give files to the forks, and have everyone here hear what they tell, until all are through."""
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    reporter.showfspath = False
    left = deque(range(count))
    while forks:
        ready = wait([*(fork.connection for fork in forks), *(fork.handle for fork in forks)])
        for fork in [fork for fork in forks if fork.connection in ready or fork.handle in ready]:
            with suppress(EOFError, ConnectionError):  # its end says more
                while fork.connection.poll():
                    _hear(session, fork, left)
            if fork.handle in ready:
                forks.remove(fork)
                os.close(fork.handle)
                if code := fork.ended():
                    session.shouldfail = f"a process ended with {code}, after {fork.test}"
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)


def _hear(session: pytest.Session, fork: _Fork, left: deque[int]) -> None:
    hook, (name, told) = session.config.hook, fork.connection.recv()
    if name == "next":
        fork.connection.send(left.popleft() if left else None)
        return
    if name == "pytest_warning_recorded":
        hook.pytest_warning_recorded.call_historic(kwargs=told)
        return
    if name == "pytest_runtest_logreport":
        told = {"report": hook.pytest_report_from_serializable(config=session.config, data=told)}
    if name == "pytest_runtest_logstart":
        fork.test = told["nodeid"]
    getattr(hook, name)(**told)


@contextmanager
def _ended(forks: list[_Fork]) -> Iterator[None]:
    """Leave no process behind, however the run ends."""
    try:
        yield
    finally:
        for fork in forks:
            os.kill(fork.process, signal.SIGINT)
        deadline = time.monotonic() + END_SECONDS
        for fork in forks:
            if not wait([fork.handle], max(0, deadline - time.monotonic())):
                os.kill(fork.process, signal.SIGKILL)
            os.waitpid(fork.process, 0)
            os.close(fork.handle)


def _run_tests(session: pytest.Session, files: Files, number: int, connection: Connection) -> None:
    """Run the tests of one file after the other, in a fork. Its exit code is zero when tests fail, which it told."""
    _become_fork(session.config, number)
    plugins = session.config.pluginmanager
    reporter: Any = plugins.get_plugin("terminalreporter")
    reporter._tw._file = io.StringIO()  # nothing is shown, and pytest-timeout has something to write to
    plugins.register(_Teller(session.config, connection))
    between: Any = session  # a next "test" that needs what is of the whole session only
    with suppress(EOFError, ConnectionError):  # the one who leads is gone
        while (file := _next_file(connection)) is not None:
            for item, following in zip(files[file], [*files[file][1:], between], strict=True):
                session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.shouldfail or session.shouldstop:
                break
    session.testsfailed = 0
    session.shouldfail = session.shouldstop = False


def _next_file(connection: Connection) -> int | None:
    connection.send(("next", None))
    file: int | None = connection.recv()
    return file


def _become_fork(config: Any, number: int) -> None:
    """Use folders and captured output of its own."""
    config.workerinput = {"workerid": f"fork{number}"}  # by this name plugins know that another process reports
    folders = config._tmp_path_factory
    folders._basetemp = folders._given_basetemp = folders._basetemp / f"fork{number}"
    folders._basetemp.mkdir(mode=0o700)
    folders._exit_stack = ExitStack()
    capture = config.pluginmanager.get_plugin("capturemanager")
    capture.stop_global_capturing()
    capture.start_global_capturing()
    capture.suspend_global_capture()


class _Teller:
    """Tells the process that leads what happens."""

    def __init__(self, config: pytest.Config, connection: Connection) -> None:
        self._config, self._connection = config, connection

    def pytest_runtest_logstart(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        """A test begins."""
        self._connection.send(("pytest_runtest_logstart", {"nodeid": nodeid, "location": location}))

    def pytest_runtest_logfinish(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        """A test is over."""
        self._connection.send(("pytest_runtest_logfinish", {"nodeid": nodeid, "location": location}))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A part of a test is over."""
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._connection.send(("pytest_runtest_logreport", data))

    def pytest_warning_recorded(
        self,
        warning_message: warnings.WarningMessage,
        when: str,
        nodeid: str,
        location: tuple[str, int, str] | None,
    ) -> None:
        """A library warned."""
        try:
            pickle.dumps(warning_message)
        except Exception:  # noqa: BLE001  (warnings of libraries may hold anything)
            text, file, line = str(warning_message.message), warning_message.filename, warning_message.lineno
            warning_message = warnings.WarningMessage(UserWarning(text), UserWarning, file, line)
        told = {"warning_message": warning_message, "when": when, "nodeid": nodeid, "location": location}
        self._connection.send(("pytest_warning_recorded", told))
