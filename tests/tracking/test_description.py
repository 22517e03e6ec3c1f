"""What the runs of a search have in common."""

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from runyard.gate.gate import Gate
from runyard.tracking.run_trees.messages import SearchRunTree
from runyard.tracking.runs import description, keys, ranges, search
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import DeleteRun, DescribeRuns, LogBatch
from runyard.tracking.runs.tables import runs
from tests.factories import NOW, a_point, a_run, an_experiment
from tests.support.rows import add_runs
from tests.support.work import work_of

_QUESTIONS: list[tuple[str | None, Callable[["Made"], bool]]] = [
    (None, lambda run: True),
    ("metrics.loss > 1", lambda run: run.metrics.get("loss", 0) > 1),
    ("params.lr = 'a'", lambda run: run.params.get("lr") == "a"),
    ("params.lr != 'a'", lambda run: run.params.get("lr", "a") != "a"),
    ("metrics.loss <= 2 and params.é IS NULL", lambda run: run.metrics.get("loss", 9) <= 2 and "é" not in run.params),
    ("attributes.run_name LIKE 'n_1'", lambda run: run.name.endswith("1")),
    ("metrics.loss > 99", lambda run: False),
]
_LONG = "x" * 200
_BOUNDS = [
    *((description, name) for name in ("MAX_DESCRIBED", "MAX_DESCRIBED_MATCHES", "FEWEST_MATCHES", "MAX_BETWEEN")),
    *((description, name) for name in ("MAX_MATCHES", "MAX_TESTED")),
    *((search, name) for name in ("MAX_WALKED", "MAX_EXPECTED", "MAX_NEWEST", "MAX_GROUP")),
    *((ranges, name) for name in ("MAX_FOUND", "MAX_COMMON_RANGE", "MAX_COMMON")),
]
"""What experiments are too big for, so that a third of the bounds is reached by a third of the runs."""


@dataclass(frozen=True)
class Made:
    """A run as it was logged."""

    experiment_id: str
    name: str
    metrics: dict[str, float]
    params: dict[str, str]
    deleted: bool


def a_random_store(gate: Gate, experiment_ids: list[str], seed: int) -> list[Made]:
    """Log runs with some of a few keys."""
    chance = random.Random(seed)
    values = ("a", "b", "", _LONG + "1", _LONG + "2")
    made = [
        Made(
            experiment_id=chance.choice(experiment_ids),
            name=f"n {place % 3}",
            metrics={key: float(chance.randrange(4)) for key in ("loss", "acc", "system/cpu") if chance.random() < 0.6},
            params={key: chance.choice(values) for key in ("lr", "deep", "é") if chance.random() < 0.5},
            deleted=chance.random() < 0.2,
        )
        for place in range(30)
    ]
    for run in made:
        run_id = a_run(gate, run.experiment_id, run_name=run.name, start_time=NOW + chance.randrange(5))
        points = [a_point(key, value) for key, value in run.metrics.items()]
        params = [Param(key=key, value=value) for key, value in run.params.items()]
        gate.perform(LogBatch(run_id=run_id, metrics=points, params=params))
        if run.deleted:
            gate.perform(DeleteRun(run_id=run_id))
    return made


def described_plainly(runs: list[Made]) -> dict[str, Any]:
    """What the answer is to say of these runs, counted one by one."""
    metric_keys = sorted({key for run in runs for key in run.metrics})
    values: dict[str, list[str]] = {}
    for run in runs:
        for key, value in run.params.items():
            values.setdefault(key, []).append(value[:200])
    return {
        "runs": len(runs),
        "more": False,
        "described": len(runs),
        "metric_keys": [{"key": key, "runs": sum(key in run.metrics for run in runs)} for key in metric_keys],
        "param_keys": [
            {
                "key": key,
                "runs": len(found),
                "distinct": len(set(found)),
                "differing": 1000 - 1000 * alike(found) // max(1, len(found) * (len(found) - 1)) if found[1:] else 0,
                "example": min(found)[:40],
            }
            for key, found in sorted(values.items())
        ],
    }


def alike(values: list[str]) -> int:
    """The number of pairs, each in both orders, of equal values."""
    return sum(first == second for first, second in itertools.permutations(values, 2))


