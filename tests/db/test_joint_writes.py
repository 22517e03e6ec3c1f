"""Points that arrive at the same time are written to PostgreSQL with a statement for all, as if one after another."""

import random
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from runyard.db.jobs import Job, Outcome, Receiver
from runyard.db.writer import Writer
from runyard.exceptions import DoesNotExist
from runyard.gate.gate import Gate
from runyard.gate.performers import joint_performer, performer
from runyard.gate.writes import as_it_is, job_of
from runyard.tracking.metrics.messages import LogMetric
from runyard.tracking.metrics.tables import metric_points, metric_series
from runyard.tracking.runs.messages import DeleteRun
from runyard.tracking.runs.tables import runs
from tests.factories import a_run
from tests.support.postgres import Cluster

COUNT = 30
VALUES = [0.5, -2.0, float("nan"), float("inf"), float("-inf"), 0.0]


@pytest.fixture
def gate(postgres: Cluster, tmp_path: Path) -> Iterator[Gate]:
    """A gate on PostgreSQL."""
    uri = postgres.store(str(tmp_path))
    opened = Gate.open(uri, artifact_root=str(tmp_path))
    yield opened
    opened.close()
    postgres.give_back(uri)


class Collected(Receiver):
    """The outcomes of jobs, by ticket."""

    def __init__(self) -> None:
        self.outcomes: dict[int, Outcome] = {}
        self.all_there = threading.Event()

    def deliver(self, outcomes: Sequence[tuple[Any, Outcome]]) -> None:
        """Take those of a group."""
        self.outcomes |= dict(outcomes)
        if len(self.outcomes) >= COUNT:
            self.all_there.set()


def _in_one_group(gate: Gate, messages: list[LogMetric]) -> list[Outcome]:
    """The outcomes of messages that wait for the writer at the same time."""
    writer, collected, begun, go_on = (
        Writer(gate.engines, gate.settings),
        Collected(),
        threading.Event(),
        threading.Event(),
    )

    def hold(_: object) -> None:
        begun.set()
        go_on.wait()

    writer.submit(Job(hold, _Nobody(), 0))
    begun.wait()
    for place, message in enumerate(messages):
        writer.submit(job_of(message, as_it_is, collected, place))
    go_on.set()
    collected.all_there.wait()
    writer.close()
    return [collected.outcomes[place] for place in range(len(messages))]


class _Nobody(Receiver):
    def deliver(self, outcomes: Sequence[tuple[Any, Outcome]]) -> None:
        """Nobody waits."""


def _points(run_ids: list[str], seed: int) -> list[LogMetric]:
    dice = random.Random(seed)
    return [
        LogMetric(
            run_id=dice.choice(run_ids),
            key=dice.choice("abc"),
            value=dice.choice(VALUES),
            timestamp=dice.randrange(2),
            step=dice.randrange(-1, 3),
        )
        for _ in range(COUNT)
    ]


def _stored(gate: Gate, run_ids: list[str]) -> list[Any]:
    """The latest points and all points of some runs, without the ids of runs and series."""
    place = sa.case({run_id: place for place, run_id in enumerate(run_ids)}, value=runs.c.run_uuid)
    series, points = metric_series.c, metric_points.c
    chosen = sa.select(place.label("place"), series.key).join(metric_series, series.run_id == runs.c.id)
    chosen = chosen.where(runs.c.run_uuid.in_(run_ids))
    latest = chosen.add_columns(series.value, series.step, series.timestamp, series.document).order_by("place", "key")
    every = chosen.add_columns(points.step, points.timestamp, sa.cast(points.value, sa.Text)).join(
        metric_points, points.series_id == series.id
    )
    statements = (latest, every.order_by("place", "key", points.step, points.timestamp, points.value))
    return gate.inspect(lambda tx: [[tuple(row) for row in tx.execute(statement)] for statement in statements])


@pytest.mark.parametrize("seed", range(8))
def test_together_is_as_one_by_one(gate: Gate, seed: int) -> None:
    """Whatever the order of steps, times and values, and whether the series are new: the same is stored."""
    together, alone = [[a_run(gate) for _ in range(3)] for _ in range(2)]
    perform, perform_jointly = performer(LogMetric), joint_performer(LogMetric)
    assert perform_jointly is not None

    for part in range(3):
        some = _points(together, seed * 10 + part)
        gate.administer(lambda tx, some=some: perform_jointly(tx, some))  # type: ignore[misc]
        for message in _points(alone, seed * 10 + part):
            gate.administer(lambda tx, message=message: perform(tx, message))  # type: ignore[misc]

    assert _stored(gate, alone) == _stored(gate, together)


def test_one_that_fails_is_rejected_alone(gate: Gate) -> None:
    """Of points that are written together, one is for a run that is deleted and one for none."""
    run_id, gone = a_run(gate), a_run(gate)
    gate.perform(DeleteRun(run_id=gone))
    named = {3: gone, 7: "0" * 32}
    messages = [
        LogMetric(run_id=named.get(step, run_id), key="m", value=1.0, timestamp=1, step=step) for step in range(COUNT)
    ]

    outcomes = _in_one_group(gate, messages)

    assert [3, 7] == [place for place, (fine, _) in enumerate(outcomes) if not fine]
    assert isinstance(outcomes[7][1], DoesNotExist)
    assert COUNT - 2 == len(_stored(gate, [run_id])[1])


def test_a_group_of_points_takes_a_few_round_trips(gate: Gate, tmp_path: Path) -> None:
    """Beginning, looking, advancing, inserting and committing: five for one point or for thirty."""
    run_ids = [a_run(gate) for _ in range(COUNT)]
    for step in range(2):
        _in_one_group(gate, [LogMetric(run_id=it, key="m", value=1.0, timestamp=1, step=step) for it in run_ids])
    trace = tmp_path / "trace"
    with trace.open("w") as file:
        connections = list[Any]()

        def listen(connection: sa.Connection) -> None:
            connections.append(connection.connection.dbapi_connection)
            connections[-1].pgconn.trace(file.fileno())

        sa.event.listen(gate.engines.writing, "begin", listen)
        _in_one_group(gate, [LogMetric(run_id=it, key="m", value=1.0, timestamp=1, step=5) for it in run_ids])
        connections[0].pgconn.untrace()
    sent = [line.split("\t")[1:4:2] for line in trace.read_text().splitlines()]

    assert 5 == sum(message in (["F", "Sync"], ["F", "Query"]) for message in sent)


def test_a_connection_lost_a_moment_ago_is_replaced(gate: Gate, postgres: Cluster) -> None:
    """PostgreSQL was started again between two writes of a busy server: no one hears of it."""
    run_id = a_run(gate)
    for step in range(3):
        gate.perform(LogMetric(run_id=run_id, key="m", value=1.0, timestamp=1, step=step))
        postgres.execute(
            str(gate.engines.writing.url.database),
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid()",
        )
        assert 1 == len(_stored(gate, [run_id])[0])
    assert 3 == len(_stored(gate, [run_id])[1])
