"""Two servers append to one long series, and seal its blocks, at the same time."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import sqlalchemy as sa

from runyard.gate.gate import Gate
from runyard.tracking.checks.blocks import blocks_of_metrics
from runyard.tracking.checks.check import Difference, examined
from runyard.tracking.checks.latest import latest_points
from runyard.tracking.metrics import blocks
from runyard.tracking.metrics.blocks import BLOCK
from runyard.tracking.metrics.messages import GetMetricCurves, GetMetricHistory
from runyard.tracking.metrics.tables import metric_blocks, metric_points, metric_series
from runyard.tracking.runs.messages import LogBatch
from tests.factories import a_point, a_run
from tests.support.http import Caller
from tests.support.server import RunningServer

pytestmark = pytest.mark.slow

COUNT = 10 * BLOCK
PIECE = 500


def pieces(order: str) -> list[list[list[int]]]:
    """The steps that each of the two servers is sent, in pieces."""
    dice = random.Random(order)
    steps = list(range(COUNT))
    if order == "in turn":
        shares = [steps[place::2] for place in range(2)]
    elif order == "in no order":
        dice.shuffle(steps)
        shares = [steps[::2], steps[1::2]]
    else:  # the same points to both, as a client sends them that got no answer
        shares = [steps, steps]
    return [[share[first : first + PIECE] for first in range(0, len(share), PIECE)] for share in shares]


def value_of(step: int) -> float:
    """Its value: spikes are seen in charts."""
    return 99.0 if step % 3001 == 0 else step % 17 / 4


@pytest.mark.parametrize("order", ["in turn", "in no order", "twice"])
def test_nothing_is_lost_or_counted_twice(
    order: str, new_store: str, start_server: Callable[..., RunningServer]
) -> None:
    """Every acknowledged point is in the history once, in charts, and in the blocks that those are read from."""
    servers = [start_server(database_uri=new_store) for _ in range(2)]
    with Caller(servers[0].url) as caller:
        run_id = caller.new_run()
    together = threading.Barrier(2)

    def write(server: RunningServer, some: list[list[int]]) -> None:
        together.wait()
        with Caller(server.url) as caller:
            for steps in some:
                points = [{"key": "loss", "step": step, "timestamp": step, "value": value_of(step)} for step in steps]
                caller.call("runs/log-batch", {"run_id": run_id, "metrics": points})
                shown = caller.request("GET", f"/ui/metrics?runs={run_id}&key=loss")  # which has blocks sealed
                assert 200 == shown[0]

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, servers, pieces(order)))
    for server in servers:
        server.stop()

    with closing(Gate.open(new_store)) as gate:
        history = gate.perform(GetMetricHistory(run_id=run_id, metric_key="loss"))["metrics"]
        assert [(step, value_of(step)) for step in range(COUNT)] == [(one["step"], one["value"]) for one in history]
        curve = gate.perform(GetMetricCurves(run_ids=[run_id], metric_key="loss", max_points=64))["curves"][0]
        assert (COUNT, {99.0}) == (curve["points"], {value for value in curve["values"] if value > 4})
        for check in (latest_points, blocks_of_metrics):
            assert [(1, [])] == list(examined(check, gate.inspect, None))


@pytest.mark.parametrize("cluster", ["postgresql"], indirect=True)
def test_no_block_is_made_over_points_that_are_on_their_way(gate: Gate) -> None:
    """A point that another server has written and not committed cannot be seen yet: a block would leave it out."""
    run_id = a_run(gate)
    for first in range(0, 2 * BLOCK, BLOCK // 2):
        points = [a_point(value=0.5, timestamp=step, step=step) for step in range(first, first + BLOCK // 2)]
        gate.perform(LogBatch(run_id=run_id, metrics=points))
    [number] = gate.inspect(lambda tx: tx.execute(sa.select(metric_series.c.id)).scalars().all())
    with gate.engines.writing.begin() as connection:
        connection.execute(sa.delete(metric_blocks))
        connection.execute(sa.update(metric_series).values(sealed_step=None))
    late = sa.insert(metric_points).values(series_id=number, step=7, timestamp=99, value=0.5)

    with gate.engines.writing.begin() as stranger:
        stranger.execute(late)
        assert not gate.administer(lambda tx: blocks.seal(tx, number))
    assert [(0, [])] == blocks_found(gate)
    gate.administer(lambda tx: blocks.seal(tx, number))

    assert [(1, [])] == blocks_found(gate)


def blocks_found(gate: Gate) -> list[tuple[int, list[Difference]]]:
    """The number of series with blocks, and what is wrong with them."""
    return list(examined(blocks_of_metrics, gate.inspect, None)) or [(0, [])]
