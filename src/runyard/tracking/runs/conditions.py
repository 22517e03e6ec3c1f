"""What the conditions of a filter mean for runs, in SQL."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from runyard.core.clock import now_ms
from runyard.core.tags import CONTEXT_TAG
from runyard.db.conditions import (
    begins_with,
    combine,
    compare,
    compare_text,
    contains,
    has_words,
    number,
    plannable,
)
from runyard.search.fields import PRESENCE
from runyard.search.nodes import Comparison, Condition, Words
from runyard.tracking.experiments.search import compare_experiment
from runyard.tracking.experiments.tables import experiments
from runyard.tracking.inputs.tables import dataset_input_tags, dataset_inputs, datasets
from runyard.tracking.runs.ranges import TABLES, in_index, in_range
from runyard.tracking.runs.tables import runs, tags

ATTRIBUTES: dict[str, sa.ColumnElement[Any]] = {
    "run_id": runs.c.run_uuid,
    "run_name": runs.c.name,
    "status": runs.c.status,
    "user_id": runs.c.user_id,
    "artifact_uri": runs.c.artifact_uri,
    "start_time": runs.c.start_time,
    "end_time": runs.c.end_time,
}


def condition_on(condition: Condition, dialect: str) -> sa.ColumnElement[bool]:
    """The condition, as databases find matching runs."""
    return combine(condition, lambda single: _single(single, dialect))


def tests(conditions: Sequence[Condition], dialect: str) -> list[sa.ColumnElement[bool]]:
    """The conditions, as tests of one run at a time."""
    single = [combine(each, lambda part: _single(part, dialect, one_by_one=True)) for each in conditions]
    return plannable(single, dialect)


def _single(single: Comparison | Words, dialect: str, one_by_one: bool = False) -> sa.ColumnElement[bool]:
    if isinstance(single, Words):
        return _has_words(single.text, dialect)
    if single.kind == "attribute":
        return compare(_attribute(single.key), single, dialect)
    if single.kind == "dataset":
        return _dataset_condition(single, dialect)
    if single.kind == "experiment":
        chosen = sa.select(experiments.c.experiment_id).where(compare_experiment(single, dialect))
        return runs.c.experiment_id.in_(chosen)
    table = TABLES[single.kind]
    condition = table.c.key == single.key
    if single.operator not in PRESENCE:
        condition = sa.and_(condition, _value_condition(table, single, dialect))
    has = _of_run(table, condition, one_by_one or not in_index(single), dialect if one_by_one else None)
    return ~has if single.operator == "IS NULL" else has


def _attribute(key: str) -> sa.ColumnElement[Any]:
    if key == "duration":  # a run that goes on has lasted until now
        return sa.func.coalesce(runs.c.end_time, sa.literal(now_ms(), sa.BigInteger)) - runs.c.start_time
    return ATTRIBUTES[key]


def _has_words(text: str, dialect: str) -> sa.ColumnElement[bool]:
    """Whether a run has a text in its name, a tag or its note, or an id that begins with it."""
    return sa.or_(
        contains(runs.c.name, text, dialect),
        begins_with(runs.c.run_uuid, text),
        sa.exists().where(tags.c.run_id == runs.c.id, has_words(tags.c, text, dialect)),
    )


def _value_condition(table: sa.Table, comparison: Comparison, dialect: str) -> sa.ColumnElement[bool]:
    if in_index(comparison):
        return in_range(comparison, dialect)
    if comparison.kind != "metric":
        return compare_text(table.c.value, comparison, dialect)
    condition = compare(table.c.value, comparison, dialect)
    # NaN differs from every number
    return sa.or_(condition, table.c.value.is_(None)) if comparison.operator in ("!=", "NOT IN") else condition


def _of_run(
    table: sa.Table, condition: sa.ColumnElement[bool], run_by_run: bool, dialect: str | None
) -> sa.ColumnElement[bool]:
    """Runs that have a row with this condition in a table.

    Where all runs are read and an index finds few rows, the runs are looked up from them; where most runs match, each
    run is tested as it comes. Measured on 100,000 runs: the first wins 6 to 1 for ranges, the second 15 to 1 for the
    newest runs by LIKE.
    """
    if not run_by_run:
        return runs.c.id.in_(sa.select(table.c.run_id).where(condition))
    of_run = sa.select(number(1)).where(table.c.run_id == runs.c.id, condition)
    if dialect == "postgresql":  # which would join an EXISTS, and read all runs that have the row
        return of_run.limit(sa.literal_column("1")).scalar_subquery().is_not(None)
    return of_run.exists()


def _dataset_condition(comparison: Comparison, dialect: str) -> sa.ColumnElement[bool]:
    used = dataset_inputs.c.run_id == runs.c.id
    if comparison.key == "context":
        joined = dataset_inputs.join(dataset_input_tags, dataset_input_tags.c.input_id == dataset_inputs.c.id)
        tagged = dataset_input_tags.c.key == CONTEXT_TAG
        matches = compare(dataset_input_tags.c.value, comparison, dialect)
        return sa.exists().select_from(joined).where(used, tagged, matches)
    joined = dataset_inputs.join(datasets, datasets.c.id == dataset_inputs.c.dataset_id)
    matches = compare(datasets.c[comparison.key], comparison, dialect)
    return sa.exists().select_from(joined).where(used, matches)
