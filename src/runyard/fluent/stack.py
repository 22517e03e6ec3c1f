"""Which run is active: a stack for each thread and asyncio task, and how a run ends with its `with` block.

Code outside of tasks uses the stack of its thread. A task begins with the runs that were active where it was created;
runs it starts are its own. A callback of the event loop sees the runs of the task that scheduled it.
"""

import builtins
import os
import sys
import threading
import time
import weakref
from collections.abc import Iterable, MutableSequence
from contextlib import ExitStack
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from runyard._lazy import public_function
from runyard.client import RunyardClient
from runyard.fluent.clients import client
from runyard.system_metrics.monitor import SystemMetricsMonitor
from runyard.tracking.runs.entities import Run

if TYPE_CHECKING:
    from runyard.fluent.log_output import OutputLog

EXIT_CODES_OF_SIGNALS = (129, 130, 131, 143)
"""Exit codes after SIGHUP, SIGINT, SIGQUIT and SIGTERM, by the shell's convention."""


class ActiveRun(Run):
    """A run that this thread or task has open; use it in a `with` statement to end it with the right status.

    Attributes
    ----------
    client: The client that logs to the run, even if the tracking URI changes later.
    process_id: The process that started it. A forked child may log to the run but does not end it.
    began: When this process started it, on the monotonic clock.
    monitor, output: Sample the machine, and record what is printed, while it is open.
    is_active: Whether it is on a stack.
    task: The asyncio task that started it, if one did.
    inside: The run that was active when it started.
    outcome: The status given by an exception that ended the program; else None.
    is_adopted: Whether it is the run of a project whose program asked for it and has not started it yet.
    """

    def __init__(self, run: Run, client: RunyardClient, is_adopted: bool = False) -> None:
        super().__init__(run.info, run.data, run.inputs, run.outputs)
        self.client = client
        self.process_id = os.getpid()
        self.began = time.monotonic()
        self.monitor: SystemMetricsMonitor | None = None
        self.output: OutputLog | None = None
        self.is_active = False
        self.task: weakref.ref[Any] | None = None
        self.inside: ActiveRun | None = None
        self.outcome: str | None = None
        self.is_adopted = is_adopted
        self._around: list[ActiveRun] = []
        self._entered_in: tuple[object, int] | None = None
        self._is_block_over = False

    @property
    def is_left(self) -> bool:
        """Whether the task that started it ended and left it open."""
        task = self.task() if self.task is not None else None
        return self.is_active and self.task is not None and (task is None or bool(task.done()))

    def __reduce__(self) -> tuple[Any, ...]:
        """The state for logging from another process: monitor and stack stay with the process that started it."""
        return _copy, (Run(self.info, self.data, self.inputs, self.outputs), self.client, self.process_id)

    def __enter__(self) -> "ActiveRun":
        self._is_block_over = False
        self._entered_in = _flow()
        self._around = [run for run in active_runs() if run is not self]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        status = status_after(error)
        if self._is_block_over:  # an outer block ended first and ended its runs; later runs are not its own
            return
        if self._entered_in == _flow():
            opened = [run for run in active_runs() if run not in self._around]
        elif self.is_active:  # entered in another thread or task: only this run is its own
            push(self)
            opened = [self]
        else:
            return
        with ExitStack() as every:  # an error ending one run must not leave the others open
            for run in opened:
                run._is_block_over = True
                if run.output is not None and error is not None and status != "FINISHED":
                    run.output.note(error)
                every.callback(public_function("end_run"), status)


def _copy(run: Run, client: RunyardClient, process_id: int) -> ActiveRun:
    copy = ActiveRun(run, client)
    copy.process_id = process_id
    return copy


def status_after(error: BaseException | None) -> str:
    """The status of a run whose block or program was left by this exception."""
    if error is None:
        return "FINISHED"
    if not isinstance(error, SystemExit):
        return "KILLED" if _is_interruption(error) else "FAILED"
    if error.code in (None, 0):  # False too, which the interpreter takes for 0
        return "FINISHED"
    seen: list[BaseException] = []  # an exit after a Ctrl-C is an interruption too
    link: BaseException | None = error
    while link is not None and link not in seen:
        seen.append(link)
        link = link.__context__
    interrupted = any(_is_interruption(link) for link in seen)
    return "KILLED" if interrupted or error.code in EXIT_CODES_OF_SIGNALS else "FAILED"


def _is_interruption(error: BaseException) -> bool:
    """Whether it is a Ctrl-C, or the cancellation of a task, which a Ctrl-C causes too."""
    asyncio = sys.modules.get("asyncio.exceptions")
    return isinstance(error, KeyboardInterrupt) or (asyncio is not None and isinstance(error, asyncio.CancelledError))


class _ThreadState(threading.local):
    """What a thread sees outside of tasks.

    Attributes
    ----------
    runs: Its open runs, outermost first; those that its tasks left open too.
    last: The run it ended last.
    token: Identifies the thread. Python reuses thread ids.
    """

    def __init__(self) -> None:
        self.runs: list[ActiveRun] = []
        self.last: ActiveRun | None = None
        self.token = object()


class _Seen(NamedTuple):
    """The runs of a task, with which tasks it creates begin. Not visible to other threads."""

    token: object
    runs: tuple[ActiveRun, ...]
    last: ActiveRun | None


