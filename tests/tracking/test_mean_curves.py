"""Means of groups of runs: what pandas gives for five seeds each, at bounded cost."""

import math
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from runyard.exceptions import InvalidParameter
from runyard.gate.gate import Gate
from runyard.tracking.metrics.messages import GetMeanCurves, MeanCurve
from runyard.tracking.runs.messages import LogBatch
from tests.factories import NOW, a_point, a_run, an_experiment

SEEDS = range(5)


def seeds(gate: Gate, experiment_id: str, level: float) -> tuple[list[str], pd.DataFrame]:
    """Five runs of a level that log at their own number of steps, one of them NaN on the way; and all their points."""
    chance, ids, rows = random.Random(level), [], []
    for seed in SEEDS:
        run_id = a_run(gate, experiment_id)
        values = {step: level + chance.gauss(0, 1) for step in range(20 + seed)}
        points = [a_point("loss", value, NOW + 250 * step + seed, step) for step, value in values.items()]
        points += [a_point("loss", math.nan, NOW + 9000, 40), a_point("epoch", 0.5, NOW, 0)]
        points += [a_point("epoch", float(step), NOW, 2 * step) for step in range(1, 15)]
        gate.perform(LogBatch(run_id=run_id, metrics=points))
        rows += [(run_id, step, value) for step, value in values.items()]
        ids.append(run_id)
    return ids, pd.DataFrame(rows, columns=["run", "step", "value"])


def same(expected: Any, found: Sequence[float]) -> None:
    """Compare to the last digits; NaN is NaN."""
    np.testing.assert_allclose(np.asarray(found, float), np.asarray(expected, float), rtol=1e-12)


def test_five_seeds_a_group_come_to_what_pandas_gives(gate: Gate) -> None:
    """The picture of a comparison over seeds is what goes into a paper."""
    experiment_id = an_experiment(gate)
    groups = [seeds(gate, experiment_id, level) for level in (0.0, 3.0)]

    answer = gate.ask(GetMeanCurves(groups=[ids for ids, _ in groups], metric_key="loss"))

    for (_, points), curve in zip(groups, answer.curves, strict=True):
        expected = points.groupby("step")["value"].agg(["count", "mean", "std", "sem", "min", "max"])
        assert (5, len(expected)) == (curve.runs, curve.points)
        assert list(expected["count"]) == curve.n
        same(expected.index, curve.xs)
        for name, found in zip(("mean", "std", "sem", "min", "max"), _figures(curve), strict=True):
            same(expected[name], found)


def _figures(curve: MeanCurve) -> tuple[list[float], ...]:
    return curve.mean, curve.sd, curve.sem, curve.min, curve.max


def test_means_at_other_places_than_points_and_of_the_best_so_far(gate: Gate) -> None:
    """Runs lie on straight lines between their points; a run counts from its first to its last."""
    experiment_id = an_experiment(gate)
    ids, points = seeds(gate, experiment_id, 1.0)
    table = points.pivot_table(index="step", columns="run", values="value")

    [few] = gate.ask(GetMeanCurves(groups=[ids], metric_key="loss", max_points=6)).curves
    [best] = gate.ask(GetMeanCurves(groups=[ids], metric_key="loss", best="min")).curves
    [part] = gate.ask(GetMeanCurves(groups=[ids], metric_key="loss", start_step=3, end_step=5)).curves

    assert ([0, 5, 9, 14, 18, 23], 24) == (few.xs, few.points)
    same(table.mean(axis=1)[[0, 5, 9, 14, 18, 23]], few.mean)
    same(table.cummin().where(table.notna()).mean(axis=1), best.mean)
    assert ([3, 4, 5], 3) == (part.xs, part.points)


@pytest.mark.parametrize("x", ["relative", "time", "metrics.epoch"])
def test_means_along_other_axes(gate: Gate, x: str) -> None:
    """Seconds since the first point of each run, the clock, and another metric as it was last before."""
    ids, points = seeds(gate, an_experiment(gate), 2.0)
    at = {run_id: points[points["run"] == run_id].reset_index(drop=True) for run_id in ids}
    for seed, some in enumerate(at.values()):
        some["time"] = NOW + 250.0 * some["step"] + seed
        some["relative"] = 0.25 * some["step"]
        some["metrics.epoch"] = np.where(some["step"] < 2, 0.5, np.minimum(some["step"] // 2, 14))
    lines = [some.drop_duplicates(x, keep="last") for some in at.values()]
    grid = np.unique(np.concatenate([line[x] for line in lines]))
    values = [np.interp(grid, line[x], line["value"], left=np.nan, right=np.nan) for line in lines]

    [curve] = gate.ask(GetMeanCurves(groups=[ids], metric_key="loss", x=x)).curves

    same(grid, curve.xs)
    same(np.nanmean(values, axis=0), curve.mean)


def test_long_series_are_read_in_part(gate: Gate) -> None:
    """Fifteen runs of a million points must not be a million points each to read: levels stand for them."""
    experiment_id, ids = an_experiment(gate), []
    for seed in range(2):
        ids.append(a_run(gate, experiment_id))
        for first in range(0, 5000, 1000):
            points = [a_point("loss", seed + step % 2 * 1e-3, NOW, step) for step in range(first, first + 1000)]
            gate.perform(LogBatch(run_id=ids[-1], metrics=points))
    many = [a_run(gate, experiment_id) for _ in range(100)]
    for run_id in many:
        gate.perform(LogBatch(run_id=run_id, metrics=[a_point("loss", 0.5, NOW, step) for step in (0, 4999)]))

    [one, other] = gate.ask(GetMeanCurves(groups=[ids, [*ids, *many]], metric_key="loss", max_points=50)).curves

    assert (2, 50) == (one.runs, len(one.xs))
    assert 0.5 == pytest.approx(one.mean[25], abs=2e-3)
    assert {102} == set(other.n)


def test_a_group_without_the_metric_is_empty(gate: Gate) -> None:
    """It stays in its place, so that groups and curves go together."""
    ids, _ = seeds(gate, an_experiment(gate), 0.0)

    found = gate.ask(GetMeanCurves(groups=[["nobody"], [], ids[:1]], metric_key="loss")).curves

    assert [0, 0, 1] == [curve.runs for curve in found]
    assert [[], [], [1] * 20] == [curve.n for curve in found]
    assert all(math.isnan(value) for value in found[2].sd)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"groups": []}, "'groups' has 0 entries"),
        ({"groups": [["a"] * 501]}, "names 501 runs"),
        ({"x": "epoch"}, "Invalid value 'epoch' for parameter 'x'"),
        ({"best": "last"}, "Invalid value 'last' for parameter 'best'"),
        ({"max_points": 1}, "Invalid value 1 for parameter 'max_points'"),
    ],
)
def test_what_cannot_be_answered_is_refused(gate: Gate, fields: dict[str, Any], said: str) -> None:
    """The error names the value and what to give instead."""
    with pytest.raises(InvalidParameter, match=said):
        gate.ask(GetMeanCurves(**{"groups": [["a"]], "metric_key": "loss", **fields}))
