"""The orders of experiments by stars and by their runs, on both databases, compared with a naive evaluation."""

import random
from operator import itemgetter
from typing import Any

import pytest
import sqlalchemy as sa

from runyard.core.entity import Tag
from runyard.core.tags import STARRED_TAG
from runyard.exceptions import InvalidParameter
from runyard.gate.gate import Gate
from runyard.tracking.experiments.messages import ListExperimentFolders, SearchExperiments
from runyard.tracking.runs.messages import DeleteRun, UpdateRun
from tests.factories import NOW, a_run, an_experiment

Made = dict[str, Any]


@pytest.fixture(scope="module")
def made(gate: Gate) -> list[Made]:
    """Experiments with few runs, some starred, many that are alike in what they are ordered by."""
    chance = random.Random(15)
    # False comes first: a star.
    found: list[Made] = [{"experiment_id": 0, "starred": True, "runs": 0, "last_activity_time": 0, "name": "Default"}]
    for place in range(12):
        star = chance.choice([None, "true", "no"])
        name = f"{chance.choice('aAβ')}{place}"
        number = an_experiment(gate, name, tags=[Tag(key=STARRED_TAG, value=star)] if star else [])
        one = {"experiment_id": int(number), "starred": star != "true", "runs": 0, "last_activity_time": 0}
        found.append(one | {"name": name})
        for _ in range(chance.randrange(4)):
            started, ended = NOW + chance.randrange(5), chance.choice([None, NOW + chance.randrange(9)])
            run_id = a_run(gate, number, start_time=started)
            if ended:
                gate.perform(UpdateRun(run_id=run_id, status="FINISHED", end_time=ended))
            if chance.random() < 0.2:
                gate.perform(DeleteRun(run_id=run_id))
                continue
            found[-1]["runs"] += 1
            found[-1]["last_activity_time"] = max(found[-1]["last_activity_time"], started, ended or 0)
    return found


@pytest.mark.parametrize(
    "order_by",
    [
        ["starred", "name"],
        ["starred", "name DESC"],
        ["starred", "runs DESC"],
        ["runs", "name DESC"],
        ["starred DESC", "last_activity_time DESC"],
        ["last_activity_time", "starred"],
    ],
    ids=str,
)
@pytest.mark.parametrize("size", [2, 100])
def test_orders_are_those_of_sorting_in_python(gate: Gate, made: list[Made], order_by: list[str], size: int) -> None:
    """Page by page; what is alike goes newest first. Only the value true is a star, and deleted runs do not count."""
    expected = sorted(made, key=lambda one: -int(one["experiment_id"]))
    for term in reversed(order_by):
        key, _, way = term.partition(" ")
        expected = sorted(expected, key=itemgetter(key), reverse=way == "DESC")

    found: list[int] = []
    token: str | None = ""
    while token is not None:
        answer = gate.perform(SearchExperiments(order_by=order_by, max_results=size, page_token=token))
        found += [int(one["experiment_id"]) for one in answer["experiments"]]
        token = answer.get("next_page_token")

    assert [one["experiment_id"] for one in expected] == found


def test_runs_and_activity_are_to_order_by_only(gate: Gate) -> None:
    """A filter by them would look at the runs of every experiment."""
    with pytest.raises(InvalidParameter, match="Use one of: name, experiment_id, creation_time, last_update_time"):
        gate.perform(SearchExperiments(filter="runs > 3"))


@pytest.mark.parametrize("gate", ["sqlite"], indirect=True)
def test_the_first_page_is_read_in_order(gate: Gate, made: list[Made]) -> None:
    """Starred experiments are looked up, the others come from an index: none but those that are shown are read."""
    plans: list[str] = []

    def explain(connection: sa.Connection, _cursor: object, statement: str, values: Any, *_: object) -> None:
        cursor = connection.connection.cursor()
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
        plans.append("; ".join(row[3] for row in cursor.fetchall()))

    sa.event.listen(gate.engines.reading, "before_cursor_execute", explain)
    try:
        gate.perform(SearchExperiments(order_by=["starred", "last_update_time DESC"], filter="folder = ''"))
        gate.perform(ListExperimentFolders())
    finally:
        sa.event.remove(gate.engines.reading, "before_cursor_execute", explain)

    flagged, starred, others, folders = plans
    assert flagged.startswith("SEARCH experiment_tags USING INDEX ix_experiment_tags_key (key=?)")
    assert starred.startswith("SEARCH experiments USING INTEGER PRIMARY KEY (rowid=?)")
    assert others.startswith("SEARCH experiments USING INDEX ix_experiments_stage_change (lifecycle_stage=?)")
    assert "TEMP B-TREE" not in others
    assert folders.startswith("SEARCH experiments USING COVERING INDEX ix_experiments_in_folders")