thread_state = _ThreadState()
_seen: ContextVar[_Seen | None] = ContextVar("runyard_active_runs", default=None)

open_runs: list[ActiveRun] = []
"""Every open run of this process in order of start; all are ended when the process ends."""


def _loop() -> Any:
    """The event loop that runs in this thread, if any; does not load asyncio."""
    events = sys.modules.get("asyncio.events")
    return events._get_running_loop() if events is not None else None


def _task() -> Any:
    """The asyncio task that runs now, if one does."""
    loop = _loop()
    return None if loop is None else sys.modules["asyncio"].current_task(loop)


def _flow() -> tuple[object, int]:
    """The current thread and task, for comparison."""
    return thread_state.token, id(_task())


def _seen_here() -> _Seen | None:
    seen = _seen.get()
    return seen if seen is not None and seen.token is thread_state.token else None


def active_runs() -> list[ActiveRun]:
    """The open runs of the current thread or task, outermost first."""
    if _loop() is None:
        return [run for run in thread_state.runs if run.is_active]
    seen = _seen_here()
    own = [run for run in seen.runs if run.is_active] if seen is not None else []
    if own:
        return own
    # A notebook cell is a task too, but for its user cells run one after the other.
    every = hasattr(builtins, "__IPYTHON__")
    return [run for run in thread_state.runs if run.is_active and (every or not run.is_left)]


def innermost() -> ActiveRun | None:
    """The active run of the current thread or task, if there is one."""
    of_thread = thread_state.runs
    if of_thread and of_thread[-1].is_active and _loop() is None:  # the fast path: called for every point
        return of_thread[-1]
    runs = active_runs()
    return runs[-1] if runs else None


def last_ended() -> ActiveRun | None:
    """The run that this task ended last, or else this thread."""
    seen = _seen_here() if _task() is not None else None
    return seen.last if seen is not None and seen.last is not None else thread_state.last


def _replace(runs: Iterable[ActiveRun], last: ActiveRun | None) -> None:
    """Set what the current thread or task sees from now on."""
    now = list(runs)
    if _task() is None:  # a callback sees the runs of its task, the thread does not
        thread_state.runs = [run for run in now if run.task is None or run.is_left or run in thread_state.runs]
    _seen.set(_Seen(thread_state.token, tuple(now), last))


def push(run: ActiveRun) -> None:
    """Make a run the active one of the current thread or task."""
    above = [other for other in active_runs() if other is not run]
    if not run.is_active:  # else another task takes it over to end it
        run.inside = above[-1] if above else None
        run.is_active = True
        task = _task()
        if task is not None:
            run.task = weakref.ref(task)
            task.add_done_callback(lambda _: _leave(run))
    if not run.is_adopted and run not in open_runs:
        open_runs.append(run)
    _replace([*above, run], last_ended())


def _leave(run: ActiveRun) -> None:
    """Called when a task ended. A run it left open ends with its outer run; without one, it becomes the thread's."""
    around = run.inside
    while around is not None and not around.is_active:
        around = around.inside
    if run.is_active and around is None and run not in thread_state.runs:
        thread_state.runs.append(run)


def pop() -> ActiveRun:
    """Take the active run off the stack."""
    *others, run = active_runs()
    run.is_active = False
    thread_state.last = run
    _replace(others, run)
    return run


def left_inside(run: ActiveRun) -> list[ActiveRun]:
    """Open runs left by tasks that were created in this run's block, innermost first."""
    found = []
    for other in reversed(open_runs):
        around = other.inside if other.is_left else None
        while around is not None and around is not run:
            around = around.inside
        if around is run:
            found.append(other)
    return found


def forget() -> None:
    """Forget the runs of this thread: none is active, none was the last."""
    thread_state.last = None
    _replace((), None)


class RunStack(MutableSequence[ActiveRun]):
    """The open runs of the current thread or task, outermost first. To callers it is a plain list."""

    def get(self) -> list[ActiveRun]:
        """The runs as a list."""
        return active_runs()

    def set(self, runs: Iterable[ActiveRun]) -> None:
        """Replace them."""
        now = list(runs)
        for run in active_runs():
            run.is_active = False
        for run in now:
            run.is_active = True
        _replace(now, last_ended())

    @overload
    def __getitem__(self, index: int) -> ActiveRun: ...
    @overload
    def __getitem__(self, index: slice) -> list[ActiveRun]: ...
    def __getitem__(self, index: int | slice) -> ActiveRun | list[ActiveRun]:
        return active_runs()[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        runs = active_runs()
        runs[index] = value
        self.set(runs)

    def __delitem__(self, index: int | slice) -> None:
        runs = active_runs()
        del runs[index]
        self.set(runs)

    def __len__(self) -> int:
        return len(active_runs())

    def insert(self, index: int, value: ActiveRun) -> None:
        """Put a run before this position."""
        runs = active_runs()
        runs.insert(index, value)
        self.set(runs)

    def __repr__(self) -> str:
        return repr(active_runs())


active_run_stack = RunStack()


def addressed(run_id: str | None) -> tuple[RunyardClient, str]:
    """The client and run id for a call: the given run, else the active one, else a new one."""
    if run_id is not None:
        return client(), run_id
    run: ActiveRun = innermost() or public_function("start_run")()
    return run.client, run.info.run_id
