"""What is kept twice is compared with its rows, and mended from them."""

import math
import random
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from runyard.db.metadata import metadata
from runyard.gate.gate import Gate
from runyard.tracking.checks import CHECKS, Check, examined
from runyard.tracking.checks.blocks import blocks_of_metrics
from runyard.tracking.checks.documents import documents
from runyard.tracking.checks.latest import latest_points
from runyard.tracking.metrics import blocks
from runyard.tracking.metrics.blocks import BLOCK
from runyard.tracking.metrics.entities import Metric
from runyard.tracking.metrics.messages import GetMetricCurves, GetMetricHistory, LogMetric
from runyard.tracking.metrics.tables import metric_blocks, metric_points, metric_series
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import DeleteTag, LogBatch, SetTag
from runyard.tracking.runs.tables import params, runs, tags
from tests.factories import a_run, an_experiment, pairs, shown_run

VALUES = (0.0, -1.5, 2.25, float("nan"), float("inf"), float("-inf"), 1e308)


@pytest.fixture
def made(gate: Gate) -> list[str]:
    """Runs with odd texts, and with points that share steps and times, in no order."""
    chance = random.Random(5)
    experiment_id = an_experiment(gate)
    made = [a_run(gate, experiment_id, tags={"Zoé \"'\\": "ü\n", "a": "x"}) for _ in range(12)]
    for run_id in made:
        points = [
            Metric(
                key=f"m{chance.randrange(4)}",
                value=chance.choice(VALUES),
                timestamp=chance.randrange(3),
                step=chance.randrange(-2, 3),
            )
            for _ in range(30)
        ]
        given = [Param(key=key, value=key * 3) for key in ("b", "B", "é", "z 1")]
        gate.perform(LogBatch(run_id=run_id, metrics=points, params=given))
        for point in points[:5]:
            gate.perform(LogMetric(run_id=run_id, key="one", value=point.value, timestamp=1, step=point.step))
        gate.perform(SetTag(run_id=run_id, key="added", value="1"))
        gate.perform(DeleteTag(run_id=run_id, key="a"))
    return made


def every_row(gate: Gate) -> dict[str, list[str]]:
    """The content of every table, as text: NaN is not equal to itself."""
    with gate.engines.reading.connect() as connection:
        return {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(sa.select(table)))
            for table in metadata.sorted_tables
        }


def differing(gate: Gate, check: Check, *, repair: bool = False) -> list[str]:
    """The texts of all differences."""
    pieces = list(examined(check, gate.inspect, gate.administer if repair else None))
    assert sum(compared for compared, _ in pieces) == gate.inspect(check.count)
    return [difference.text for _, found in pieces for difference in found]


def change(gate: Gate, *statements: Any) -> None:
    """Write to the database past the gate."""
    with gate.engines.writing.begin() as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize("piece", [1, 5, 1000])
@pytest.mark.usefixtures("made")
def test_nothing_differs_in_what_the_gate_wrote(gate: Gate, piece: int) -> None:
    """Whatever was logged, in pieces of any size; and repairing changes nothing then."""
    before = every_row(gate)
    for check in (replace(each, piece=piece) for each in CHECKS):
        assert [] == differing(gate, check)
        assert [] == differing(gate, check, repair=True)
    assert before == every_row(gate)


def test_what_differs_is_named_and_mended(gate: Gate, made: list[str]) -> None:
    """Each damaged row and no other; afterwards every row is as it was."""
    before = every_row(gate)
    damaged = [runs.c.run_uuid == made[number] for number in range(4)]
    change(
        gate,
        sa.update(runs).where(damaged[0]).values(document=""),
        sa.update(runs).where(damaged[1]).values(document="no JSON"),
        sa.update(runs).where(damaged[2]).values(document=runs.c.document.concat(" ")),  # says the same
        sa.update(metric_series)
        .where(
            metric_series.c.key == "m1",
            metric_series.c.run_id == sa.select(runs.c.id).where(damaged[3]).scalar_subquery(),
        )
        .values(value=77.0),
        sa.update(metric_series)
        .where(
            metric_series.c.key == "one",
            metric_series.c.run_id == sa.select(runs.c.id).where(damaged[0]).scalar_subquery(),
        )
        .values(document="{}"),
    )

    texts = [f"run {made[number]}: its document is not what its params and tags say" for number in range(2)]
    assert texts == differing(gate, documents)
    found = differing(gate, latest_points)
    assert [f"run {made[0]}: metric 'one'", f"run {made[3]}: metric 'm1'"] == [
        text.partition(" shows")[0] for text in found
    ]
    assert "77.0 at step" in found[1]

    assert texts == differing(gate, documents, repair=True)
    assert 2 == len(differing(gate, latest_points, repair=True))
    assert [] == [text for check in CHECKS for text in differing(gate, check)]
    change(gate, sa.update(runs).where(damaged[2]).values(document=sa.func.rtrim(runs.c.document)))
    assert before == every_row(gate)


