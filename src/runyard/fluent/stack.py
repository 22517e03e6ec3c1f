"""Which run is active: a stack for each thread, and what a run does when it leaves its `with` block."""

import os
import threading
from collections.abc import Iterable, MutableSequence
from types import TracebackType
from typing import Any, overload

import runyard
from runyard.client import RunyardClient
from runyard.fluent.clients import client
from runyard.system_metrics.monitor import SystemMetricsMonitor
from runyard.tracking.runs.entities import Run


class ActiveRun(Run):
    """A run that this thread has open; use it in a `with` statement to end it with the right status.

    Attributes
    ----------
    client: What the run is logged through, whatever addresses are chosen later.
    process_id: The process that started it. A forked child may log to the run but does not end it.
    """

    def __init__(self, run: Run, client: RunyardClient) -> None:
        super().__init__(run.info, run.data, run.inputs, run.outputs)
        self.client = client
        self.process_id = os.getpid()
        self.monitor: SystemMetricsMonitor | None = None

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs to log to it: the monitor stays with the process that measures."""
        return {**vars(self), "monitor": None}

    def __enter__(self) -> "ActiveRun":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self in active_run_stack:  # it may have been ended inside of the block
            runyard.end_run(status_after(error))


def status_after(error: BaseException | None) -> str:
    """The status of a run whose block was left by this exception."""
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return "FINISHED"
    return "KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED"


class _ThreadState(threading.local):
    def __init__(self) -> None:
        self.runs: list[ActiveRun] = []
        self.last_run_id: str | None = None


thread_state = _ThreadState()


class RunStack(MutableSequence[ActiveRun]):
    """The calling thread's open runs, outermost first. To callers it is a plain list; each thread sees its own."""

    def get(self) -> list[ActiveRun]:
        """The calling thread's list itself."""
        return thread_state.runs

    def set(self, runs: Iterable[ActiveRun]) -> None:
        """Replace the calling thread's list."""
        thread_state.runs = list(runs)

    @overload
    def __getitem__(self, index: int) -> ActiveRun: ...
    @overload
    def __getitem__(self, index: slice) -> list[ActiveRun]: ...
    def __getitem__(self, index: int | slice) -> ActiveRun | list[ActiveRun]:
        return thread_state.runs[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        thread_state.runs[index] = value

    def __delitem__(self, index: int | slice) -> None:
        del thread_state.runs[index]

    def __len__(self) -> int:
        return len(thread_state.runs)

    def insert(self, index: int, value: ActiveRun) -> None:
        """Put a run before this position."""
        thread_state.runs.insert(index, value)

    def __repr__(self) -> str:
        return repr(thread_state.runs)


active_run_stack = RunStack()

open_runs: dict[str, ActiveRun] = {}
"""Every run that is open in any thread, in the order of their start: what the end of the process must end."""


def push(run: ActiveRun) -> None:
    """Make a run the calling thread's active one."""
    thread_state.runs.append(run)
    open_runs[run.info.run_id] = run


def pop() -> ActiveRun:
    """Take the active run off the calling thread's stack."""
    run = thread_state.runs.pop()
    thread_state.last_run_id = run.info.run_id
    open_runs.pop(run.info.run_id, None)
    return run


def addressed(run_id: str | None) -> tuple[RunyardClient, str]:
    """The run a call is about, with the client to use: the one named, else the active one, else a new one."""
    if run_id is not None:
        return client(), run_id
    run: ActiveRun = thread_state.runs[-1] if thread_state.runs else runyard.start_run()
    return run.client, run.info.run_id
