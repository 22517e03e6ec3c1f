"""Jobs: writes on their way to the database, and the receivers of their outcomes."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

from runyard.db.faults import is_locked, is_retryable, lost_connection, translated
from runyard.db.transaction import Transaction

log = logging.getLogger(__name__)

PIECE_SECONDS = 0.01
"""After how long work that can go on in another transaction does so: writes of others wait for each transaction."""

T = TypeVar("T")
Work = Callable[[Transaction], Any]
JointWork = Callable[[Transaction, Sequence[Any]], Sequence[Any]]
Outcome = tuple[bool, Any]
"""(True, result) or (False, exception)."""


class Joint(NamedTuple):
    """Work that may be done for several jobs at once.

    Attributes
    ----------
    work: Does it for all messages, in their order, and returns a result for each.
    message: That of this job.
    """

    work: JointWork
    message: Any


@dataclass(slots=True, eq=False)
class Job:
    """A write, and the receiver of its outcome.

    A receiver's `deliver` is called once a group, with all its outcomes.

    Attributes
    ----------
    subject: What it changes, such as a run's id: jobs of one subject are performed in the order they were given.
    joint: The same work together with that of other jobs.
    cascades: As `Unfinished` has it.
    """

    work: Work
    receiver: "Receiver"
    ticket: Any
    subject: str | None = None
    joint: Joint | None = None
    cascades: bool = True


@dataclass(frozen=True)
class Unfinished:
    """What work returns that goes on in another transaction, so that writes of others come in between.

    Its caller hears of the last one only. Each transaction must leave a state that is right if no other follows.

    Attributes
    ----------
    step: The work that is left, or the next piece of it.
    cascades: Whether SQLite's foreign keys hold in its transaction. Where they do not, the step removes by itself what
        refers to the rows that it removes, and adds nothing that refers to others.
    """

    step: Work
    cascades: bool = True


class Inspect(Protocol):
    """Performs work that reads, in one transaction, as the gate does."""

    def __call__(self, work: Callable[[Transaction], T]) -> T:
        """Perform it, and return what it returns."""


class Administer(Protocol):
    """Performs work in one transaction or in several, as the gate does."""

    def __call__(self, work: Callable[[Transaction], T | Unfinished]) -> T:
        """Perform it, and return what its last step returns."""


def long_enough(began: float, pieces: int = 1) -> bool:
    """Whether work should end its transaction here, given the monotonic time when it began.

    Parameters
    ----------
    pieces: Of how many the transaction may be made: each transaction writes every page that it changes.
    """
    return time.monotonic() - began >= PIECE_SECONDS * pieces


class Receiver:
    """Gets the outcomes of a committed group in one call."""

    def deliver(self, outcomes: Sequence[tuple[Any, Outcome]]) -> None:
        """Take (ticket, outcome) pairs; called on the writer's thread, must return at once."""
        raise TypeError("subclasses implement this")


def guarded(tx: Transaction, job: Job) -> Outcome:
    """The outcome of a job performed under a savepoint: its error is its own.

    Raises
    ------
    Exception: One after which the whole transaction has to be performed again.
    """
    savepoint = tx.connection.begin_nested()
    try:
        result = job.work(tx)
    except Exception as error:
        savepoint.rollback()
        if is_locked(error) or is_retryable(error) or (translated(error) is None and lost_connection(error)):
            raise
        return False, explained(error)
    savepoint.commit()
    return True, result


def explained(error: Exception) -> Exception:
    """What a caller hears of an error; one that is not known is logged."""
    known = translated(error)
    if known is None:
        log.error("a write failed", exc_info=error)
        return error
    return known