@pytest.mark.parametrize("seed", range(3))
def test_a_description_is_what_counting_run_by_run_finds(gate: Gate, seed: int) -> None:
    """Whatever the filter and the view, no run is left out and none counted twice."""
    experiment_ids = [an_experiment(gate), an_experiment(gate)]
    made = a_random_store(gate, experiment_ids, seed)

    for text, matches in _QUESTIONS:
        for view, deleted in (("ACTIVE_ONLY", (False,)), ("DELETED_ONLY", (True,)), ("ALL", (False, True))):
            for asked in (experiment_ids[:1], experiment_ids):
                expected = [
                    run for run in made if run.experiment_id in asked and run.deleted in deleted and matches(run)
                ]
                message = DescribeRuns(experiment_ids=asked, filter=text, run_view_type=view)
                assert described_plainly(expected) == gate.perform(message), (text, view)


def test_a_level_says_what_all_that_match_have(gate: Gate) -> None:
    """Whatever its order, its place and its page, it says of the search what asking for that alone says."""
    experiment_id = an_experiment(gate)
    add_runs(gate, experiment_id, 250, metrics=2, params=1)
    asked: dict[str, Any] = {"experiment_ids": [experiment_id]}
    second = gate.ask(SearchRunTree(**asked)).next_page_token
    newest = {"order_by": ["start_time DESC"]}
    pages: list[dict[str, Any]] = [{}, {"flat": True}, newest, {"max_results": 7}, {"max_results": 300}]

    for text in (None, "metrics.m1 >= 0", "metrics.m1 > 0.7", "metrics.m1 > 9", "params.p1 = 'same'"):
        described = gate.perform(DescribeRuns(**asked, filter=text))
        for page in pages:
            level = gate.perform(SearchRunTree(**asked, filter=text, describe=True, **page))
            assert described == level["described"], (text, page)
    others: list[dict[str, Any]] = [{"order_by": ["metrics.m1"]}, {"page_token": second}]
    for page in others:
        level = gate.perform(SearchRunTree(**asked, describe=True, **page))
        assert gate.perform(DescribeRuns(**asked)) == level["described"]
    assert gate.perform(DescribeRuns()) == gate.perform(SearchRunTree(describe=True))["described"]


def test_what_is_known_of_some_runs_is_told_anew_when_one_of_them_gets_another_key(gate: Gate) -> None:
    """What an answer has is its caller's; and SQLite gives the number of a last run that was removed to the next."""
    experiment_id = an_experiment(gate)
    asked, lr = DescribeRuns(experiment_ids=[experiment_id]), Param(key="lr", value="1")
    for place in range(3):
        gate.perform(LogBatch(run_id=a_run(gate, experiment_id, start_time=NOW + place), params=[lr]))
    same = {"key": "lr", "runs": 3, "distinct": 1, "differing": 0, "example": "1"}

    for _ in range(2):
        known = gate.perform(asked)["param_keys"]
        assert [same] == known
        known[0]["runs"] = 0
    last = a_run(gate, experiment_id, start_time=NOW + 9)
    gate.perform(LogBatch(run_id=last, params=[lr], metrics=[a_point("loss")]))
    before = gate.perform(asked)
    assert ([same | {"runs": 4}], [{"key": "loss", "runs": 1}]) == (before["param_keys"], before["metric_keys"])
    gate.administer(lambda tx: tx.execute(sa.delete(runs).where(runs.c.run_uuid == last)).rowcount)
    other = a_run(gate, experiment_id, start_time=NOW + 9)
    gate.perform(LogBatch(run_id=other, params=[Param(key="depth", value="2")], metrics=[a_point("f1")]))
    after = gate.perform(asked)

    assert ["depth", "lr"] == [entry["key"] for entry in after["param_keys"]]
    assert [{"key": "f1", "runs": 1}] == after["metric_keys"]
    gate.perform(LogBatch(run_id=other, params=[Param(key="lr", value="0")]))
    changed = {"runs": 4, "distinct": 2, "differing": 500, "example": "0"}
    assert {"key": "lr", **changed} == gate.perform(asked)["param_keys"][1]


def test_keys_are_those_of_the_newest_thousand_runs(gate: Gate) -> None:
    """A page of a big experiment reads some of its rows; what it says is of the runs that it looked at."""
    experiment_id, other = an_experiment(gate), an_experiment(gate)
    add_runs(gate, experiment_id, 1200, metrics=2, params=2)
    old = a_run(gate, experiment_id, start_time=0)
    gate.perform(LogBatch(run_id=old, metrics=[a_point("old")], params=[Param(key="p1", value="not the same")]))
    gate.perform(LogBatch(run_id=a_run(gate, other), params=[Param(key="elsewhere", value="1")]))

    found = gate.perform(DescribeRuns(experiment_ids=[experiment_id]))

    assert (1201, False, 1000) == (found["runs"], found["more"], found["described"])
    assert [{"key": "m1", "runs": 1000}, {"key": "m2", "runs": 1000}] == found["metric_keys"]
    same = {"runs": 1000, "distinct": 1, "differing": 0, "example": "same"}
    assert [{"key": "p1", **same}, {"key": "p2", **same}] == found["param_keys"]
    assert ["old"] == found["further_metric_keys"]
    assert ["elsewhere"] == found["further_param_keys"]


