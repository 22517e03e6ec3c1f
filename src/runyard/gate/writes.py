"""Writes: what a message asks for, as a job for the writer."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from runyard.db.jobs import Job, Joint, JointWork, Receiver, Unfinished
from runyard.db.transaction import Transaction
from runyard.gate.performers import JointPerformer, Later, Performer, joint_performer, performer
from runyard.protocol.answer import Wire
from runyard.protocol.message import AnyMessage

Finish = Callable[[Wire], Any]


def job_of(message: AnyMessage, finish: Finish, receiver: Receiver, ticket: Any) -> Job:
    """The job of a write.

    Parameters
    ----------
    finish: Makes what the receiver gets of the answer, in the transaction that made it.
    receiver, ticket: As a `Job` has them.
    """
    perform, jointly = _performers(type(message), finish)  # type: ignore[arg-type]  # mistaken for its instances
    work = functools.partial(_step, perform, message, finish)
    return Job(work, receiver, ticket, message.subject(), Joint(jointly, message) if jointly else None)


@functools.cache
def _performers(kind: type[AnyMessage], finish: Finish) -> tuple[Performer[Any], JointWork | None]:
    """What performs messages of a class one by one, and what performs several at once: the same object each time."""
    joint = joint_performer(kind)
    return performer(kind), None if joint is None else functools.partial(_all_finished, joint, finish)


def _all_finished(perform: JointPerformer[Any], finish: Finish, tx: Transaction, messages: Sequence[Any]) -> list[Any]:
    return [finish(answer) for answer in perform(tx, messages)]


def _step(perform: Callable[[Transaction, Any], Any], message: Any, finish: Finish, tx: Transaction) -> Any:
    """Perform a write, or a step of it; its answer is finished in the transaction that made it."""
    answer = perform(tx, message)
    if isinstance(answer, Unfinished):
        return Unfinished(functools.partial(_step, _next_step, answer, finish))
    if isinstance(answer, Later):
        raise TypeError("A write cannot answer later: its answer might differ from what was committed.")
    return finish(answer)


def _next_step(tx: Transaction, unfinished: Unfinished) -> Any:
    return unfinished.step(tx)


def as_it_is(answer: Wire) -> Wire:
    """Finish an answer for a caller in this process."""
    return answer
