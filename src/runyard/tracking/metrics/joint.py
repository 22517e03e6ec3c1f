"""Appending points to series of several runs at once, on PostgreSQL, with a statement for all.

The same as `series.append_one` for each of the points in turn.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from runyard.db.dialects import execute_arrays
from runyard.db.transaction import Transaction
from runyard.tracking.metrics import blocks, insertion, series
from runyard.tracking.metrics.entities import Point

Place = tuple[str, str]
"""A run's id and a metric's key."""

_FIND = """
    SELECT wanted.run_uuid, wanted.key, runs.id, runs.lifecycle_stage,
        known.id, known.step, known.timestamp, known.value
    FROM unnest(%s::text[], %s::text[]) AS wanted(run_uuid, key)
    JOIN runs ON runs.run_uuid = wanted.run_uuid
    LEFT JOIN metric_series AS known ON known.run_id = runs.id AND known.key = wanted.key
"""
_ADD = """
    INSERT INTO metric_series (run_id, key, step, timestamp, value, document)
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::float8[], %s::text[])
    RETURNING run_id, key, id
"""
_ADVANCE = """
    UPDATE metric_series AS known
    SET step = given.step, timestamp = given.timestamp, value = given.value, document = given.document
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::float8[], %s::text[])
        AS given(id, step, timestamp, value, document)
    WHERE known.id = given.id AND (known.step, known.timestamp, coalesce(known.value, 0))
        < (given.step, given.timestamp, coalesce(given.value, 0))
"""


class FoundSeries(NamedTuple):
    """A run and its series of one metric.

    Attributes
    ----------
    run, stage: The run's number and lifecycle stage.
    series: The id of the series; None if there is none.
    latest: Its latest point.
    """

    run: int
    stage: str
    series: int | None
    latest: series.Latest


def find(tx: Transaction, places: Sequence[Place]) -> dict[Place, FoundSeries]:
    """The runs and series of these places; those whose run does not exist are left out."""
    rows = execute_arrays(tx, _FIND, dict.fromkeys(places)).fetchall()
    return {(row[0], row[1]): FoundSeries(row[2], row[3], row[4], row[5:]) for row in rows}


def append(tx: Transaction, found: dict[Place, FoundSeries], given: Sequence[tuple[Place, Point]]) -> None:
    """Append points, in the order they were given.

    Parameters
    ----------
    found: What `find` found for their places, all of them.
    """
    newest: dict[Place, series.Latest] = {}
    for place, point in given:
        latest, best = series.latest_of(point), newest.get(place)
        if best is None or series.rank(latest) > series.rank(best):
            newest[place] = latest
    added, advanced, numbers = [], [], {}
    for place in sorted(newest):
        run, _, number, latest = found[place]
        new = newest[place]
        text = series.document(place[1], new)
        if number is None:
            added.append((run, place[1], *new, text))
        else:
            numbers[run, place[1]] = number
            if series.rank(new) > series.rank(latest):
                advanced.append((number, *new, text))
    if added:
        numbers |= {(run, key): number for run, key, number in execute_arrays(tx, _ADD, added)}
    if advanced:
        execute_arrays(tx, _ADVANCE, sorted(advanced))  # locked in one order, to avoid deadlocks
    rows = [
        (numbers[found[place].run, place[1]], point.step, point.timestamp, float(point.value), None)
        for place, point in given
    ]
    insertion.insert_arrays(tx, rows)
    blocks.note_appended(tx, Counter(row[0] for row in rows))
