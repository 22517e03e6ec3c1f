"""Running a project on this machine."""

import atexit
import logging
import os
import threading
from typing import Any

from runyard.client import RunyardClient
from runyard.client.output import Output, RunStore
from runyard.core.ids import new_run_id
from runyard.exceptions import ExecutionException, RunyardException
from runyard.fluent import run_end
from runyard.projects import capture, reuse, runs, tags, variables
from runyard.projects.processes import GRACE_SECONDS, ProcessTree
from runyard.projects.request import Prepared, Request, prepared
from runyard.projects.submitted_run import FinishedRun, SubmittedRun, wait_for
from runyard.tracking.runs.entities import Run

log = logging.getLogger(__name__)

NAME = "local"

_SECONDS_TO_MARK = 30.0  # the store may be slow


class LocalSubmittedRun(SubmittedRun):
    """A run on this machine. Its processes are watched by a thread for which the program waits when it ends.

    Parameters
    ----------
    client: Where it is logged.
    run: The run.
    job: What is run. It is closed at the end.
    """

    def __init__(self, client: RunyardClient, run: Run, job: Prepared) -> None:
        self._client, self._run, self._job = client, run, job
        self._tree: ProcessTree | None = None
        self._cancelled, self._ended = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._status = "RUNNING"
        self.exit_code: int | None = None
        self.problem: str | None = None
        self.last_lines: list[str] = []
        _going.add(self)
        threading.Thread(target=self._go, name=f"runyard-project-{run.info.run_id}").start()

    @property
    def run_id(self) -> str:
        """The run's id."""
        return str(self._run.info.run_id)

    def wait(self) -> bool:
        """Wait for its end; True when the command ended with 0."""
        wait_for(self._ended)  # not join(): after an interrupt that takes the thread for ended
        return self._status == "FINISHED"

    def get_status(self) -> str:
        """``RUNNING``, then ``FINISHED``, ``FAILED`` or ``KILLED``."""
        return self._status

    def cancel(self, grace: float = GRACE_SECONDS) -> None:
        """End all its processes, whatever they started, and wait until the run is marked.

        Parameters
        ----------
        grace: Seconds that the processes have to end in order before they are killed.
        """
        tree = self.ask_to_end()
        if tree is not None:
            tree.end(grace)
            self._job.plan.stop()
        elif not self._ended.is_set():  # an environment is being made, which may take long: nothing is started after it
            runs.end(self._client, self.run_id, "KILLED", None)
            self._status = "KILLED"
            return
        wait_for(self._ended, _SECONDS_TO_MARK)
        runs.end_below(self._client, self._run)

    def ask_to_end(self) -> ProcessTree | None:
        """Begin to cancel, without waiting; its processes, if it has any yet."""
        self._cancelled.set()
        with self._lock:
            tree = self._tree
        if tree is not None:
            tree.ask()
        return tree

    def failure(self) -> ExecutionException:
        """Why it did not succeed, with the exit code and the last lines of its output."""
        what = f"Run (ID {self.run_id!r}) of entry point {self._job.request.entry_point!r}"
        known = {"run_id": self.run_id, "exit_code": self.exit_code, "last_lines": self.last_lines}
        if self._status == "KILLED":
            return ExecutionException(f"{what} was cancelled.", **known)
        if self.problem is not None:
            return ExecutionException(f"{what} failed: {self.problem}", **known)
        how = f"exit code {self.exit_code}" if (self.exit_code or 0) >= 0 else f"signal {-(self.exit_code or 0)}"
        said = "\n".join(["Its last lines:", *self.last_lines]) if self.last_lines else "It printed nothing."
        return ExecutionException(f"{what} failed: it ended with {how}. {said}", **known)

    def _go(self) -> None:
        status = "FAILED"
        try:
            status = self._performed()
        except (RunyardException, OSError) as problem:
            self.problem = str(problem)
        except Exception as problem:
            self.problem = f"{type(problem).__name__}: {problem}"
            log.exception("Run %s failed", self.run_id)
        finally:
            if self._cancelled.is_set():
                status = "KILLED"
            try:
                runs.end(self._client, self.run_id, status, self.exit_code)
            finally:
                self._status = status
                _going.discard(self)
                self._close()

    def _close(self) -> None:
        try:
            self._job.close()
        except OSError as problem:
            log.warning("What was fetched for run %s could not be removed: %s", self.run_id, problem)
        self._ended.set()

    def _performed(self) -> str:
        """Run it to the end; the status it deserves."""
        store = self._client.repository(self._run.info.artifact_uri or "")
        output = Output(RunStore(self._client.connection, self.run_id), self._job.request.echo)
        try:
            patch = capture.uncommitted_changes(self._job.source)
            if patch is not None:
                self._client.set_tag(self.run_id, tags.DIRTY, "true")
            self._start(output)
            capture.keep(store, patch, self._job.plan)
            self.exit_code = self._tree.wait() if self._tree is not None else None
        except (RunyardException, OSError) as problem:
            output.add(str(problem))  # shown by the caller that waits for the run
            raise
        finally:
            self.last_lines = output.last_lines()
            output.close()
        return "FINISHED" if self.exit_code == 0 else "FAILED"

    def _start(self, output: Output) -> None:
        job, request = self._job, self._job.request
        own = variables.merged(
            variables.inherited(),
            variables.of_programs(self._client, request.env_manager, request.reuse),
            variables.of_run(self._client, self.run_id, self._run.info.experiment_id),
        )
        command = job.plan.command(job.shell_command, job.source.folder, own, output.say)
        if image := job.plan.tags.get(tags.IMAGE_ID):
            self._client.set_tag(self.run_id, tags.IMAGE_ID, image)
        with self._lock:
            if not self._cancelled.is_set():
                self._tree = ProcessTree(command, self.run_id, output)


