"""Conditions on runs that are one range of an index: what they find is read from there when it is little."""

import math
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from runyard.db.conditions import as_number, binary, compare, compare_text, number
from runyard.db.transaction import Transaction
from runyard.search.fields import PATTERN
from runyard.search.nodes import And, Comparison, Condition, Not, Or, comparisons_in
from runyard.tracking.inputs.tables import dataset_inputs, datasets
from runyard.tracking.metrics.tables import metric_series
from runyard.tracking.runs.tables import INDEXED_LENGTH, params, runs, tags

TABLES = {"metric": metric_series, "param": params, "tag": tags}

MAX_FOUND = 1_000
"""Runs of a range that are looked up one by one; above that, runs are tested as they come."""

MAX_COMMON_RANGE, MAX_COMMON = 30_000, 2_000
"""Runs of each of several ranges that are compared, and runs in all of them that are looked up one by one."""

_TESTED_ENTRIES = 20
"""Entries of ranges that are read in the time in which a run that comes in another order is tested."""

WIDE_SECONDS, MAX_WIDE = 60.0, 1_000
"""How long a range that held many runs is taken to do so without a look at it; the number of ranges that are known."""

MAX_ALTERNATIVES = 10
"""Comparisons of which one must hold that are looked up one by one."""

MAX_RANGES = 3
"""Conditions of a search whose ranges are tried, so that a search of many conditions takes no more statements."""

MAX_VALUES = 300
"""Values of a key that are read to see which of them match a pattern."""

_ORDERED = frozenset(("=", ">", ">=", "<", "<="))
_ATTRIBUTES = {"run_id": {"=", "IN"}, "run_name": {"="}, "status": {"="}, "user_id": {"="}, "end_time": _ORDERED}


def indexed(column: sa.ColumnElement[str], dialect: str) -> sa.ColumnElement[str]:
    """The part of a text that is indexed, as the indexes of `tables.py` have it."""
    return binary(sa.func.substr(column, number(1), number(INDEXED_LENGTH), type_=sa.Text()), dialect)


def in_index(comparison: Comparison) -> bool:
    """Whether the runs that a condition finds are one range of an index."""
    if comparison.kind == "attribute":
        return comparison.operator in _ATTRIBUTES.get(comparison.key, ())
    if is_numeric(comparison):
        return comparison.operator in _ORDERED
    if comparison.kind not in TABLES:
        return (comparison.kind, comparison.operator) == ("dataset", "=") and comparison.key != "context"
    if comparison.operator == "IN" and isinstance(comparison.value, tuple):
        return all(isinstance(value, str) and len(value) < INDEXED_LENGTH for value in comparison.value)
    return comparison.operator == "=" and isinstance(comparison.value, str)


def is_numeric(comparison: Comparison) -> bool:
    """Whether a condition is on numbers: a metric, or a param that is read as one."""
    return comparison.kind == "metric" or (comparison.kind == "param" and isinstance(comparison.value, int | float))


def in_range(
    comparison: Comparison, dialect: str, value: sa.ColumnElement[Any] | None = None
) -> sa.ColumnElement[bool]:
    """The condition on the table of metrics, params or tags that bounds the range, besides that on the key.

    Parameters
    ----------
    value: The column of values, if it is not the table itself that is asked.
    """
    value = TABLES[comparison.kind].c.value if value is None else value
    if comparison.kind == "metric":
        return compare(value, comparison, dialect)
    if is_numeric(comparison):
        return sa.and_(*_number_range(comparison, value, dialect), compare_text(value, comparison, dialect))
    if isinstance(comparison.value, tuple):
        return compare(indexed(value, dialect), comparison, dialect)
    return equal_text(value, str(comparison.value), dialect)


def _number_range(comparison: Comparison, value: sa.ColumnElement[Any], dialect: str) -> list[sa.ColumnElement[bool]]:
    """The range of the index of params that are numbers in which those lie that a condition finds."""
    numeral, given = as_number(value, dialect), float(str(comparison.value))
    known = numeral.is_not(None)
    if dialect == "postgresql" or math.isinf(given):
        return [known]
    # SQLite compares with a number it has read itself, but bounds its index by one that was bound: a little more of it.
    slack = abs(given) * 1e-12
    found: list[sa.ColumnElement[bool]] = [known]
    if comparison.operator in {"=", ">", ">="}:
        found.append(numeral >= sa.literal(given - slack))
    if comparison.operator in {"=", "<", "<="}:
        found.append(numeral <= sa.literal(given + slack))
    return found


