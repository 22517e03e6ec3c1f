"""Summaries of experiments: how many runs there are, and when one last started or ended.

Runs are counted up to a number, so that an experiment of a million runs costs what one of ten thousand does.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.core.enumeration import numbers_of
from runyard.core.lifecycle import LifecycleStage
from runyard.db.dialects import VALUES, among, bound
from runyard.db.transaction import Prepared, Transaction
from runyard.tracking.experiments.tables import experiments
from runyard.tracking.runs.entities import RunStatus
from runyard.tracking.runs.tables import runs

MAX_SUMMARIZED = 10_000
"""Runs of each status that are counted for a summary; an index holds them side by side."""

_STATUSES = sorted(name for name, _ in numbers_of(RunStatus))

MAX_COUNTED = len(_STATUSES) * MAX_SUMMARIZED
"""Runs that are counted to order experiments by their number."""


def runs_of(*columns: sa.ColumnElement[Any], stage: str = LifecycleStage.ACTIVE) -> sa.Select[Any]:
    """These columns of an experiment's runs in a stage, inside of a statement about experiments."""
    ours = sa.and_(runs.c.experiment_id == experiments.c.experiment_id, runs.c.lifecycle_stage == stage)
    return sa.select(*columns).select_from(runs).where(ours).correlate(experiments)


def _last_activity(stage: str) -> sa.ColumnElement[int]:
    started, ended = (
        runs_of(time, stage=stage).where(time.is_not(None)).order_by(time.desc()).limit(1).scalar_subquery()
        for time in (runs.c.start_time, runs.c.end_time)
    )
    return sa.case((ended > started, ended), else_=started)


LAST_ACTIVITY = _last_activity(LifecycleStage.ACTIVE)
"""When an active run of an experiment last started or ended, inside of a statement about experiments; a few seeks."""


def _summaries(dialect: str, stage: str) -> sa.Select[Any]:
    """An experiment, the time of the last start or end of a run in a stage, and the number of such runs by status."""
    counted = [
        sa.select(sa.func.count())
        .select_from(
            runs_of(sa.literal_column("1"), stage=stage)
            .where(runs.c.status == status)
            .order_by(runs.c.start_time.desc())  # PostgreSQL would sweep the table for a status that most runs have
            .limit(MAX_SUMMARIZED + 1)
            .subquery()
        )
        .scalar_subquery()
        for status in _STATUSES
    ]
    return sa.select(experiments.c.experiment_id, _last_activity(stage), *counted).where(
        among(dialect, experiments.c.experiment_id)
    )


_of_active = Prepared(lambda dialect: _summaries(dialect, LifecycleStage.ACTIVE), VALUES)
_of_deleted = Prepared(lambda dialect: _summaries(dialect, LifecycleStage.DELETED), VALUES)


def summaries(tx: Transaction, numbers: Sequence[int], *, deleted: bool = False) -> list[dict[str, Any]]:
    """A summary of each of these experiments, as the protocol shows it. One statement.

    Parameters
    ----------
    deleted: Of the deleted runs, not of the active ones.
    """
    summarize = _of_deleted if deleted else _of_active
    found: dict[int, dict[str, Any]] = {
        number: {"experiment_id": str(number), "runs": 0, "by_status": {}} for number in numbers
    }
    for number, latest, *counted in summarize.rows(tx, bound(tx, numbers)):
        by_status = {status: amount for status, amount in zip(_STATUSES, counted, strict=True) if amount}
        if by_status:
            found[number]["by_status"] = {status: min(amount, MAX_SUMMARIZED) for status, amount in by_status.items()}
            found[number]["runs"] = sum(found[number]["by_status"].values())
            found[number]["last_activity_time"] = latest
        if more := [status for status, amount in by_status.items() if amount > MAX_SUMMARIZED]:
            found[number]["more"] = more
    return list(found.values())
