"""What reading costs: a fixed number of SQL statements, however many runs there are."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from runyard.core.entity import Tag
from runyard.gate.gate import Gate
from runyard.protocol.message import AnyMessage
from runyard.tracking.experiments.messages import SearchExperiments, SummarizeExperiments
from runyard.tracking.inputs.entities import Dataset, DatasetInput, InputTag
from runyard.tracking.inputs.messages import LogInputs
from runyard.tracking.logged_models.messages import CreateLoggedModel, ModelOrder, SearchLoggedModels
from runyard.tracking.metrics.messages import GetMeanCurves, LogMetric
from runyard.tracking.run_groups.messages import GroupRuns
from runyard.tracking.run_trees.messages import SearchRunTree
from runyard.tracking.run_values.messages import GetRunValues
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import CountRuns, DescribeRuns, GetRun, LogBatch, LogParam, SearchRuns, SetTag
from tests.factories import a_point, a_run, an_experiment

pytestmark = pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)
"""SQLite tells every statement it executes, also those that bypass SQLAlchemy's own execution."""

_OF_TRANSACTIONS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "--")


@pytest.fixture
def count(gate: Gate) -> Callable[..., int]:
    """Counts the statements that performing a message takes when it is performed again, or at once."""
    seen: list[str] = []

    def listen(connection: sa.Connection) -> None:
        connection.connection.dbapi_connection.set_trace_callback(seen.append)  # type: ignore[union-attr]

    sa.event.listen(gate.engines.reading, "begin", listen)
    gate.administer(lambda tx: listen(tx.connection))  # all writes are on that one

    def statements(message: AnyMessage, *, again: bool = True) -> int:
        if again:
            gate.perform(message)
        seen.clear()
        gate.perform(message)
        once = [text for text, before in zip(seen, ["", *seen], strict=False) if text != before]  # triggers repeat it
        return sum(not text.startswith(_OF_TRANSACTIONS) for text in once)

    return statements


def add_runs(gate: Gate, experiment_id: str, number: int) -> str:
    """Add runs that have everything a run can have; returns the id of one."""
    run_id = ""
    for place in range(number):
        run_id = a_run(gate, experiment_id)
        params = [Param(key="lr", value=str(place))]
        points = [a_point("acc", place / 10), a_point("loss", place / 7)]
        gate.perform(LogBatch(run_id=run_id, params=params, metrics=points, tags=[Tag(key="t", value="x")]))
        dataset = Dataset(name=f"d{place}", digest="1", source_type="local", source="{}")
        gate.perform(
            LogInputs(run_id=run_id, datasets=[DatasetInput(dataset=dataset, tags=[InputTag(key="c", value="x")])])
        )
    return run_id


def test_reading_costs_the_same_for_two_runs_and_for_many(gate: Gate, count: Callable[..., int]) -> None:
    """Searching and showing runs and experiments never asks run by run."""
    experiment_id = an_experiment(gate)
    filter_string = "metrics.acc >= 0 and params.lr != 'z' and tags.t LIKE 'x%' and dataset.name LIKE 'd%'"
    messages = [
        SearchRuns(experiment_ids=[experiment_id]),
        SearchRuns(experiment_ids=[experiment_id], filter=filter_string, order_by=["metrics.loss DESC", "params.lr"]),
        SearchRuns(experiment_ids=[experiment_id], max_results=1),
        CountRuns(experiment_ids=[experiment_id], filter=filter_string),
        DescribeRuns(experiment_ids=[experiment_id]),
        SearchRunTree(experiment_ids=[experiment_id], filter=filter_string, describe=True),
        SearchExperiments(),
        SummarizeExperiments(experiment_ids=[experiment_id, "0"]),
        GroupRuns(experiment_ids=[experiment_id], group_by=["params.lr", "dataset"], metrics=["loss", "acc"]),
        GetRunValues(experiment_ids=[experiment_id], columns=["params.lr", "metrics.acc", "tags.t", "status"]),
        GetRun(run_id=add_runs(gate, experiment_id, 2)),
    ]
    for_two = [count(message) for message in messages]
    add_runs(gate, experiment_id, 40)
    for _ in range(5):
        an_experiment(gate)

    assert for_two == [count(message) for message in messages]
    assert [3, 5, 3, 2, 3, 9, 3, 1, 2, 6, 3] == for_two