def equal_text(column: sa.ColumnElement[str], text: str, dialect: str) -> sa.ColumnElement[bool]:
    """Whether a column has this text. The index tells; only a longer text needs a look at all of it."""
    first = indexed(column, dialect) == text[:INDEXED_LENGTH]
    if len(text) < INDEXED_LENGTH:
        return first
    # Compared with a plain column, SQLite would put the text into the condition above and not see the index any more.
    return sa.and_(first, column.concat(sa.literal_column("''")) == text)


def narrowed(tx: Transaction, conditions: Sequence[Condition]) -> list[Condition]:
    """The same conditions; a pattern becomes the list of values that match it, where a param or tag has few values.

    The values are read by one seek each in the index: one statement for each pattern, three at most.
    """
    patterns = [
        each for each in comparisons_in(conditions) if each.kind in {"param", "tag"} and each.operator in PATTERN
    ]
    lists = {each: _values_like(tx, each) for each in patterns[:MAX_RANGES]}
    return [_with_lists(each, lists) for each in conditions] if lists else list(conditions)


def _with_lists(condition: Condition, lists: Mapping[Comparison, Comparison | None]) -> Condition:
    if isinstance(condition, And | Or):
        return replace(condition, parts=tuple(_with_lists(part, lists) for part in condition.parts))
    if isinstance(condition, Not):
        return Not(_with_lists(condition.part, lists))
    return lists.get(condition) or condition if isinstance(condition, Comparison) else condition


def _values_like(tx: Transaction, pattern: Comparison) -> Comparison | None:
    table, rows = TABLES[pattern.kind], TABLES[pattern.kind].alias()
    value, following = indexed(table.c.value, tx.dialect), indexed(rows.c.value, tx.dialect)
    first = sa.select(sa.func.min(value).label("value")).where(table.c.key == pattern.key)
    found = first.cte("found", recursive=True)
    behind = sa.select(sa.func.min(following)).where(rows.c.key == pattern.key, following > found.c.value)
    found = found.union_all(sa.select(behind.correlate(found).scalar_subquery()).where(found.c.value.is_not(None)))
    matches = compare(found.c.value, pattern, tx.dialect)
    values = tx.execute(sa.select(found.c.value, matches).where(found.c.value.is_not(None)).limit(MAX_VALUES + 1)).all()
    if len(values) > MAX_VALUES or any(len(value) == INDEXED_LENGTH for value, _ in values):
        return None
    return replace(pattern, operator="IN", value=tuple(value for value, matching in values if matching))


def few_runs(
    tx: Transaction,
    conditions: Sequence[Condition],
    shown: Sequence[sa.ColumnElement[bool]],
    several: bool,
    view: Hashable,
) -> list[int] | None:
    """Numbers of the runs among which all matches are; None when there are many, and no condition finds few of them.

    One statement for each condition that is in an index, three at most, up to ten for alternatives that all are, one
    for all runs, and one for the numbers.

    Parameters
    ----------
    shown: The conditions on experiment and lifecycle stage.
    several: Whether they are on several experiments.
    view: What tells these from others.
    """
    in_view = sa.select(runs.c.id).where(*shown)
    if not several:
        in_view = in_view.order_by(runs.c.start_time.desc())  # so that PostgreSQL does not read the whole table
    if any(isinstance(each, Comparison) and each.value == () for each in conditions):  # a pattern that no value matches
        return []
    covers = [found for condition in conditions if (found := covering(condition))]
    single = sorted((found for found in covers if len(found) == 1), key=_width)
    alternatives = sorted((found for found in covers if len(found) > 1), key=_width)
    wide = wide_ranges(tx)
    for cover in [*single[:MAX_RANGES], *alternatives[:1]]:
        ends = _other_ends(cover[0], conditions) if len(cover) == 1 else []
        name = (MAX_FOUND, *cover, *ends)
        if wide.get(name, 0.0) > time.monotonic():
            continue
        chosen = [runs_in_range(comparison, tx.dialect, shown) for comparison in cover]
        if ends:  # both ends of a range at once: each by itself may find half of all runs
            chosen = [chosen[0].where(*(in_range(other, tx.dialect) for other in ends))]
        # What a key's value finds is remembered where it is much, and names are seldom those of many runs.
        likely = cover[0].operator == "=" and (cover[0].kind in TABLES or cover[0].key == "run_name")
        few = few_of(tx, chosen, likely)
        if few is not None:
            return few
        if cover[0].kind in TABLES:
            wide[name] = time.monotonic() + WIDE_SECONDS
    if wide.get((MAX_FOUND, view), 0.0) > time.monotonic():
        return None
    few = few_of(tx, [in_view])
    if few is None:
        wide[MAX_FOUND, view] = time.monotonic() + WIDE_SECONDS
    return few