def test_rows_added_past_the_gate_are_taken_in(gate: Gate, made: list[str]) -> None:
    """Params, tags and points are what counts; a series that lost its points keeps the one that is known."""
    number = gate.inspect(lambda tx: tx.scalar(sa.select(runs.c.id).where(runs.c.run_uuid == made[0])))
    of_series = sa.select(metric_series.c.id).where(metric_series.c.run_id == number, metric_series.c.key == "m0")
    series = gate.inspect(lambda tx: tx.scalar(of_series))
    known = next(one for one in shown_run(gate, made[0])["data"]["metrics"] if one["key"] == "m0")
    change(
        gate,
        sa.insert(params).values(run_id=number, key="later", value="1"),
        sa.delete(tags).where(tags.c.run_id == number, tags.c.key == "added"),
        sa.delete(metric_points).where(metric_points.c.series_id == series),
    )

    assert [f"run {made[0]}: metric 'm0' has no points, only a latest one"] == differing(
        gate, latest_points, repair=True
    )
    assert 1 == len(differing(gate, documents, repair=True))
    assert [] == [text for check in CHECKS for text in differing(gate, check)]
    shown = shown_run(gate, made[0])["data"]
    assert "1" == pairs(shown["params"])["later"]
    assert "added" not in pairs(shown["tags"])
    assert known in shown["metrics"]


@pytest.fixture
def long(gate: Gate) -> str:
    """A run with a metric that has five blocks, NaN among their ends, and one that is short."""
    run_id = a_run(gate, an_experiment(gate))
    chance = random.Random(9)
    for first in range(0, 5 * BLOCK + 300, 271):
        steps = range(first, min(first + 271, 5 * BLOCK + 300))
        points = [
            Metric(
                key="loss",
                value=math.nan if step % BLOCK == BLOCK - 1 else chance.gauss(0, 1),
                timestamp=chance.randrange(10**6),
                step=step,
            )
            for step in steps
        ]
        gate.perform(LogBatch(run_id=run_id, metrics=points))
    gate.perform(LogMetric(run_id=run_id, key="short", value=1.0, timestamp=1))
    return run_id


def ends(gate: Gate) -> list[int]:
    """The last steps of all blocks."""
    chosen = sa.select(metric_blocks.c.step).order_by(metric_blocks.c.step)
    return list(gate.inspect(lambda tx: tx.execute(chosen).scalars().all()))


@pytest.mark.parametrize("seed", range(4))
def test_blocks_of_points_that_came_at_once_are_true(gate: Gate, seed: int) -> None:
    """Pieces of any length, single points between them, late ones and some sent twice: all are in the blocks."""
    chance = random.Random(seed)
    run_id, step = a_run(gate, an_experiment(gate)), 0
    for _ in range(14):
        count = chance.choice([1, 30, 511, 512, 700, 1000])
        begin = chance.choice([step, step, step, step, max(0, step - 20)])
        values = [chance.choice([math.nan, math.inf, chance.gauss(0, 1)]) for _ in range(count)]
        points = [
            Metric(key="loss", value=value, timestamp=chance.randrange(10**6), step=begin + place)
            for place, value in enumerate(values)
        ]
        for _ in range(chance.choice([1, 1, 1, 2])):
            gate.perform(LogBatch(run_id=run_id, metrics=points))
        step = max(step, begin + count)

    assert [] == differing(gate, blocks_of_metrics)
    if step > 2 * BLOCK:
        assert ends(gate)


@pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)
def test_points_that_came_at_once_make_a_block(gate: Gate) -> None:
    """They are not read again for it; a few that waited before them are in it, too."""
    run_id = a_run(gate, an_experiment(gate))
    for first, last in ((0, 1000), (1000, 2000), (2000, 2010), (2010, 3010)):
        points = [Metric(key="loss", value=1.0, timestamp=step, step=step) for step in range(first, last)]
        gate.perform(LogBatch(run_id=run_id, metrics=points))

    assert [999, 1999, 3009] == ends(gate)
    assert [] == differing(gate, blocks_of_metrics)


def test_blocks_that_differ_are_sealed_again(gate: Gate, long: str) -> None:
    """Charts and histories are read from them: each damaged one is named, and is afterwards as it was."""
    before = every_row(gate)
    steps = ends(gate)
    assert [number * BLOCK - 1 for number in range(1, 6)] == steps
    assert [] == differing(gate, blocks_of_metrics)
    at = [metric_blocks.c.step == step for step in steps]
    change(
        gate,
        sa.update(metric_blocks).where(at[0]).values(points=metric_blocks.c.points - 1),
        sa.update(metric_blocks).where(at[1]).values(levels=b"x" * 48),
        sa.update(metric_blocks).where(at[2]).values(greatest_time=metric_blocks.c.greatest_time + 1),
        sa.update(metric_blocks).where(at[3]).values(levels=sa.null()),  # not wrong: its points are read
        sa.update(metric_blocks).where(at[4]).values(wide_levels=b"x" * 48),
        sa.update(metric_series).where(metric_series.c.key == "loss").values(sealed_step=7),
    )

    name = f"run {long}: metric 'loss': "
    texts = [
        f"{name}the block of points that ends at step {step} is not what they say" for step in [*steps[:3], steps[4]]
    ]
    texts.append(f"{name}its blocks end at step {steps[-1]}, and 7 is noted")
    assert texts == differing(gate, blocks_of_metrics)
    assert texts == differing(gate, blocks_of_metrics, repair=True)
    assert [] == [text for check in CHECKS for text in differing(gate, check)]
    assert before == every_row(gate)


def test_blocks_follow_points_that_were_changed_past_the_gate(gate: Gate, long: str) -> None:
    """Points removed or added by another program: what charts and histories show is what is there."""
    number = gate.inspect(lambda tx: tx.scalar(sa.select(metric_series.c.id).where(metric_series.c.key == "loss")))
    steps = ends(gate)
    of_series = metric_points.c.series_id == number
    change(
        gate,
        sa.delete(metric_points).where(of_series, metric_points.c.step == 5),
        sa.delete(metric_points).where(of_series, metric_points.c.step.between(steps[1] + 1, steps[2])),
        sa.delete(metric_points).where(of_series, metric_points.c.step > steps[3]),
    )

    assert 3 == len(differing(gate, blocks_of_metrics, repair=True))
    differing(gate, latest_points, repair=True)

    assert [] == [text for check in CHECKS for text in differing(gate, check)]
    assert [steps[0], steps[1], steps[3]] == ends(gate)
    kept = 3 * BLOCK - 1
    curve = gate.perform(GetMetricCurves(run_ids=[long], metric_key="loss", max_points=100))["curves"][0]
    assert kept == curve["points"]
    assert kept == len(gate.perform(GetMetricHistory(run_id=long, metric_key="loss"))["metrics"])


@pytest.mark.usefixtures("long")
def test_many_blocks_are_mended_in_several_transactions(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A series may have thousands: servers write in between."""
    monkeypatch.setattr(blocks.seal_void, "__defaults__", (2,))
    change(gate, sa.update(metric_blocks).values(points=1))
    commits: list[int] = []
    gate.observe_groups(lambda writes, _: commits.append(writes))

    assert 5 == len(differing(gate, blocks_of_metrics, repair=True))
    assert 4 == len(commits)
    assert [] == differing(gate, blocks_of_metrics)
