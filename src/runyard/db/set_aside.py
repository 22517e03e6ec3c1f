"""Jobs set aside because another transaction holds a row they change, so that no other write waits for it."""

import threading
import time
from collections import deque
from collections.abc import Callable

from runyard.db.engine import Engines
from runyard.db.faults import is_locked, is_retryable, lost_connection
from runyard.db.jobs import Job, Outcome, explained, guarded
from runyard.db.transaction import StoreSettings, Transaction
from runyard.exceptions import Unavailable

ATTEMPT_MS = 250
"""How long the jobs of one subject wait for their lock before those of the next are tried."""
GIVE_UP_SECONDS = 30.0
"""How long a job may be set aside; the transaction that is in its way may last for ever."""
MAX_AT_ONCE = 128


class JobsSetAside:
    """Performs them apart from the others, on a connection and a thread of its own, in order for each subject.

    Parameters
    ----------
    tell: Gives their outcomes to the callers.
    """

    def __init__(
        self, engines: Engines, settings: StoreSettings, tell: Callable[[list[Job], list[Outcome]], None]
    ) -> None:
        self._engines, self._settings, self._tell = engines, settings, tell
        self._jobs: dict[object, deque[tuple[Job, float]]] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False

    def __len__(self) -> int:
        return sum(map(len, tuple(self._jobs.values()))) if self._jobs else 0

    def without(self, group: list[Job]) -> list[Job]:
        """The jobs of a group that may be performed; those whose subject is set aside join it."""
        if not self._jobs:
            return group
        with self._changed:
            return [job for job in group if not self._joined(job)]

    def set_aside(self, blocked: Job, group: list[Job]) -> list[Job]:
        """Set a job aside, and with it all later ones of its subject; returns the rest of the group."""
        with self._changed:
            self._jobs.setdefault(_subject(blocked), deque())
            rest = [job for job in group if not self._joined(job)]
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="runyard-set-aside", daemon=True)
                self._thread.start()
            self._changed.notify()
        return rest

    def close(self) -> None:
        """Try each once more, then give up."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _joined(self, job: Job) -> bool:
        jobs = self._jobs.get(_subject(job))
        if jobs is None:
            return False
        jobs.append((job, time.monotonic()))
        return True

    def _loop(self) -> None:
        while True:
            with self._changed:
                while not self._jobs and not self._closing:
                    self._changed.wait()
                subjects = tuple(self._jobs)
            if not subjects:
                return
            for subject in subjects:
                self._try(subject)

    def _try(self, subject: object) -> None:
        """Perform the jobs of a subject if their locks can be had; give those up that waited too long."""
        with self._changed:
            waiting = list(self._jobs[subject])[:MAX_AT_ONCE]
        group = [job for job, _ in waiting]
        try:
            outcomes = self._perform(group)
        except Exception as error:  # noqa: BLE001  (whatever it is, the callers waiting must hear of it)
            if is_locked(error) or is_retryable(error) or lost_connection(error):
                latest = time.monotonic() - GIVE_UP_SECONDS
                group = [job for job, since in waiting if self._closing or since < latest]
                if not is_locked(error):
                    time.sleep(0.05)
            outcomes = [(False, _given_up(error))] * len(group)
        with self._changed:
            jobs = self._jobs[subject]
            for _ in group:
                jobs.popleft()
            if not jobs:
                del self._jobs[subject]
        if group:
            self._tell(group, outcomes)

    def _perform(self, group: list[Job]) -> list[Outcome]:
        with self._engines.writing.begin() as connection:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {ATTEMPT_MS}")
            tx = Transaction(connection, self._settings)
            return [guarded(tx, job) for job in group]


def _subject(job: Job) -> object:
    return job.subject or job


def _given_up(error: Exception) -> Exception:
    if is_locked(error):
        return Unavailable(
            f"Another transaction holds what this write changes, and did not let go within {GIVE_UP_SECONDS:g} "
            "seconds; nothing was stored. Try again."
        )
    return explained(error)