def wide_ranges(tx: Transaction) -> dict[object, float]:
    """Ranges that were seen to hold many runs, with the time until which they are taken to do so still."""
    known: dict[object, float] = tx.connection.info.setdefault("wide_ranges", {})
    if len(known) >= MAX_WIDE:
        known.clear()
    return known


def common_runs(tx: Transaction, conditions: Sequence[Condition], wanted: int = 0) -> list[int] | None:
    """Numbers of the runs that lie in the ranges of two or three metrics; None when they, or those of one, are many.

    SQLite would look up each run of one range in the other: that takes ten times as long as to read both.
    Two statements for each range.

    Parameters
    ----------
    wanted: Number of runs that are wanted in an order that an index has. None too where they should be met so soon in
        that order that it takes less time.
    """
    ranges = _metric_ranges(conditions)[:MAX_RANGES]
    if len(ranges) < 2:
        return None
    sizes = [_entries(tx, ends) for ends in ranges]
    known = [size for size in sizes if size is not None]
    if len(known) < len(ranges) or (wanted and _met_sooner(tx, known, wanted)):
        return None
    common: set[str] | None = None
    for ends in ranges:
        # Read as one text: a row each would take three times as long.
        every = runs_between(ends, tx.dialect).order_by(None).subquery().c[0]
        joined = sa.func.string_agg(sa.cast(every, sa.Text), ",")
        text = tx.scalar(sa.select(sa.func.group_concat(every) if tx.dialect == "sqlite" else joined))
        numbers = (text or "").split(",")
        common = set(numbers) if common is None else common.intersection(numbers)
    return None if common is None or len(common) > MAX_COMMON else sorted(int(each) for each in common if each)


def _met_sooner(tx: Transaction, sizes: Sequence[int], wanted: int) -> bool:
    """Whether a walk through all runs should meet the wanted number of those that are in ranges of these sizes."""
    every = tx.scalar(sa.select(sa.func.max(runs.c.id))) or 1
    share = math.prod(size / every for size in sizes)
    return share * every > MAX_COMMON or wanted * _TESTED_ENTRIES < share * sum(sizes)


def _entries(tx: Transaction, ends: Sequence[Comparison]) -> int | None:
    """The number of runs in the range of a metric; None when they are very many."""
    wide, name = wide_ranges(tx), (MAX_COMMON_RANGE, *ends)
    if wide.get(name, 0.0) > time.monotonic():
        return None
    some = runs_between(ends, tx.dialect).order_by(None).limit(MAX_COMMON_RANGE + 1).subquery()
    found = int(tx.scalar(sa.select(sa.func.count()).select_from(some)))
    if found <= MAX_COMMON_RANGE:
        return found
    wide[name] = time.monotonic() + WIDE_SECONDS
    return None


def short_ranges(tx: Transaction, conditions: Sequence[Condition]) -> list[list[Comparison]]:
    """Ranges of metrics that do not hold very many runs: SQLite reads one of these sooner than it looks up 1,000 runs.

    One statement for each range that is not known to hold more.
    """
    if tx.dialect != "sqlite":
        return []
    return [ends for ends in _metric_ranges(conditions)[:MAX_RANGES] if _entries(tx, ends) is not None]


def _metric_ranges(conditions: Sequence[Condition]) -> list[list[Comparison]]:
    """The conditions that bound the range of a metric, of each metric all."""
    ranges: dict[str, list[Comparison]] = {}
    for each in conditions:
        if isinstance(each, Comparison) and each.kind == "metric" and in_index(each):
            ranges.setdefault(each.key, []).append(each)
    return list(ranges.values())


def runs_between(ends: Sequence[Comparison], dialect: str) -> sa.Select[Any]:
    """Selects the numbers of the runs that conditions on one metric find in its index."""
    return runs_in_range(ends[0], dialect, ()).where(*(in_range(each, dialect) for each in ends[1:]))


def _other_ends(comparison: Comparison, conditions: Sequence[Condition]) -> list[Comparison]:
    """The other conditions on the same numbers that bound the range of a comparison."""
    if not is_numeric(comparison):
        return []
    ends = [each for each in conditions if isinstance(each, Comparison) and in_index(each) and each != comparison]
    same = [each for each in ends if (each.kind, each.key) == (comparison.kind, comparison.key)]
    return list(filter(is_numeric, same))


