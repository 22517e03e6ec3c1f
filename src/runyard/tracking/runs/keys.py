"""The keys that some runs have, and how much the values of their params differ.

A run keeps its metrics, its params and their values for good. What is found out about some runs is therefore true until
one of them gets another metric or param: it is kept in the process, and afterwards only their number is counted, which
takes a tenth of the time.
"""

import threading
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import orjson
import sqlalchemy as sa

from runyard.db.conditions import binary, number
from runyard.db.dialects import VALUES, among, bound
from runyard.db.transaction import Prepared, Transaction
from runyard.tracking.metrics.tables import metric_series
from runyard.tracking.runs.tables import indexed_part, params, runs

MAX_ROWS = 60_000
"""Metrics and params that are looked at; where runs have many, fewer runs are described."""
MAX_COMPARED, MAX_EXAMPLE = 100, 40
"""Described runs whose params are compared with each other, and characters of a value that is shown."""
MAX_SETS, MAX_KEPT = 50, 1_000
"""Sets of runs of which something is kept, and the number of keys from which on nothing is kept of one."""
_SAMPLE = 10


@dataclass(frozen=True)
class Keys:
    """What keys some runs have.

    Attributes
    ----------
    metrics: Keys of metrics in order, each with the number of runs that have it.
    params: Keys of params in order, each as answers say it.
    """

    metrics: list[tuple[str, int]]
    params: list[dict[str, Any]]

    @property
    def rows(self) -> tuple[int, int]:
        """How many metrics and params these runs have."""
        return sum(count for _, count in self.metrics), sum(entry["runs"] for entry in self.params)


@dataclass(frozen=True)
class _Kept:
    """What is known of some runs.

    Attributes
    ----------
    last: The id of the run with the greatest number among those that were found with them. SQLite gives the number of
        a last run that was removed to the next one: while this one has its number, so have all before it.
    """

    last: str
    keys: Keys


_kept: WeakKeyDictionary[sa.Engine, dict[bytes, _Kept]] = WeakKeyDictionary()
_keeping = threading.Lock()


def _rows_of(dialect: str, table: sa.Table) -> sa.ScalarSelect[Any]:
    chosen = sa.select(sa.func.count()).select_from(table).where(among(dialect, table.c.run_id))
    return chosen.scalar_subquery()


_id_of = sa.select(runs.c.run_uuid).where(runs.c.id == sa.bindparam("last")).scalar_subquery()
_widths = Prepared(
    lambda dialect: sa.select(_rows_of(dialect, metric_series) + _rows_of(dialect, params), _id_of), VALUES, "last"
)
_row_counts = Prepared(lambda dialect: sa.select(_rows_of(dialect, metric_series), _rows_of(dialect, params)), VALUES)


def _of_metrics(dialect: str) -> sa.Select[Any]:
    """Keys of metrics with how many runs have them; with SQLite, lists of the keys of whole runs.

    Most runs of an experiment have the same. The index has those of a run side by side: nothing is sorted.
    """
    key, of_some = metric_series.c.key, among(dialect, metric_series.c.run_id)
    if dialect == "postgresql":
        return sa.select(key, sa.func.count()).where(of_some).group_by(key).order_by(key)
    listed = sa.select(sa.func.json_group_array(key).label("listed")).where(of_some)
    of_run = listed.group_by(metric_series.c.run_id).subquery()
    return sa.select(of_run.c.listed, sa.func.count()).group_by(of_run.c.listed)


_metric_keys = Prepared(_of_metrics, VALUES)
_param_keys = Prepared(
    lambda dialect: (
        sa.select(params.c.key, sa.func.count(), sa.func.count(sa.distinct(indexed_part)))
        .where(among(dialect, params.c.run_id))
        .group_by(params.c.key)
        .order_by(params.c.key)
    ),
    VALUES,
)


def _of_values(dialect: str) -> sa.Select[Any]:
    """Of each param, the number of runs that have it, of pairs with the same value, and the least value."""
    chosen = sa.select(params.c.key, indexed_part.label("text"), sa.func.count().label("runs"))
    found = chosen.where(among(dialect, params.c.run_id)).group_by(params.c.key, indexed_part).subquery()
    runs_of = sa.cast(sa.func.sum(found.c.runs), sa.BigInteger)
    alike = sa.cast(sa.func.sum(found.c.runs * (found.c.runs - number(1))), sa.BigInteger)
    example = sa.func.substr(sa.func.min(binary(found.c.text, dialect)), number(1), number(MAX_EXAMPLE))
    return sa.select(found.c.key, runs_of, alike, example).group_by(found.c.key)


_param_values = Prepared(_of_values, VALUES)


def described_of(tx: Transaction, found: Sequence[int], *, active: bool) -> tuple[int, Keys]:
    """How many of some runs are described, the first ones, and the keys that these have. One to four statements.

    Parameters
    ----------
    active: Whether none of them is deleted: those may be losing what they have.
    """
    if not found:
        return 0, Keys([], [])
    sample = found[:: max(1, len(found) // _SAMPLE)]
    [[rows, last]] = _widths.rows(tx, bound(tx, sample), max(found))
    described = found[: max(1, MAX_ROWS * len(sample) // rows)] if rows else found
    numbers = bound(tx, described)
    if not active:
        return len(described), _read(tx, described, numbers)
    name = array("q", described).tobytes()
    with _keeping:
        of_store = _kept.setdefault(tx.connection.engine, {})
        kept = of_store.get(name)
    if kept is not None and kept.last == last and _row_counts.row(tx, numbers) == kept.keys.rows:
        return len(described), kept.keys
    keys = _read(tx, described, numbers)
    with _keeping:
        of_store.pop(name, None)
        while len(of_store) >= MAX_SETS:
            del of_store[next(iter(of_store))]
        if len(keys.metrics) + len(keys.params) < MAX_KEPT:
            of_store[name] = _Kept(last, keys)
    return len(described), keys


def _read(tx: Transaction, described: Sequence[int], numbers: Any) -> Keys:
    metrics = _metric_keys.rows(tx, numbers)
    if tx.dialect == "sqlite":
        counted: Counter[str] = Counter()
        for listed, count in metrics:
            counted.update(dict.fromkeys(orjson.loads(listed), count))
        metrics = sorted(counted.items())
    param_keys = _param_keys.rows(tx, numbers)
    compared = bound(tx, described[:: -(-len(described) // MAX_COMPARED) or 1])
    values = {key: _compared(*rest) for key, *rest in _param_values.rows(tx, compared)} if param_keys else {}
    named = [{"key": key, "runs": count, "distinct": distinct} for key, count, distinct in param_keys]
    return Keys(metrics, [entry | values.get(entry["key"], {}) for entry in named])


def _compared(runs_of: int, alike: int, example: str) -> dict[str, Any]:
    """How much the values of a param differ."""
    pairs = runs_of * (runs_of - 1)
    return {"differing": 1000 - 1000 * alike // pairs if pairs else 0, "example": example}
