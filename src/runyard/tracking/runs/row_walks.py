"""Walks through the runs of one experiment by what is in their rows: names, users, states, ends and durations."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from runyard.db.conditions import binary
from runyard.db.transaction import Transaction
from runyard.search.fields import RUN_STATUSES
from runyard.search.nodes import Comparison
from runyard.tracking.runs.ranges import indexed
from runyard.tracking.runs.stretches import Stretches
from runyard.tracking.runs.tables import LASTED, runs
from runyard.tracking.runs.walks import Group, Piece, Step, Tests, alike, is_cut, newest_first, valued

_ROUNDED, _MAX_TIME = 2048.0, 2.0**62


def by_name(
    tx: Transaction, experiment: sa.ColumnElement[bool], tests: Tests, ascending: bool, first: str | None, step: Step
) -> Iterator[Piece]:
    """Numbers of the runs of one experiment by name, from a name on.

    Raises
    ------
    WalkTooLongError: Too many runs have the same name.
    """

    def named(name: str, numbers: sa.Select[Any]) -> Group:
        if is_cut(name):
            return Group(numbers)
        return Group(numbers, (name,), Comparison("attribute", "run_name", "=", name))

    chosen = sa.select(runs.c.id, indexed(runs.c.name, tx.dialect)).where(experiment)
    yield from valued(tx, Stretches(chosen, (), tests(runs.c.id), ascending), first, step, named)


def by_status(
    tx: Transaction,
    shown: Sequence[sa.ColumnElement[bool]],
    tests: Tests,
    ascending: bool,
    key: Sequence[Any] | None,
    step: Step,
    newest: bool,
) -> Iterator[Piece]:
    """Numbers of the runs of one experiment by status.

    Parameters
    ----------
    key, newest: As of `by_value`.

    Raises
    ------
    WalkTooLongError: There are more than the walk may look at.
    """
    for status in sorted(RUN_STATUSES, reverse=not ascending):
        if key is not None and status != key[0] and (status < key[0]) == ascending:
            continue
        of_status = [*shown, runs.c.status == status]
        numbers = sa.select(runs.c.id).where(*of_status)
        if newest:
            start = key[1] if key is not None and key[0] == status else None
            yield from newest_first(tx, of_status, tests(runs.c.id), start, step)
        elif tx.scalar(numbers.limit(1)) is not None:
            yield Group(numbers, (status,), Comparison("attribute", "status", "=", status))


def by_user(
    tx: Transaction,
    shown: Sequence[sa.ColumnElement[bool]],
    tests: Tests,
    ascending: bool,
    first: str | None,
    step: Step,
) -> Iterator[Piece]:
    """Numbers of the runs of one experiment in one stage by user, from a user on.

    Parameters
    ----------
    shown: The conditions on experiment and lifecycle stage.
    tests: All conditions.

    Raises
    ------
    WalkTooLongError: A user has too many runs.
    """

    def of_user(user: str, numbers: sa.Select[Any]) -> Group:
        return Group(numbers, (user,), Comparison("attribute", "user_id", "=", user))

    chosen = sa.select(runs.c.id, binary(runs.c.user_id, tx.dialect)).where(*shown)
    yield from valued(tx, Stretches(chosen, (), tests(runs.c.id), ascending), first, step, of_user)


def by_id(
    tx: Transaction, experiment: sa.ColumnElement[bool], tests: Tests, ascending: bool, first: str | None, step: Step
) -> Iterator[Piece]:
    """Numbers of the runs of one experiment by id, from an id on; on SQLite, those of all experiments are walked."""
    run_id = binary(runs.c.run_uuid, tx.dialect)
    every = run_id >= sa.literal_column("''", sa.Text())
    chosen = sa.select(runs.c.id, run_id).where(every if tx.dialect == "sqlite" else experiment)
    yield from valued(tx, Stretches(chosen, (), tests(runs.c.id), ascending), first, step, alike)


def by_end(
    tx: Transaction,
    experiment: sa.ColumnElement[bool],
    tests: Tests,
    ascending: bool,
    key: Sequence[Any] | None,
    step: Step,
    newest: bool,
) -> Iterator[Piece]:
    """Numbers of the runs of one experiment by end time; those that have not ended come last.

    Parameters
    ----------
    key, newest: As of `by_value`; the first part of `key` is whether the run has not ended.

    Raises
    ------
    WalkTooLongError: Too many runs ended in the same millisecond.
    """
    end = runs.c.end_time
    if key is None or key[0] == 0:

        def ended_at(time: int, numbers: sa.Select[Any]) -> Group:
            return Group(numbers, (0, time), Comparison("attribute", "end_time", "=", time))

        ended = sa.select(runs.c.id, end).where(experiment, end.is_not(None))
        first = None if key is None else key[1]
        yield from valued(tx, Stretches(ended, (), tests(runs.c.id), ascending), first, step, ended_at)
    if newest:
        yield from _open(tx, experiment, tests, False, key[2] if key is not None and key[0] else None, step)
    else:
        unknown = Comparison("attribute", "end_time", "IS NULL", None)
        yield Group(sa.select(runs.c.id).where(experiment, end.is_(None)), (1, 0), unknown)


def by_duration(
    tx: Transaction, experiment: sa.ColumnElement[bool], tests: Tests, ascending: bool, first: float | None, step: Step
) -> Iterator[Piece]:
    """Numbers of the runs of one experiment that have ended, by how long they took, from a duration on.

    Raises
    ------
    WalkTooLongError: Too many runs took the same time.
    """
    chosen = sa.select(runs.c.id, LASTED).where(experiment, runs.c.end_time.is_not(None))
    yield from valued(tx, Stretches(chosen, (), tests(runs.c.id), ascending), first, step, alike)


def by_age(
    tx: Transaction,
    experiment: sa.ColumnElement[bool],
    tests: Tests,
    ascending: bool,
    since: float | None,
    step: Step,
    now: int,
) -> Iterator[Piece]:
    """Numbers of the runs of one experiment that go on, the youngest first or the oldest, from a start time on.

    Parameters
    ----------
    now: When they are as old as `step.last`.

    Raises
    ------
    WalkTooLongError: Too many runs started in the same millisecond.
    """
    first = None if since is None else _about(since, ascending)
    ranges: list[tuple[str, sa.ColumnElement[bool]]] = []
    if step.last is not None:
        last = _about(now - step.last, not ascending)
        ranges = [(">=", runs.c.start_time >= last) if ascending else ("<=", runs.c.start_time <= last)]
    yield from _open(tx, experiment, tests, not ascending, first, step, ranges)


def _about(time: float, later: bool) -> int:
    """A little later than a time, or earlier: durations of very odd times are rounded, and that costs nothing."""
    return int(max(min(time + (_ROUNDED if later else -_ROUNDED), _MAX_TIME), -_MAX_TIME))


def _open(
    tx: Transaction,
    experiment: sa.ColumnElement[bool],
    tests: Tests,
    ascending: bool,
    first: int | None,
    step: Step,
    ranges: Sequence[tuple[str, sa.ColumnElement[bool]]] = (),
) -> Iterator[Piece]:
    """Numbers of the runs of one experiment that go on, by start time, from one on."""
    chosen = sa.select(runs.c.id, runs.c.start_time).where(experiment, runs.c.end_time.is_(None))
    yield from valued(tx, Stretches(chosen, ranges, tests(runs.c.id), ascending), first, step, alike)
