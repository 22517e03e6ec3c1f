"""Writes: what a message asks for, as a job for the writer."""

import functools
from collections.abc import Callable
from typing import Any

from runyard.db.jobs import Job, Joint, JointWork, Receiver, Unfinished, Work
from runyard.db.transaction import Transaction
from runyard.gate.performers import JointPerformer, Later, joint_performer, performer
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
    perform, joint = performer(type(message)), joint_performer(type(message))
    work = _written(lambda tx: perform(tx, message), finish)
    jointly = joint and _written_jointly(joint, finish)
    return Job(work, receiver, ticket, message.subject(), Joint(jointly, message) if jointly else None)


@functools.cache
def _written_jointly(perform: JointPerformer[Any], finish: Finish) -> JointWork:
    """The work of several writes at once; the same object each time."""
    return lambda tx, messages: [finish(answer) for answer in perform(tx, messages)]


def _written(work: Callable[[Transaction], Any], finish: Finish) -> Work:
    """The work of a write, whose answer is finished in the transaction that made it."""

    def step(tx: Transaction) -> Any:
        answer = work(tx)
        if isinstance(answer, Unfinished):
            return Unfinished(_written(answer.step, finish))
        if isinstance(answer, Later):
            raise TypeError("A write cannot answer later: its answer might differ from what was committed.")
        return finish(answer)

    return step


def as_it_is(answer: Wire) -> Wire:
    """Finish an answer for a caller in this process."""
    return answer
