"""Reads wait for their turn in two lanes, so that cheap ones never wait for dear ones."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from runyard.db.engine import READERS
from runyard.exceptions import Unavailable
from runyard.gate.admission import DEAR_READS, Bounds, Lane
from runyard.gate.gate import Gate
from runyard.protocol.message import AnyMessage
from runyard.tracking.metrics.messages import GetMetricCurves, GetMetricHistory, LogMetric
from runyard.tracking.runs.messages import CountRuns, DescribeRuns, GetRun, SearchRuns
from tests.factories import a_run
from tests.support.postgres import Cluster
from tests.support.waits import waiting_for_locks

LONG = 60.0


@pytest.fixture
def postgres_gate(postgres: Cluster, tmp_path: Path) -> Iterator[Gate]:
    """A gate of a server's bounds on PostgreSQL."""
    uri = postgres.store(str(tmp_path))
    gate = Gate.open(uri, artifact_root=str(tmp_path))
    yield gate
    gate.close()
    postgres.give_back(uri)


async def _waiting(lane: Lane, count: int) -> None:
    while lane.waiting < count:  # noqa: ASYNC110  (a lane has no event for tests)
        await asyncio.sleep(0.001)


def test_a_lane_gives_turns_in_the_order_of_arrival() -> None:
    """Threads and coroutines wait in the same queue."""
    lane, order = Lane("dear", Bounds(1, LONG, 9, 9)), []
    lane.wait()

    def blocking() -> None:
        lane.wait()
        order.append("thread")
        lane.leave()

    async def other() -> None:
        await lane.enter()
        order.append("coroutine")
        lane.leave()

    async def both() -> None:
        thread = asyncio.create_task(asyncio.to_thread(blocking))
        await _waiting(lane, 1)
        second = asyncio.create_task(other())
        await _waiting(lane, 2)
        lane.leave()
        await asyncio.gather(thread, second)

    asyncio.run(both())
    assert ["thread", "coroutine"] == order


def test_a_full_lane_answers_at_once() -> None:
    """A client is told to come back while there is still a thread to tell it."""
    lane = Lane("dear", Bounds(1, LONG, 0, 0))
    lane.wait()

    with pytest.raises(Unavailable, match="waiting already"):
        lane.wait()
    with pytest.raises(Unavailable, match="waiting already"):
        asyncio.run(lane.enter())
    lane.leave()
    lane.wait()


def test_a_turn_that_does_not_come_is_given_up() -> None:
    """And the place in the queue with it: the next turn goes to a caller that still waits."""
    lane = Lane("dear", Bounds(1, 0.01, 9, 9))
    lane.wait()

    with pytest.raises(Unavailable, match="its turn") as refused:
        lane.wait()
    with pytest.raises(Unavailable, match="its turn"):
        asyncio.run(lane.enter())
    assert 1 == refused.value.retry_after
    lane.leave()
    asyncio.run(lane.enter())


def test_a_cancelled_caller_leaves_no_place_behind() -> None:
    """Clients that hang up while they wait must not use up turns."""
    lane = Lane("dear", Bounds(1, LONG, 9, 9))

    async def cancelled() -> None:
        await lane.enter()
        waiting = asyncio.create_task(lane.enter())
        await _waiting(lane, 1)
        waiting.cancel()
        await asyncio.wait([waiting])
        lane.leave()
        await lane.enter()

    asyncio.run(cancelled())


@pytest.mark.parametrize(
    ("message", "dear"),
    [
        (GetRun(run_id="a"), False),
        (SearchRuns(experiment_ids=["0"]), False),
        (SearchRuns(filter="metrics.m > 1 AND params.p = 'x'", order_by=["metrics.m DESC"]), False),
        (SearchRuns(filter="tags.t like '%x%'"), True),
        (SearchRuns(filter="status != 'FINISHED'"), True),
        (SearchRuns(max_results=50_000), True),
        (CountRuns(), False),
        (CountRuns(filter="metrics.m > 1"), True),
        (DescribeRuns(), True),
        (GetMetricCurves(run_ids=["a"], metric_key="m"), True),
        (GetMetricHistory(run_id="a", metric_key="m"), True),
        (GetMetricHistory(run_id="a", metric_key="m", max_results=1000), False),
    ],
)
def test_messages_say_whether_they_are_dear(message: AnyMessage, dear: bool) -> None:
    """What may look at a whole series or at every run is."""
    assert dear == message.is_dear()


def test_an_exhausted_pool_is_a_retryable_error(gate: Gate) -> None:
    """Whatever has the connections, a caller is told to come back, not that something is broken."""
    run_id = a_run(gate)
    with ExitStack() as held:
        for _ in range(READERS):
            held.enter_context(gate.engines.reading.connect())
        with pytest.raises(Unavailable, match="connection"):
            gate.perform(GetRun(run_id=run_id))
    gate.perform(GetRun(run_id=run_id))


def test_dear_reads_leave_connections_to_cheap_ones(postgres_gate: Gate) -> None:
    """Readers of curves that hang in the database, more than there are connections, stop no reader of a run."""
    gate = postgres_gate
    run_id = a_run(gate)
    gate.perform(LogMetric(run_id=run_id, key="m", value=1, timestamp=1))
    curves = GetMetricCurves(run_ids=[run_id], metric_key="m")
    address = gate.engines.reading.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with ThreadPoolExecutor(2 * READERS) as pool, psycopg.connect(address) as stranger:
        stranger.execute("LOCK TABLE metric_points IN ACCESS EXCLUSIVE MODE")
        hanging = [pool.submit(gate.perform, curves) for _ in range(2 * READERS)]
        waiting_for_locks(address, DEAR_READS)
        for _ in range(20):
            assert gate.perform(GetRun(run_id=run_id))["run"]["info"]["run_id"] == run_id
        stranger.rollback()
        assert all(read.result()["curves"][0]["values"] == [1.0] for read in hanging)