def test_searching_logged_models_costs_the_same_for_one_and_for_many(gate: Gate, count: Callable[..., int]) -> None:
    """Params, tags and metrics are read for a whole page at once."""
    experiment_id, run_id = an_experiment(gate), a_run(gate)

    def add(number: int) -> None:
        for place in range(number):
            params, tags = [Param(key="a", value="b")], [Tag(key="c", value="d")]
            answer = gate.perform(CreateLoggedModel(experiment_id=experiment_id, params=params, tags=tags))
            model_id = answer["model"]["info"]["model_id"]
            gate.perform(LogMetric(run_id=run_id, key="f1", value=place / 7, timestamp=1, model_id=model_id))

    add(1)
    search = SearchLoggedModels(
        experiment_ids=[experiment_id], filter="metrics.f1 >= 0", order_by=[ModelOrder(field_name="metrics.f1")]
    )
    for_one = count(search)
    add(20)

    assert 5 == for_one == count(search)


def test_writing_costs_the_same_beside_thousands_of_entries(gate: Gate, count: Callable[..., int]) -> None:
    """Only what is written is looked up, and new series, their points and texts each take one statement.

    What is written again as it was leaves the run's document alone. In a run without series SQLite looks for none.
    """
    names = [f"k{place}" for place in range(1000)]

    def counted(run_id: str) -> list[int]:
        points = [a_point(f"new {place}", 0.5) for place in range(20)]
        return [
            count(LogBatch(run_id=run_id, metrics=points, params=[Param(key="new", value="1")]), again=False),
            count(LogBatch(run_id=run_id, metrics=[a_point("new 0", 0.5)])),
            count(SetTag(run_id=run_id, key="new", value="1"), again=False),
            count(SetTag(run_id=run_id, key="new", value="1")),
            count(LogParam(run_id=run_id, key="other", value="1"), again=False),
            count(LogParam(run_id=run_id, key="other", value="1")),
        ]

    wide = a_run(gate)
    gate.perform(LogBatch(run_id=wide, metrics=[a_point(name, 0.5) for name in names]))
    for first in range(0, 1000, 100):
        some = names[first : first + 100]
        params, tags = [Param(key=name, value="1") for name in some], [Tag(key=name, value="1") for name in some]
        gate.perform(LogBatch(run_id=wide, params=params, tags=tags))

    rest = [3, 3, 2, 3, 3]
    assert [6, *rest] == counted(wide)
    assert [5 if gate.engines.dialect == "sqlite" else 6, *rest] == counted(a_run(gate))


def test_a_thousand_points_take_few_statements(gate: Gate, count: Callable[..., int]) -> None:
    """Ten inserts of a hundred points each, and what the series and its block need."""
    points = [a_point("loss", step / 7, step=step) for step in range(1000)]
    assert 17 == count(LogBatch(run_id=a_run(gate), metrics=points), again=False)


def test_a_chart_of_means_costs_two_statements_a_run(gate: Gate, count: Callable[..., int]) -> None:
    """And one that finds their series, however many points they have, in groups or not."""
    experiment_id = an_experiment(gate)
    ids = [a_run(gate, experiment_id) for _ in range(5)]

    def add(steps: range) -> None:
        for run_id in ids:
            gate.perform(LogBatch(run_id=run_id, metrics=[a_point("loss", 0.5, step=step) for step in steps]))

    add(range(10))
    for_few = count(GetMeanCurves(groups=[ids[:1], ids[1:]], metric_key="loss"))
    add(range(10, 1000))

    assert 11 == for_few == count(GetMeanCurves(groups=[ids], metric_key="loss"))
