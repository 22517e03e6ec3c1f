"""Pages of very large stores: none has more elements than a browser lays out at once, or too many bytes."""

import re

import pytest
import sqlalchemy as sa

from runyard.core.tags import PARENT_TAG
from runyard.db.transaction import Transaction
from runyard.gate.gate import Gate
from runyard.tracking.experiments.tables import experiments
from runyard.tracking.runs.messages import LogBatch
from tests.factories import NOW, a_point, a_run, an_experiment
from tests.ui.asking import Answer, Reader
from tests.ui.pages.test_wide_runs import a_wide_run

MAX_ELEMENTS = 3500
MAX_BYTES = 200_000
"""Of the page itself, before it is packed to a seventh."""


def _within_budget(page: Answer) -> Answer:
    assert 200 == page.status
    assert len(page.elements) <= MAX_ELEMENTS
    assert len(page.body) <= MAX_BYTES
    return page


def test_an_experiment_of_twelve_thousand_metrics(gate: Gate, reader: Reader) -> None:
    """The panel of columns offers some of them; the others are added by name."""
    experiment_id = an_experiment(gate)
    for first in range(0, 12_000, 1000):
        points = [a_point(f"m{place:05}", place) for place in range(first, first + 1000)]
        gate.perform(LogBatch(run_id=a_run(gate, experiment_id), metrics=points))

    _within_budget(reader.get(f"/experiments/{experiment_id}"))
    page = _within_budget(reader.get(f"/experiments/{experiment_id}?col=metrics.m11999&order=metrics.m11999"))

    assert "11,999" in page.words


def test_runs_of_two_thousand_of_everything(gate: Gate, reader: Reader) -> None:
    """Their own pages, a metric of theirs, and what tells them apart."""
    experiment_id = an_experiment(gate)
    ids = [a_wide_run(gate, 2000, experiment_id, value) for value in ("v", "w")]

    for address in (
        f"/runs/{ids[0]}",
        f"/runs/{ids[0]}?find=0",
        f"/metric?key=m00001&runs={ids[0]}",
        f"/metric?key=m0&runs={ids[0]}",
        f"/compare?runs={','.join(ids)}",
        f"/compare?runs={','.join(ids)}&differences=all",
        *(f"/compare?runs={','.join(ids)}&tab={tab}" for tab in ("why", "groups", "metrics", "params")),
        f"/compare?runs={','.join([*ids, a_wide_run(gate, 60, experiment_id, 'x')])}&tab=why",
        f"/experiments/{experiment_id}",
    ):
        _within_budget(reader.get(address))


def test_what_few_entries_leave_others_have(gate: Gate, reader: Reader) -> None:
    """A run of many metrics and few of the rest, which is the usual wide one, shows two hundred of them."""
    run_id = a_run(gate)
    gate.perform(LogBatch(run_id=run_id, metrics=[a_point(f"m{place:05}", place) for place in range(900)]))

    page = _within_budget(reader.get(f"/runs/{run_id}"))

    assert "200 of 900" in page.words


@pytest.mark.parametrize("runs", [1, 10, 40])
def test_the_points_of_a_long_metric(gate: Gate, reader: Reader, runs: int) -> None:
    """The table has those that a small chart needs, of all runs together."""
    experiment_id = an_experiment(gate)
    ids = [a_run(gate, experiment_id) for _ in range(runs)]
    for run_id in ids:
        points = [a_point("loss", place % 7, NOW + place, place) for place in range(1000)]
        gate.perform(LogBatch(run_id=run_id, metrics=points))

    page = _within_budget(reader.get(f"/metric?key=loss&runs={','.join(ids)}"))

    assert re.search(rf"points? of {1000 * runs:,} as a table", page.words)


def test_five_thousand_experiments(gate: Gate, reader: Reader) -> None:
    """A page of them, and the way to the others."""

    def fill(tx: Transaction) -> None:
        given = {"artifact_location": "/a", "lifecycle_stage": "active", "creation_time": NOW, "last_update_time": NOW}
        rows = [{**given, "experiment_id": 1000 + place, "name": f"experiment {place:04}"} for place in range(5000)]
        tx.execute(sa.insert(experiments), rows)

    gate.administer(fill)

    page = _within_budget(reader.get("/experiments"))
    found = reader.get("/experiments?search=t 49")

    assert "of 5,001" in page.words
    assert 100 == found.words.count("experiment 49")


def test_a_thousand_children_of_one_run(gate: Gate, reader: Reader) -> None:
    """The first of them; the table has all."""
    experiment_id = an_experiment(gate)
    parent = a_run(gate, experiment_id)
    for _ in range(1000):
        a_run(gate, experiment_id, {PARENT_TAG: parent})

    page = _within_budget(reader.get(f"/runs/{parent}"))
    _within_budget(reader.get(f"/experiments/{experiment_id}"))

    assert "There are more than are shown here." in page.words
