"""The threads that predict: bounded waiting, a time limit for each request, and a way around threads that hang.

One thread does the work as long as predictions are quick, since Python would only make several take turns. When one
takes long (it asks another service, or computes outside of Python) further threads help; they end when predictions are
quick again. A thread whose request is past its time limit cannot be stopped; it is replaced, and ends when its
prediction does.
"""

import asyncio
import collections
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runyard.exceptions import RunyardException, Unavailable
from runyard.http.answers import unforeseen
from runyard.serving.scorer import Outcome, ScoringRequest
from runyard.serving.settings import ServingSettings

_HELP_AFTER = 0.1
_QUICK = 0.02
_MAX_STUCK = 16

Perform = Callable[[Sequence[ScoringRequest]], list[Outcome]]


class Overdue(RunyardException):
    """A request that exceeded its time limit."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The model did not answer within {seconds:g} seconds.", "DEADLINE_EXCEEDED")


@dataclass(eq=False)
class _Job:
    """A request on its way through the pool; `thread` once one has it."""

    request: ScoringRequest
    future: "asyncio.Future[bytes]"
    loop: asyncio.AbstractEventLoop
    thread: "_Thread | None" = None
    is_over: bool = False


@dataclass(eq=False)
class _Thread:
    """A thread of the pool: since when it has been at work, and whether it was replaced meanwhile."""

    since: float | None = None
    is_replaced: bool = False


class Pool:
    """Performs requests in threads.

    Parameters
    ----------
    perform: Answers requests, several of them when batching is on.
    settings: Number of threads, time limit, bounds and batching.
    """

    def __init__(self, perform: Perform, settings: ServingSettings) -> None:
        self._perform, self._settings = perform, settings
        self._jobs: collections.deque[_Job] = collections.deque()
        self._changed = threading.Condition()
        self._threads: set[_Thread] = set()
        self._idle = self._stuck = 0
        self._is_watched = False

    @property
    def is_stuck(self) -> bool:
        """Whether so few threads are left that no request can be answered any more."""
        return self._stuck >= _MAX_STUCK and not self._threads

    async def answer(self, request: ScoringRequest) -> bytes:
        """The body of the request's answer.

        Raises
        ------
        Unavailable: Too many requests wait, or every thread hangs.
        Overdue: The time limit has passed.
        RunyardException: What the request or the model did wrong.
        """
        loop = asyncio.get_running_loop()
        job = _Job(request, loop.create_future(), loop)
        with self._changed:
            if self.is_stuck:
                raise Unavailable("Every thread hangs in a prediction past its time limit. Restart this server.")
            if len(self._jobs) >= self._settings.most_waiting:
                raise Unavailable(f"{self._settings.most_waiting} requests are waiting already. Try again.")
            self._jobs.append(job)
            if not self._threads:
                self._start()
            self._changed.notify()
            if self._idle < len(self._jobs) and not self._is_watched and len(self._threads) < self._settings.threads:
                self._is_watched = True
                loop.call_later(_HELP_AFTER, self._help, loop)
        timer = loop.call_later(self._settings.timeout, self._expire, job)
        try:
            return await job.future
        finally:
            timer.cancel()

    def close(self) -> None:
        """Let idle threads end; those at work end with their process."""
        with self._changed:
            for thread in self._threads:
                thread.is_replaced = True
            self._changed.notify_all()

    def _start(self) -> None:
        thread = _Thread()
        self._threads.add(thread)
        threading.Thread(target=self._run, args=(thread,), name="runyard-predict", daemon=True).start()

    def _help(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start another thread when requests wait for ones that take long."""
        with self._changed:
            self._is_watched = False
            if not self._jobs or len(self._threads) >= self._settings.threads:
                return
            now = time.monotonic()
            if not self._idle and all(one.since is None or now - one.since > _HELP_AFTER for one in self._threads):
                self._start()
            self._is_watched = True
            loop.call_later(_HELP_AFTER, self._help, loop)

    def _expire(self, job: _Job) -> None:
        """The job's time is over: answer for it, and do without its thread."""
        with self._changed:
            if job.is_over:
                return
            job.is_over = True
            thread = job.thread
            if thread is None:
                self._jobs.remove(job)
            elif thread in self._threads and not thread.is_replaced:
                thread.is_replaced = True
                self._threads.discard(thread)
                self._stuck += 1
                if self._stuck < _MAX_STUCK and not self._threads:
                    self._start()
        if not job.future.done():
            job.future.set_exception(Overdue(self._settings.timeout))

    def _run(self, thread: _Thread) -> None:
        while (jobs := self._take(thread)) is not None:
            outcomes = self._performed([job.request for job in jobs])
            if not self._finish(thread, jobs, outcomes):
                return

    def _performed(self, requests: Sequence[ScoringRequest]) -> Sequence[Outcome]:
        try:
            return self._perform(requests)
        except Exception as error:  # noqa: BLE001  (an edge: the thread must live on, and its requests be answered)
            return [unforeseen(error, "answering requests")] * len(requests)

    def _take(self, thread: _Thread) -> list[_Job] | None:
        """The next job, with those that may share its call; None when the thread is to end."""
        size, wait = self._settings.batch_size, self._settings.batch_wait
        with self._changed:
            while True:
                while not self._jobs and not thread.is_replaced:
                    self._rest(None)
                if thread.is_replaced:
                    return None
                deadline = time.monotonic() + wait
                while 0 < len(self._jobs) < size and (left := deadline - time.monotonic()) > 0:
                    self._rest(left)
                taken = [self._jobs.popleft() for _ in range(min(size, len(self._jobs)))]
                if taken:
                    break
            thread.since = time.monotonic()
            for job in taken:
                job.thread = thread
        return taken

    def _rest(self, seconds: float | None) -> None:
        self._idle += 1
        self._changed.wait(seconds)
        self._idle -= 1

    def _finish(self, thread: _Thread, jobs: Sequence[_Job], outcomes: Sequence[Outcome]) -> bool:
        """Hand the outcomes to their event loops; says whether the thread goes on."""
        with self._changed:
            was_quick = thread.since is not None and time.monotonic() - thread.since < _QUICK
            thread.since = None
            done = [(job, outcome) for job, outcome in zip(jobs, outcomes, strict=True) if not job.is_over]
            for job, _ in done:
                job.is_over = True
            if thread.is_replaced:
                self._stuck = max(0, self._stuck - 1)
                if not self._threads:  # no other thread took its place: it goes on
                    thread.is_replaced = False
                    self._threads.add(thread)
            elif was_quick and len(self._threads) > 1:
                self._threads.discard(thread)
                thread.is_replaced = True
        for job, outcome in done:
            job.loop.call_soon_threadsafe(_settle, job.future, outcome)
        return not thread.is_replaced


def _settle(future: "asyncio.Future[bytes]", outcome: Outcome) -> None:
    if future.done():  # its request was cancelled
        return
    if isinstance(outcome, RunyardException):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
