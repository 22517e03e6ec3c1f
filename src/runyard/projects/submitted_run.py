"""A project run that was handed to a backend."""

import threading
import time
from abc import ABC, abstractmethod

from runyard._lazy import on_first_use

_SECONDS_BETWEEN_LOOKS = 0.02


def wait_for(ended: threading.Event, seconds: float = float("inf")) -> None:
    """Wait for an event so that an interrupt always gets through.

    The system may give the signal to another thread, which does not wake one that waits for a lock; and an interrupt
    inside ``Event.wait`` may find its lock released. Sleeping has neither fault.
    """
    limit = time.monotonic() + seconds
    while not ended.is_set() and time.monotonic() < limit:
        time.sleep(_SECONDS_BETWEEN_LOOKS)


class SubmittedRun(ABC):
    """A run that goes on somewhere. Backends of others give their own."""

    @property
    @abstractmethod
    def run_id(self) -> str:
        """The run's id."""

    @abstractmethod
    def wait(self) -> bool:
        """Wait for its end; True when it succeeded."""

    @abstractmethod
    def get_status(self) -> str:
        """Its status now: ``RUNNING``, ``FINISHED``, ``FAILED``, ``KILLED``, ``SCHEDULED``."""

    @abstractmethod
    def cancel(self) -> None:
        """End it, with all its processes, and wait until that is done."""


class FinishedRun(SubmittedRun):
    """An earlier run that stands for the one that was asked for.

    Parameters
    ----------
    run_id: That run.
    """

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id

    @property
    def run_id(self) -> str:
        """The earlier run's id."""
        return self._run_id

    def wait(self) -> bool:
        """There is nothing to wait for."""
        return True

    def get_status(self) -> str:
        """Only finished runs are taken."""
        return "FINISHED"

    def cancel(self) -> None:
        """There is nothing to end."""


__getattr__, _ = on_first_use(__name__, {})  # MLflow has more names here
