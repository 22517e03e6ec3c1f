"""Conditions that a run which does not meet them never will: what a search finds out about runs need not be read again.

A run keeps its metrics, its params and their values, its id and its artifact URI for good. So `metrics.m IS NULL`, or a
pattern of a param or of `artifact_uri`, can be told once for each run. A search that no index serves looks at every run
in the end; what it has told is kept in the process: up to which run it came, and which runs may meet the condition.
From then on the same condition costs a look at these, and at the runs that were created since.

On SQLite runs become visible in the order of their numbers. On PostgreSQL a run may come to sight after others with
greater ones, as long as its transaction goes on. So what is kept goes as far as the last run that an earlier search
has seen, once all transactions of that time have ended; the runs behind it are looked at each time.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from runyard.db.conditions import compare, compare_text, number
from runyard.db.transaction import Prepared, Transaction
from runyard.search.fields import PATTERN
from runyard.search.nodes import Comparison, Condition
from runyard.tracking.runs.ranges import TABLES
from runyard.tracking.runs.tables import runs

MAX_CANDIDATES = 1_000
"""Runs that may meet a condition; of one that more may meet, nothing is kept."""
MAX_LAST = 1_000
"""Runs, the last ones, among which those without a metric or a param are looked for first: it may be yet to come."""
MAX_KNOWN = 100
"""Conditions of which something is kept."""

_KEPT = {"run_id": runs.c.run_uuid, "artifact_uri": runs.c.artifact_uri}
_RUN = (runs.c.id, runs.c.run_uuid)
_ENDS = {
    "sqlite": (number(0), number(0)),
    # A run has its number from a transaction that has one before: it has locked the row of the experiment.
    "postgresql": tuple(sa.literal_column(f"txid_snapshot_{end}(txid_current_snapshot())") for end in ("xmin", "xmax")),
}
"""The first transaction that had not ended, and the first that had not begun, when the snapshot was taken."""
_last_run = Prepared(
    lambda dialect: sa.select(*_RUN, *_ENDS[dialect]).order_by(runs.c.id.desc()).limit(sa.literal_column("1"))
)
_id_of = Prepared(sa.select(runs.c.run_uuid).where(runs.c.id == sa.bindparam("run")), "run")

Run = tuple[int, str]
"""The number of a run, and its id: SQLite gives the number of a last run that was removed to the next one."""


@dataclass(frozen=True)
class _Told:
    """What is kept of a condition.

    Attributes
    ----------
    last: The last run that was looked at.
    candidates: Runs up to that one that may meet the condition.
    """

    last: Run
    candidates: tuple[int, ...]


@dataclass(frozen=True)
class _Sight:
    """What a search saw.

    Attributes
    ----------
    last: The last run.
    end: The first transaction that had not begun. Once all before it have ended, no more run comes before the last.
    """

    last: Run
    end: int


@dataclass
class _Known:
    """What a process knows of a store.

    Attributes
    ----------
    told: What is kept of each condition.
    sights: The latest sight, and the one before that had ended by then.
    """

    told: dict[Comparison, _Told] = field(default_factory=dict)
    sights: list[_Sight] = field(default_factory=list)


_known: WeakKeyDictionary[sa.Engine, _Known] = WeakKeyDictionary()
_noting = threading.Lock()


def is_lasting(condition: Condition) -> bool:
    """Whether a run that does not meet a condition never will."""
    if not isinstance(condition, Comparison):
        return False
    if condition.kind == "attribute":
        return condition.key in _KEPT
    if condition.kind not in ("metric", "param"):
        return False
    return condition.operator == "IS NULL" or (condition.kind == "param" and condition.operator in PATTERN)


def known_candidates(tx: Transaction, conditions: Sequence[Condition]) -> list[int] | None:
    """Numbers of all runs that may meet the conditions, where an earlier search has told; else None."""
    return _candidates(tx, conditions, anew=False)


def told_candidates(tx: Transaction, conditions: Sequence[Condition]) -> list[int] | None:
    """The same, told now where no earlier search has: that reads every run. None when they are many."""
    return _candidates(tx, conditions, anew=True)


def _candidates(tx: Transaction, conditions: Sequence[Condition], *, anew: bool) -> list[int] | None:
    lasting = [each for each in conditions if isinstance(each, Comparison) and is_lasting(each)]
    if not lasting:
        return None
    with _noting:
        known = _known.setdefault(tx.connection.engine, _Known())
    for condition in lasting:
        found = _told_of(tx, condition, known, anew)
        if found is not None:
            return found
    return None


def _told_of(tx: Transaction, condition: Comparison, known: _Known, anew: bool) -> list[int] | None:
    """The candidates for a condition, as far as has been told, or anew."""
    told = known.told.get(condition)
    if told is None and not anew:
        return None
    found, kept = _brought_up_to_date(tx, condition, known, told)
    with _noting:
        known.told.pop(condition, None)
        if kept is not None:
            while len(known.told) >= MAX_KNOWN:
                del known.told[next(iter(known.told))]
            known.told[condition] = kept  # the last one that was asked for is the last to go
    return found


def _brought_up_to_date(
    tx: Transaction, condition: Comparison, known: _Known, told: _Told | None
) -> tuple[list[int] | None, _Told | None]:
    """The candidates, None when too many runs may meet the condition, and what can be kept of them."""
    row = _last_run.row(tx)
    if row is None:
        return None, None
    newest = (int(row[0]), str(row[1]))
    if told is not None and told.last == newest:
        return list(told.candidates), told
    if told is not None and _id_of.row(tx, told.last[0]) != (told.last[1],):
        told = None
    behind, before = (told.last[0], told.candidates) if told else (0, ())
    rows = _lacking(tx, condition, newest) if told is None and condition.operator == "IS NULL" else None
    if rows is None:
        rows = list(tx.execute(_may_meet(condition, behind, tx.dialect).limit(MAX_CANDIDATES + 1)).scalars())
    if len(rows) + len(before) > MAX_CANDIDATES:
        return None, None
    found = [*before, *rows]
    last = _last_for_good(known, newest, int(row[2]), int(row[3]))
    if last is None or last[0] < behind:
        return found, told
    return found, _Told(last, tuple(each for each in found if each <= last[0]))


def _lacking(tx: Transaction, condition: Comparison, newest: Run) -> list[int] | None:
    """Numbers of all runs without a metric or a param, where these are the last ones, of which there may be more to
    come; None elsewhere. Whether there are others is told by counting, which takes a twentieth of looking for them.
    """
    table = TABLES[condition.kind]
    every = sa.select(sa.func.count()).select_from(runs).scalar_subquery()
    having = sa.select(sa.func.count()).where(table.c.key == condition.key).scalar_subquery()
    lacking = tx.scalar(sa.select(every - having))
    if lacking > MAX_LAST:
        return None
    last = list(tx.execute(_may_meet(condition, newest[0] - MAX_LAST, tx.dialect)).scalars()) if lacking else []
    return last if len(last) == lacking else None


def _last_for_good(known: _Known, newest: Run, first: int, end: int) -> Run | None:
    """The last run before which no other comes to sight after this search, as far as is known.

    Parameters
    ----------
    newest: The last run that this search sees.
    first, end: Of its snapshot, as `_ENDS` has them.
    """
    with _noting:
        # A search that began before another one's sight had ended sees less than that one.
        ended = [sight for sight in known.sights if sight.end <= first]
        if len(ended) == len(known.sights):
            known.sights = [_Sight(newest, end), *ended[:1]]
    if end <= first:
        return newest
    return max((sight.last for sight in ended), default=None)


def _may_meet(condition: Comparison, behind: int, dialect: str) -> sa.Select[Any]:
    """Selects the runs behind a number that meet the condition, or may do so once they have what it is about."""
    if condition.kind == "attribute":
        return sa.select(runs.c.id).where(runs.c.id > behind, compare(_KEPT[condition.key], condition, dialect))
    run: sa.ColumnElement[int] = runs.c.id
    every = sa.select(run)
    if dialect == "sqlite":
        run = sa.literal_column("seen.id", runs.c.id.type)
        every = sa.select(run).select_from(sa.text("runs AS seen INDEXED BY ix_runs_number"))
    table = TABLES[condition.kind]
    settled = [table.c.run_id == run, table.c.key == condition.key]
    if condition.operator != "IS NULL":
        settled.append(sa.not_(compare_text(table.c.value, condition, dialect)))
    never = sa.select(sa.literal_column("1")).where(*settled).exists()
    return every.where(run > behind, sa.not_(never))