_going: set[LocalSubmittedRun] = set()
"""Runs that this process watches."""

_GRACE_AT_THE_END = run_end.SECONDS_AFTER_SIGTERM / 3


def cancel_all() -> None:
    """End every run that this process watches: it ends before them, and has little time itself."""
    runs_now = list(_going)
    for run in runs_now:
        run.ask_to_end()
    for run in runs_now:
        run.cancel(_GRACE_AT_THE_END)


def submit(request: Request, client: RunyardClient) -> SubmittedRun:
    """Check a request, make its run, and start it.

    Raises
    ------
    InvalidProject: It cannot be run as it was asked for; no run is made then.
    ExecutionException: Something that is needed is not there.
    """
    job = prepared(request, client, container=new_run_id())
    try:
        experiment_id = request.experiment(client)
        mark = reuse.fingerprint(job, request.reuse)
        earlier = reuse.earlier_run(client, experiment_id, mark) if mark and request.reuse else None
        if earlier is not None:
            if request.parent_run_id is not None:
                runs.note_reused(client, request.parent_run_id, earlier, request.entry_point)
            job.close()
            return FinishedRun(earlier)
        about = runs.described(job, NAME) | ({tags.FINGERPRINT: mark} if mark else {})
        run = runs.run_for(client, experiment_id, request, about, job.values)
    except BaseException:
        job.close()
        raise
    _watch_process()
    return LocalSubmittedRun(client, run, job)


class _Watch:
    is_set: bool = False


def _watch_process() -> None:
    """From the first run on, no process outlives this program unwatched: not after SIGTERM, not after Ctrl-C."""
    if not _Watch.is_set:
        _Watch.is_set = True
        atexit.register(cancel_all)
        run_end.before_sigterm.append(cancel_all)
        os.register_at_fork(after_in_child=_watch_none)
    run_end.watch_process()


def _watch_none() -> None:
    """A forked child watches none of its parent's."""
    _going.clear()
    _Watch.is_set = False


def outcome(run: SubmittedRun) -> None:
    """Wait for a run.

    Raises
    ------
    ExecutionException: It did not succeed.
    """
    try:
        succeeded: Any = run.wait()
    except BaseException:
        run.cancel()
        raise
    if not succeeded:
        raise run.failure() if isinstance(run, LocalSubmittedRun) else ExecutionException(f"Run {run.run_id!r} failed.")
