"""Metrics: what is kept, what counts as latest, how history is read."""

import dataclasses
import itertools
import math
import random

import pytest

from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.gate.gate import Gate
from runyard.tracking.metrics.messages import (
    GetMetricCurves,
    GetMetricHistory,
    GetMetricHistoryBulk,
    GetMetricHistoryBulkInterval,
    LogMetric,
)
from runyard.tracking.metrics.sampling import EXACT_UP_TO
from runyard.tracking.runs.messages import DeleteRun, LogBatch
from tests.factories import NOW, a_point, a_run, shown_run


def log(gate: Gate, run_id: str, value: float, step: int = 0, timestamp: int = NOW, key: str = "loss") -> None:
    """Log one point."""
    gate.perform(LogMetric(run_id=run_id, key=key, value=value, timestamp=timestamp, step=step))


def history(gate: Gate, run_id: str, key: str = "loss") -> list[tuple[object, int, int]]:
    """Value, timestamp and step of every point."""
    points = gate.perform(GetMetricHistory(run_id=run_id, metric_key=key)).get("metrics", [])
    return [(point["value"], point["timestamp"], point["step"]) for point in points]


def latest(gate: Gate, run_id: str) -> dict[str, object]:
    """Latest value of every metric."""
    return {metric["key"]: metric["value"] for metric in shown_run(gate, run_id)["data"].get("metrics", [])}


def test_history_is_ordered_by_timestamp_step_and_value(gate: Gate) -> None:
    """Clients draw history in the order it comes."""
    run_id = a_run(gate)
    for value, timestamp, step in ((3.0, 5, 1), (1.0, 4, 9), (2.0, 5, 1), (0.0, 5, 0)):
        log(gate, run_id, value, step, timestamp)

    assert [(1.0, 4, 9), (0.0, 5, 0), (2.0, 5, 1), (3.0, 5, 1)] == history(gate, run_id)


def test_the_same_point_twice_is_one_point(gate: Gate) -> None:
    """A client that retries after a time-out must not draw a second point."""
    run_id = a_run(gate)
    for _ in range(2):
        log(gate, run_id, 0.5, 3)
        gate.perform(LogBatch(run_id=run_id, metrics=[a_point(step=3), a_point(step=4)]))

    assert [(0.5, NOW, 3), (0.5, NOW, 4)] == history(gate, run_id)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e308, -0.0, 5e-324])
def test_any_double_is_kept(gate: Gate, value: float) -> None:
    """Diverged training logs NaN and infinities, and nothing else may come back."""
    run_id = a_run(gate)
    log(gate, run_id, value)
    spelled = "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity") if math.isinf(value) else value

    assert [(spelled, NOW, 0)] == history(gate, run_id)
    assert {"loss": spelled} == latest(gate, run_id)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(1.0, 1, 5), (2.0, 9, 4)], 1.0),
        ([(1.0, 1, 5), (2.0, 9, 5)], 2.0),
        ([(7.0, 1, 5), (2.0, 1, 5)], 7.0),
        ([(-1.0, 1, 5), (math.nan, 1, 5)], "NaN"),
        ([(math.nan, 1, 5), (1.0, 1, 5)], 1.0),
        ([(1.0, 1, -5), (2.0, 1, -6)], 1.0),
    ],
)
def test_the_latest_point_has_the_greatest_step_then_timestamp_then_value(
    gate: Gate, points: list[tuple[float, int, int]], expected: object
) -> None:
    """One at a time, in a batch and in reverse: the latest is the same."""
    for order in (points, points[::-1]):
        one_by_one, at_once = a_run(gate), a_run(gate)
        for value, timestamp, step in order:
            log(gate, one_by_one, value, step, timestamp)
        gate.perform(LogBatch(run_id=at_once, metrics=[a_point("loss", *point) for point in order]))

        assert {"loss": expected} == latest(gate, one_by_one) == latest(gate, at_once)


def test_pages_of_history_join_without_gap_or_repeat(gate: Gate) -> None:
    """Equal timestamps and NaN at the border of a page are where paging goes wrong."""
    run_id = a_run(gate)
    values = [0.5, math.nan, math.inf, -math.inf, 1.0, 2.0, 3.0]
    gate.perform(LogBatch(run_id=run_id, metrics=[a_point(value=value) for value in values]))
    found, token = [], None
    while True:
        page = gate.perform(GetMetricHistory(run_id=run_id, metric_key="loss", max_results=2, page_token=token))
        found += [metric["value"] for metric in page["metrics"]]
        token = page.get("next_page_token")
        if token is None:
            break

    assert [value for value, _, _ in history(gate, run_id)] == found
    assert 7 == len(set(map(str, found)))


