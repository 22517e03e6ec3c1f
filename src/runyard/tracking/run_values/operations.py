"""The operation that reads values of many runs as columns."""

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from runyard.core.numbers import as_numbers
from runyard.core.wire import wire_double
from runyard.db.dialects import bound, one_of
from runyard.db.transaction import Transaction
from runyard.gate.performers import performs
from runyard.protocol.answer import Wire
from runyard.search.writing import key_text
from runyard.tracking.metrics.tables import metric_series
from runyard.tracking.run_values.messages import (
    MAX_TEXT,
    MAX_TEXTS,
    MAX_VALUES,
    TIMES,
    GetRunValues,
    ValueName,
    value_name,
)
from runyard.tracking.runs.conditions import meets
from runyard.tracking.runs.search import few_candidates, next_newest, search_of, search_run_ids
from runyard.tracking.runs.tables import params, runs, tags

MAX_LISTED = 50_000
"""Runs, the newest, that a sample is chosen from without a filter; an index holds them side by side."""
MAX_TESTED = 10_000
"""The same with a filter, with which runs may have to be tested one by one."""
EXTREMES, EXTREME_METRICS = 10, 2
"""Runs with the least and with the greatest values of a metric that a sample always has, and of how many metrics."""
MAX_NAME = 40
_TABLES = {"metrics": metric_series, "params": params, "tags": tags}


class _Attributes(NamedTuple):
    """What a run has in columns of its own."""

    id: int
    run_uuid: str
    name: str
    status: str
    user_id: str
    experiment_id: int
    start_time: int
    end_time: int | None


_ATTRIBUTES = sa.select(*(runs.c[name] for name in _Attributes._fields))