def few_of(tx: Transaction, choices: Sequence[sa.Select[Any]], likely: bool = False) -> list[int] | None:
    """What statements select, each number once; None when it is much.

    Parameters
    ----------
    likely: Whether they are likely to select a few, which are then read with one statement.
    """
    if len(choices) == 1 and not likely:  # how many there are is soon told, and mostly they are many
        beyond = choices[0].limit(1).offset(MAX_FOUND)
        if tx.dialect == "postgresql":  # which need not read the rows of what is not selected in the end
            beyond = sa.select(number(1)).select_from(beyond.subquery())
        return None if tx.execute(beyond).first() else [row[0] for row in tx.execute(choices[0])]
    found: dict[int, None] = {}
    for chosen in choices:
        rows = tx.execute(chosen.limit(MAX_FOUND + 1)).all()
        found.update(dict.fromkeys(row[0] for row in rows))
        if len(rows) > MAX_FOUND or len(found) > MAX_FOUND:
            return None
    return list(found)


def covering(condition: Condition) -> list[Comparison]:
    """Comparisons in an index, one of which holds for every run that a condition finds; none where there are no such.

    Of conditions that all must hold, the one with the fewest is taken; of alternatives, all are needed.
    """
    if isinstance(condition, Comparison):
        listed = condition.operator == "IN" and condition.kind in TABLES
        return [condition] if in_index(condition) and not listed else _equalities(condition)
    if isinstance(condition, And):
        return min(filter(None, map(covering, condition.parts)), key=_width, default=[])
    if not isinstance(condition, Or):
        return []
    covers = [covering(part) for part in condition.parts]
    found = [comparison for cover in covers for comparison in cover]
    return found if all(covers) and len(found) <= MAX_ALTERNATIVES else []


def _equalities(comparison: Comparison) -> list[Comparison]:
    """A short list as one comparison for each of its values."""
    value = comparison.value
    if comparison.operator != "IN" or not isinstance(value, tuple) or len(value) > MAX_ALTERNATIVES:
        return []
    equal = [Comparison(comparison.kind, comparison.key, "=", each) for each in dict.fromkeys(value)]
    return equal if all(map(in_index, equal)) else []


def _width(cover: Sequence[Comparison]) -> tuple[int, bool]:
    """What sorts comparisons that are likely to find few runs before others."""
    return len(cover), any(comparison.operator not in {"=", "IN"} for comparison in cover)


def newest_in_index(
    conditions: Sequence[Condition], dialect: str, shown: Sequence[sa.ColumnElement[bool]]
) -> list[sa.ColumnElement[bool]] | None:
    """The conditions on runs of one experiment and stage, where an index has just those that match, newest first.

    None elsewhere. There is one of all of them, of those of each status and of those of each user.

    Parameters
    ----------
    shown: The conditions on experiment, lifecycle stage and place in the tree: of a place there is an index of all.
    """
    if not conditions:
        return [*shown]
    [first, *others] = conditions
    if others or len(shown) > 2 or not isinstance(first, Comparison) or first.kind != "attribute":
        return None
    column = {"status": runs.c.status, "user_id": binary(runs.c.user_id, dialect)}.get(first.key)
    return None if column is None or first.operator != "=" else [*shown, compare(column, first, dialect)]


def runs_in_range(comparison: Comparison, dialect: str, shown: Sequence[sa.ColumnElement[bool]]) -> sa.Select[Any]:
    """Selects the numbers of the runs that a condition finds in an index; some may be out of view.

    Parameters
    ----------
    shown: The conditions on experiment and lifecycle stage, for conditions on attributes.
    """
    shown = shown[:2]  # a place in the tree is in another index than a status
    if comparison.kind == "dataset":
        same = sa.select(datasets.c.id).where(compare(datasets.c[comparison.key], comparison, dialect))
        return sa.select(dataset_inputs.c.run_id).where(dataset_inputs.c.dataset_id.in_(same)).distinct()
    if comparison.kind != "attribute":
        table = TABLES[comparison.kind]
        chosen = sa.select(table.c.run_id).where(table.c.key == comparison.key, in_range(comparison, dialect))
        # In the order of the index, or PostgreSQL reads all of the range or the table.
        if is_numeric(comparison):
            return chosen.order_by(table.c.value if comparison.kind == "metric" else as_number(table.c.value, dialect))
        return chosen.order_by(table.c.run_id) if comparison.operator == "=" else chosen
    chosen = sa.select(runs.c.id)
    if comparison.key == "run_name":
        return chosen.where(shown[0], equal_text(runs.c.name, str(comparison.value), dialect))
    if comparison.key == "status":
        return chosen.where(*shown, compare(runs.c.status, comparison, dialect))
    if comparison.key == "user_id":
        return chosen.where(*shown, compare(binary(runs.c.user_id, dialect), comparison, dialect))
    if comparison.key == "end_time":
        return chosen.where(shown[0], runs.c.end_time.is_not(None), compare(runs.c.end_time, comparison, dialect))
    return chosen.where(compare(runs.c.run_uuid, comparison, dialect))