@pytest.mark.parametrize(
    "token", ["x", "bnVsbA==", "eyJvZmZzZXQiOiAwfQ==", "eyJvZmZzZXQiOiAtMX0=", "W10=", "eyJhZnRlciI6IFsxXX0="]
)
def test_a_forged_history_token_is_refused(gate: Gate, token: str) -> None:
    """Junk, null, offset 0, a negative offset, a list, half a place."""
    run_id = a_run(gate)
    log(gate, run_id, 1.0)

    with pytest.raises(InvalidParameter, match="page token"):
        gate.perform(GetMetricHistory(run_id=run_id, metric_key="loss", page_token=token))


def test_history_of_an_unknown_run_or_key_is_empty(gate: Gate) -> None:
    """Charts ask for keys that some runs never logged."""
    assert [] == history(gate, "0" * 32)
    assert [] == history(gate, a_run(gate))


def test_a_deleted_or_unknown_run_takes_no_metric(gate: Gate) -> None:
    """The two mistakes have two answers, which clients tell apart."""
    run_id = a_run(gate)
    gate.perform(DeleteRun(run_id=run_id))

    with pytest.raises(InvalidParameter, match="is deleted"):
        log(gate, run_id, 1.0)
    with pytest.raises(DoesNotExist):
        log(gate, "0" * 32, 1.0)


def test_bulk_history_caps_the_total(gate: Gate) -> None:
    """The cap is on all runs together, run after run."""
    runs = sorted(a_run(gate) for _ in range(3))
    for run_id in runs:
        gate.perform(LogBatch(run_id=run_id, metrics=[a_point(step=step) for step in range(3)]))
    points = gate.perform(GetMetricHistoryBulk(run_id=runs, metric_key="loss", max_results=4))["metrics"]

    assert [(runs[0], 0), (runs[0], 1), (runs[0], 2), (runs[1], 0)] == [(p["run_id"], p["step"]) for p in points]


def fill(gate: Gate, run_id: str, count: int) -> None:
    """Log points with steps 0, 1, 2 …"""
    for first in range(0, count, 1000):
        steps = range(first, min(first + 1000, count))
        gate.perform(
            LogBatch(run_id=run_id, metrics=[a_point(value=float(s % 97), timestamp=s, step=s) for s in steps])
        )


@pytest.mark.parametrize("count", [5, 40, EXACT_UP_TO + 2000])
@pytest.mark.parametrize("most", [1, 2, 10])
def test_interval_history_is_even_and_keeps_both_ends(gate: Gate, count: int, most: int) -> None:
    """Short series are thinned by rows, long ones by seeking; a chart must not see the difference."""
    run_id = a_run(gate)
    fill(gate, run_id, count)
    points = gate.perform(GetMetricHistoryBulkInterval(run_ids=[run_id], metric_key="loss", max_results=most))[
        "metrics"
    ]
    steps = [point["step"] for point in points]

    assert min(count, most) == len(steps)
    assert count - 1 == steps[-1]
    if most > 1:
        assert 0 == steps[0]
        gaps = [after - before for before, after in itertools.pairwise(steps)]
        assert max(gaps) - min(gaps) <= 1


def test_a_long_series_without_steps_is_thinned_by_time(gate: Gate) -> None:
    """Many scripts never pass a step."""
    run_id = a_run(gate)
    for first in range(0, EXACT_UP_TO + 1000, 1000):
        points = [a_point(value=float(i), timestamp=i) for i in range(first, first + 1000)]
        gate.perform(LogBatch(run_id=run_id, metrics=points))
    found = gate.perform(GetMetricHistoryBulkInterval(run_ids=[run_id], metric_key="loss", max_results=12))["metrics"]

    assert 12 == len(found)
    assert (0, EXACT_UP_TO + 999) == (found[0]["timestamp"], found[-1]["timestamp"])


