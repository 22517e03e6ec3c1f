"""Conditions that a run which does not meet them never will: what a search finds out about runs need not be read again.

A run keeps its metrics, its params and their values, its id and its artifact URI for good. So `metrics.m IS NULL`, or a
pattern of a param or of `artifact_uri`, can be told once for each run. A search that no index serves looks at every run
in the end; what it has told is kept in the process: up to which run it came, and which runs may meet the condition.
From then on the same condition costs a look at these, and at the runs that were created since.

For SQLite, where runs become visible in the order of their numbers. PostgreSQL reads all runs in processes of its own.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from runyard.db.conditions import compare, compare_text
from runyard.db.transaction import Prepared, Transaction
from runyard.search.fields import PATTERN
from runyard.search.nodes import Comparison, Condition
from runyard.tracking.runs.ranges import TABLES
from runyard.tracking.runs.tables import runs

MAX_CANDIDATES = 1_000
"""Runs that may meet a condition; of one that more may meet, nothing is kept."""
MAX_KNOWN = 100
"""Conditions of which something is kept."""

_KEPT = {"run_id": runs.c.run_uuid, "artifact_uri": runs.c.artifact_uri}
_last_run = Prepared(sa.select(runs.c.id, runs.c.run_uuid).order_by(runs.c.id.desc()).limit(sa.literal_column("1")))
_id_of = Prepared(sa.select(runs.c.run_uuid).where(runs.c.id == sa.bindparam("run")), "run")


@dataclass(frozen=True)
class _Told:
    """What is kept of a condition.

    Attributes
    ----------
    last: The number of the last run that was looked at, and its id: SQLite gives the number of a last run that was
        removed to the next one.
    candidates: Runs up to that one that may meet the condition.
    """

    last: tuple[int, str]
    candidates: tuple[int, ...]


_told: WeakKeyDictionary[sa.Engine, dict[Comparison, _Told]] = WeakKeyDictionary()
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
    if tx.dialect != "sqlite":
        return None
    with _noting:
        known = _told.setdefault(tx.connection.engine, {})
    for condition in conditions:
        if not isinstance(condition, Comparison) or not is_lasting(condition):
            continue
        told = known.get(condition)
        if told is None and not anew:
            continue
        found = _brought_up_to_date(tx, condition, told)
        with _noting:
            known.pop(condition, None)
            if found is None:
                continue
            while len(known) >= MAX_KNOWN:
                del known[next(iter(known))]
            known[condition] = found  # the last one that was asked for is the last to go
        return list(found.candidates)
    return None


def _brought_up_to_date(tx: Transaction, condition: Comparison, told: _Told | None) -> _Told | None:
    """What is known of a condition with the runs that were created since; None when too many may meet it."""
    row = _last_run.row(tx)
    if row is None:
        return None
    last = (int(row[0]), str(row[1]))
    if told is not None and told.last == last:
        return told
    if told is not None and _id_of.row(tx, told.last[0]) != (told.last[1],):
        told = None
    behind, before = (told.last[0], told.candidates) if told else (0, ())
    rows = tx.execute(_may_meet(condition, behind).limit(MAX_CANDIDATES + 1)).all()
    if len(rows) + len(before) > MAX_CANDIDATES:
        return None
    return _Told(last, (*before, *(row[0] for row in rows)))


def _may_meet(condition: Comparison, behind: int) -> sa.Select[tuple[int]]:
    """Selects the runs behind a number that meet the condition, or may do so once they have what it is about."""
    if condition.kind == "attribute":
        return sa.select(runs.c.id).where(runs.c.id > behind, compare(_KEPT[condition.key], condition, "sqlite"))
    run = sa.literal_column("seen.id", runs.c.id.type)
    table = TABLES[condition.kind]
    settled = [table.c.run_id == run, table.c.key == condition.key]
    if condition.operator != "IS NULL":
        settled.append(sa.not_(compare_text(table.c.value, condition, "sqlite")))
    never = sa.select(sa.literal_column("1")).where(*settled).exists()
    every = sa.select(run).select_from(sa.text("runs AS seen INDEXED BY ix_runs_number"))
    return every.where(run > behind, sa.not_(never))