@performs(GetRunValues)
def get_run_values(tx: Transaction, message: GetRunValues) -> Wire:
    """Some statements that find the runs, one for each kind of value, two for each metric of a sample."""
    names = [value_name(name) for name in message.columns]
    found, more = _matching(tx, message)
    most = min(message.max_runs, MAX_VALUES // len(names))
    extreme = _extremes(tx, message, names, most // 2) if more or len(found) > most else []
    kept = frozenset(extreme)
    chosen = [*extreme, *_sample([number for number in found if number not in kept], most - len(extreme))]
    found_rows = tx.tuples(_ATTRIBUTES.where(one_of(tx, runs.c.id, chosen))) if chosen else []
    rows = {row.id: row for row in map(_Attributes._make, found_rows)}
    order = sorted(rows, key=lambda number: (-rows[number].start_time, number))
    values = {kind: _read(tx, kind, names, order) for kind in _TABLES}
    columns = []
    for name, asked in zip(message.columns, names, strict=True):
        if asked.kind == "attribute":
            column = [_attribute(rows[number], asked.key) for number in order]
        else:
            of_key = values[asked.kind].get(asked.key, {})
            column = [of_key.get(number) for number in order]
        columns.append({"name": name, **_column(column, always_numbers=asked.kind == "metrics" or asked.key in TIMES)})
    return {
        "run_ids": [rows[number].run_uuid for number in order],
        "run_names": [_cut(rows[number].name, MAX_NAME) for number in order],
        "columns": columns,
        "runs": len(found),
        "more": more,
    }


def _matching(tx: Transaction, message: GetRunValues) -> tuple[list[int], bool]:
    """The matching runs, newest first, and whether there are more than may be looked at."""
    search = search_of(tx, message.experiment_ids, message.run_view_type, message.filter)
    view, tested = search.view, meets(search.conditions, tx.dialect)
    few, more = few_candidates(tx, search) if search.conditions else None, False
    if few is None:
        most = MAX_TESTED if search.conditions else MAX_LISTED
        newest, more = next_newest(tx, search, None, most)
        if more:  # it spoke of the first run that is not looked at
            newest, _ = next_newest(tx, search, None, most - 1)
        conditions = [*view.shown(tx.dialect), *newest, *tested]
    else:
        conditions = [*view.shown(tx.dialect, tested=True), one_of(tx, runs.c.id, few), *tested]
    listed = sa.select(runs.c.id).where(*conditions).order_by(runs.c.start_time.desc(), runs.c.run_uuid)
    return [row[0] for row in tx.tuples(listed)], more


def _sample(numbers: Sequence[int], most: int) -> list[int]:
    """Runs at equal distances, the first of them included."""
    if len(numbers) <= most:
        return list(numbers)
    return [numbers[place * len(numbers) // most] for place in range(most)]


def _extremes(tx: Transaction, message: GetRunValues, names: Sequence[ValueName], most: int) -> list[int]:
    """Runs with the least and the greatest values of the first metrics, in turns."""
    question = (message.experiment_ids, message.run_view_type, message.filter)
    found = []
    for name in [name for name in names if name.kind == "metrics"][:EXTREME_METRICS]:
        key = key_text("metrics", name.key)
        found += [search_run_ids(tx, *question, [f"{key} {end}"], EXTREMES, None)[0] for end in ("ASC", "DESC")]
    turns = (number for turn in itertools.zip_longest(*found) for number in turn if number is not None)
    return list(dict.fromkeys(turns))[:most]


def _attribute(row: _Attributes, name: str) -> float | str | None:
    if name == "duration":
        return None if row.end_time is None else float(row.end_time - row.start_time)
    value = getattr(row, name)
    if name == "start_time":
        return float(value)
    return str(value) or None


def _read(
    tx: Transaction, kind: str, names: Sequence[ValueName], numbers: Sequence[int]
) -> Mapping[str, Mapping[int, Any]]:
    """The values of one kind, by key and run. One statement, where any are asked for."""
    keys, table = [name.key for name in names if name.kind == kind], _TABLES[kind]
    if not keys or not numbers:
        return {}
    found: dict[str, dict[int, Any]] = {key: {} for key in keys}
    for run, key, value in tx.tuples(_values(tx, table, keys, numbers)):
        found[key][run] = math.nan if value is None else value  # the stored form of NaN; texts are never NULL
    return found


def _values(tx: Transaction, table: sa.Table, keys: Sequence[str], numbers: Sequence[int]) -> sa.Select[Any]:
    """Selects the values of some keys of some runs, by a seek for each: what other runs have costs nothing.

    Left to itself a database reads all values of a key, or the whole table, before it knows how many there are.
    """
    if tx.dialect == "sqlite":  # whose CROSS JOIN keeps the order of the tables
        crossed = sa.text(f"json_each(:runs) AS listed CROSS JOIN {table.name}").bindparams(runs=bound(tx, numbers))
        run, key, value = (
            sa.literal_column(f"{table.name}.{name}", table.c[name].type) for name in ("run_id", "key", "value")
        )
        same = run == sa.literal_column("listed.value")
        return sa.select(run, key, value).select_from(crossed).where(same, key.in_(keys))
    listed = sa.func.unnest(sa.literal(list(numbers), sa.ARRAY(sa.BigInteger))).table_valued("id").render_derived()
    of_run = sa.select(table.c.key, table.c.value).where(table.c.run_id == listed.c.id, table.c.key.in_(keys))
    apart = of_run.offset(0).lateral()  # the offset keeps it from being joined in another way
    return sa.select(listed.c.id, apart.c.key, apart.c.value).select_from(listed.join(apart, sa.true()))


def _column(values: Sequence[Any], *, always_numbers: bool) -> dict[str, Any]:
    """A column as it is answered: numbers where all values are, else texts with codes."""
    had = [value for value in values if value is not None]
    missing = [place for place, value in enumerate(values) if value is None] if len(had) < len(values) else []
    numbers = had if always_numbers else as_numbers(had) or None
    if numbers is not None:
        return {"missing": missing, "numbers": [wire_double(value) for value in numbers]}
    counts = Counter(had)
    kept = sorted(sorted(counts, key=lambda text: (-counts[text], text))[:MAX_TEXTS])
    codes = {text: place for place, text in enumerate(kept)}
    return {
        "missing": missing,
        "texts": [_cut(text, MAX_TEXT) for text in kept],
        "codes": [codes.get(text, -1) for text in had],
        "others": len(counts) - len(kept),
        "cut": any(len(text) > MAX_TEXT for text in kept),
    }


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