def test_a_long_series_with_a_gap_has_no_point_twice(gate: Gate) -> None:
    """Steps that are sought in the gap find the point behind it, which may be NaN."""
    run_id, far = a_run(gate), 10 * EXACT_UP_TO
    fill(gate, run_id, EXACT_UP_TO)
    gate.perform(LogBatch(run_id=run_id, metrics=[a_point(value=math.nan, timestamp=far, step=far)]))
    found = gate.perform(GetMetricHistoryBulkInterval(run_ids=[run_id], metric_key="loss", max_results=101))["metrics"]

    steps = [point["step"] for point in found]
    assert [*range(0, EXACT_UP_TO, EXACT_UP_TO // 10), far] == steps
    assert ["NaN"] == [point["value"] for point in found if point["value"] != point["step"] % 97]


def test_the_interval_history_of_an_unknown_run_is_not_an_empty_one(gate: Gate) -> None:
    """A chart of nothing would look as if nothing had been logged; a run without the metric has none."""
    run_id = a_run(gate, "0")

    assert gate.perform(GetMetricHistoryBulkInterval(run_ids=[run_id], metric_key="loss")) == {}
    with pytest.raises(DoesNotExist, match="none"):
        gate.perform(GetMetricHistoryBulkInterval(run_ids=[run_id, "none"], metric_key="loss"))


def test_interval_history_looks_only_between_the_steps_given(gate: Gate) -> None:
    """Zooming asks for a part."""
    run_id = a_run(gate)
    fill(gate, run_id, 40)
    message = GetMetricHistoryBulkInterval(run_ids=[run_id, "0" * 32], metric_key="loss", start_step=10, end_step=12)

    assert [10, 11, 12] == [point["step"] for point in gate.perform(message)["metrics"]]


def test_curves_keep_spikes(gate: Gate) -> None:
    """One bad step in ten thousand is what people look for."""
    run_id = a_run(gate)
    fill(gate, run_id, 3000)
    log(gate, run_id, 1e6, 1234, 1234)
    log(gate, run_id, -1e6, 2345, 2345)
    [curve] = gate.perform(GetMetricCurves(run_ids=[run_id], metric_key="loss", max_points=50))["curves"]

    assert len(curve["steps"]) <= 50
    assert {1e6, -1e6} <= set(curve["values"])
    assert (0, 2999, 3002) == (curve["steps"][0], curve["steps"][-1], curve["points"])
    assert sorted(curve["steps"]) == curve["steps"]


def test_curves_join_another_metric_by_step(gate: Gate) -> None:
    """Its last point at the same step, else the last one before: what a plain loop over all points finds."""
    some, run_id = random.Random(5), a_run(gate)
    pick = [math.nan, math.inf, -0.5, 0.25, 1e300]
    xs = [a_point("x", some.choice(pick), some.randrange(3), some.randrange(-20, 60)) for _ in range(60)]
    gate.perform(LogBatch(run_id=run_id, metrics=[*xs, *(a_point("loss", 1.0, 0, step) for step in range(-30, 70, 3))]))
    question = GetMetricCurves(run_ids=[run_id], metric_key="loss", x_metric_key="x")

    [curve] = gate.ask(question).curves
    [without] = gate.ask(dataclasses.replace(question, x_metric_key="nothing")).curves

    def naive(step: int) -> float:
        before = [(p.step, p.timestamp, math.isnan(p.value), p.value) for p in xs if p.step <= step]
        return max(before)[3] if before else math.nan

    assert [repr(naive(step)) for step in curve.steps] == list(map(repr, curve.x_values))
    assert {"nan"} == set(map(repr, without.x_values))


@pytest.mark.parametrize(
    "key", ["", "/a", "a//b", "../a", "a/../b", "./a", ".", "a\x00", "a\n", "k" * 251, "a?b", "a\ud800"]
)
def test_path_like_keys_are_refused(gate: Gate, key: str) -> None:
    """Keys double as paths in some stores."""
    run_id = a_run(gate)

    with pytest.raises(InvalidParameter):
        log(gate, run_id, 1.0, key=key)
    assert {} == latest(gate, run_id)


@pytest.mark.parametrize("key", ["loss", "val/loss", "a b", "a.b-c_d:e", "é", "k" * 250])
def test_keys_mlflow_takes_are_taken(gate: Gate, key: str) -> None:
    """Letters of any script, digits and the six marks."""
    run_id = a_run(gate)
    log(gate, run_id, 1.0, key=key)

    assert {key: 1.0} == latest(gate, run_id)