def test_fewer_runs_are_described_where_they_have_many_keys(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand runs of thousands of keys each would be millions of rows."""
    monkeypatch.setattr(keys, "MAX_ROWS", keys.MAX_ROWS // 10)
    experiment_id = an_experiment(gate)
    add_runs(gate, experiment_id, 40, metrics=300, params=100)

    found = gate.perform(DescribeRuns(experiment_ids=[experiment_id]))

    assert (40, False, 15) == (found["runs"], found["more"], found["described"])
    assert {15} == {entry["runs"] for entry in [*found["metric_keys"], *found["param_keys"]]}
    assert (300, 100) == (len(found["metric_keys"]), len(found["param_keys"]))


@pytest.mark.parametrize(("text", "bound", "described"), [(None, 100_000, 1000), ("metrics.m1 >= 0", 5000, 300)])
def test_runs_are_counted_up_to_a_bound(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, text: str | None, bound: int, described: int
) -> None:
    """The answer says when there are more than it counted. A fortieth of the bound is reached sooner."""
    name = "MAX_MATCHES" if text else "MAX_COUNTED"
    assert bound == getattr(description, name)
    bound = 2500
    monkeypatch.setattr(description, name, bound)
    experiment_id = an_experiment(gate)
    add_runs(gate, experiment_id, bound, metrics=1 if text else 0)
    message = DescribeRuns(experiment_ids=[experiment_id], filter=text)
    exact = gate.perform(message)
    gate.perform(LogBatch(run_id=a_run(gate, experiment_id), metrics=[a_point("m1")]))
    beyond = gate.perform(message)

    assert (bound, False, described) == (exact["runs"], exact["more"], exact["described"])
    assert (bound, True, described) == (beyond["runs"], beyond["more"], beyond["described"])


def test_describing_reads_no_more_of_a_bigger_experiment(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table of runs opens as fast when there are ten times as many, also with those of another experiment."""
    for module, name in _BOUNDS:
        monkeypatch.setattr(module, name, getattr(module, name) // 3)
    monkeypatch.setattr(description, "MAX_COUNTED", 1000)
    small, big, other = an_experiment(gate), an_experiment(gate), an_experiment(gate)
    texts = ("attributes.status = 'FINISHED'", "metrics.m1 >= 0 and params.p1 IS NOT NULL")
    add_runs(gate, small, 2000, metrics=2, params=2)
    for_small = [work_of(gate, DescribeRuns(experiment_ids=[small], filter=text)) for text in texts]
    with_other = work_of(gate, DescribeRuns(experiment_ids=[small, other]))
    add_runs(gate, big, 20_000, metrics=2, params=2, first=2001)

    for text, bound in zip(texts, for_small, strict=True):
        assert work_of(gate, DescribeRuns(experiment_ids=[big], filter=text)) <= 1.2 * bound, text
    assert work_of(gate, DescribeRuns(experiment_ids=[big, other])) <= 1.2 * with_other


def test_a_small_experiment_is_counted_exactly_beside_a_large_one_with_its_keys(gate: Gate) -> None:
    """The values of a metric that an index holds side by side are mostly those of the other."""
    large, small = an_experiment(gate, "large"), an_experiment(gate, "small")
    add_runs(gate, large, 6000, metrics=1)
    add_runs(gate, small, 1700, metrics=1, first=6001)
    described = gate.ask(DescribeRuns(experiment_ids=[small], filter="metrics.m1 >= 0"))

    assert (1700, False) == (described.runs, described.more)


@pytest.mark.parametrize(("between", "expected"), [(5000, 300), (100, 100)])
def test_fewer_matches_are_described_where_they_are_far_between(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, between: int, expected: int
) -> None:
    """To find the newest matches, all runs between them are tested."""
    monkeypatch.setattr(description, "MAX_BETWEEN", between)
    experiment_id = an_experiment(gate)
    add_runs(gate, experiment_id, 1500, metrics=1)

    described = gate.ask(DescribeRuns(experiment_ids=[experiment_id], filter="metrics.m1 >= 0.5"))

    assert expected == described.described
    assert 750 == pytest.approx(described.runs, abs=20)
    assert {expected} == {entry.runs for entry in described.metric_keys}
