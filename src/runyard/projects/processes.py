"""A project's processes: started together, and ended together, whatever they started themselves."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runyard.client.output import Output
from runyard.core.libraries import psutil

MARK = "RUNYARD_PROJECT_RUNS"
"""Variable that names the runs a process belongs to, the outermost first: children inherit it, wherever they go."""

GRACE_SECONDS = 10.0
"""How long processes may take to end in order before they are killed."""

_SECONDS_FOR_THE_REST = 2.0  # a process left in the background may hold the pipe open


@dataclass(frozen=True)
class Command:
    """A program to start.

    Attributes
    ----------
    arguments: The program and its arguments; no shell takes part that is not named here.
    folder: The directory it starts in.
    environment: All its variables.
    """

    arguments: Sequence[str]
    folder: Path
    environment: Mapping[str, str]


class ProcessTree:
    """A process with all that it starts, in a session of its own.

    Parameters
    ----------
    run_id: The run that the processes belong to.
    output: Takes in what they print.
    """

    def __init__(self, command: Command, run_id: str, output: Output) -> None:
        self._run_id = run_id
        self._asked: set[int] = set()
        self._process = subprocess.Popen(
            command.arguments,
            cwd=command.folder,
            env=marked(command.environment, run_id),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._pipes = [output.follow(self._process.stdout, False), output.follow(self._process.stderr, True)]

    def wait(self) -> int:
        """Wait for the process, and for what it printed; its exit code, or minus the signal that ended it."""
        code = self._process.wait()
        deadline = time.monotonic() + _SECONDS_FOR_THE_REST
        for pipe in self._pipes:
            pipe.join(timeout=max(0.0, deadline - time.monotonic()))
        return code

    def end(self, grace: float = GRACE_SECONDS) -> None:
        """End every process of the tree: politely first, so that runs can be marked, then for good."""
        self.ask()
        deadline = time.monotonic() + grace
        while time.monotonic() < deadline and (members := self._members()):
            time.sleep(0.05)
        deadline = time.monotonic() + grace
        while time.monotonic() < deadline and (members := self._members()):
            _signal(members, signal.SIGKILL)
            time.sleep(0.05)

    def ask(self) -> None:
        """Ask every process of the tree to end, once: many take a second signal for an order to drop everything."""
        members = [one for one in self._members() if one.pid not in self._asked]
        self._asked.update(one.pid for one in members)
        _signal(members, signal.SIGTERM)

    def _members(self) -> "list[psutil.Process]":
        """The processes of the tree that live: children, their children, and those that left them but bear the mark."""
        found: dict[int, psutil.Process] = {}
        try:
            first = psutil.Process(self._process.pid)
            if self._process.poll() is None:
                found = {one.pid: one for one in [first, *first.children(recursive=True)]}
        except psutil.Error:
            pass
        for one in psutil.process_iter():
            if one.pid != os.getpid() and one.pid not in found and _is_marked(one, self._run_id):
                found[one.pid] = one
        return [one for one in found.values() if _lives(one)]


def marked(environment: Mapping[str, str], run_id: str) -> dict[str, str]:
    """The variables with this run added to those that a process belongs to."""
    above = environment.get(MARK)
    return {**environment, MARK: f"{above}/{run_id}" if above else run_id}


def outermost_run() -> str | None:
    """The run at the top of the projects that this process was started by; None outside of projects."""
    return os.environ.get(MARK, "").partition("/")[0] or None


def _is_marked(process: "psutil.Process", run_id: str) -> bool:
    try:
        return run_id in process.environ().get(MARK, "").split("/")
    except (psutil.Error, OSError):
        return False  # another user's


def _lives(process: "psutil.Process") -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _signal(processes: "list[psutil.Process]", number: int) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.Error:
            continue
