"""Groups of runs, beside what pandas makes of the same runs."""

import math
import random
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest

from runyard.core.entity import Tag
from runyard.exceptions import InvalidParameter
from runyard.gate.gate import Gate
from runyard.tracking.inputs.entities import Dataset, DatasetInput
from runyard.tracking.inputs.messages import LogInputs
from runyard.tracking.run_groups.messages import GroupRuns, RunGroup
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import DeleteRun, LogBatch, SearchRuns, UpdateRun
from tests.factories import NOW, a_point, a_run, an_experiment

_KEYS = ("params.lr", "params.odd key/x", "tags.team", "status", "user")
_VALUES = ("0.1", "1e-3", "10", "9", "b", "a'b\"c", "", "ä", "x" * 250 + "1", "x" * 250 + "2")
_NUMBERS = (0.5, 1.0, -3.25, 1e9, 1e9 + 1, 1e9 + 2, 1e-200, math.nan, math.inf, -math.inf, 1e200)
_MISSING = "\0"
"""Stands for what a run lacks: pandas would leave such runs out."""


@dataclass
class Made:
    """A run as it was logged."""

    run_id: str
    values: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)


def a_random_store(gate: Gate, experiment_id: str, seed: int, count: int = 40) -> list[Made]:
    """Log runs with some of a few keys; some are deleted, and not among those it returns."""
    chance, made = random.Random(seed), []
    for place in range(count):
        user = chance.choice(("", "ann", "bob"))
        run = Made(a_run(gate, experiment_id, user_id=user, start_time=NOW + place))
        run.values = {key: chance.choice(_VALUES) for key in _KEYS[:3] if chance.random() < 0.7}
        run.metrics = {key: chance.choice(_NUMBERS) for key in ("loss", "acc") if chance.random() < 0.8}
        run.metrics["steady"] = 1e8 + chance.random()
        params = [Param(key=key[7:], value=value) for key, value in run.values.items() if key.startswith("params.")]
        tags = [Tag(key=key[5:], value=value) for key, value in run.values.items() if key.startswith("tags.")]
        points = [a_point(key, value) for key, value in run.metrics.items()]
        gate.perform(LogBatch(run_id=run.run_id, metrics=points, params=params, tags=tags))
        run.values["status"] = chance.choice(("RUNNING", "FINISHED"))
        gate.perform(UpdateRun(run_id=run.run_id, status=run.values["status"]))
        run.values |= {"user": user} if user else {}
        if chance.random() < 0.1:
            gate.perform(DeleteRun(run_id=run.run_id))
        else:
            made.append(run)
    return made


def all_groups(gate: Gate, **question: Any) -> list[RunGroup]:
    """The groups of all pages, of three each."""
    found: list[RunGroup] = []
    token = None
    while True:
        answer = gate.ask(GroupRuns(**question, max_results=3, page_token=token))
        found += answer.groups
        assert answer.total >= len(found)
        if not (token := answer.next_page_token):
            assert answer.total == len(found)
            return found


@pytest.mark.parametrize("keys", [["params.lr"], ["params.odd key/x", "status"], ["user", "tags.team", "params.lr"]])
def test_groups_are_what_pandas_makes_of_the_runs(gate: Gate, keys: list[str]) -> None:
    """Mean, deviation of the sample, minimum and maximum; NaN and what is missing are counted apart."""
    experiment_id = an_experiment(gate)
    made = a_random_store(gate, experiment_id, seed=len(keys))
    metrics = ["loss", "acc", "steady", "nowhere"]
    rows = [{**{key: run.values.get(key, _MISSING) for key in keys}, **run.metrics} for run in made]
    frame = pd.DataFrame(rows, columns=[*keys, *metrics]).astype(dict.fromkeys(metrics, float))

    groups = all_groups(gate, experiment_ids=[experiment_id], group_by=keys, metrics=metrics)

    expected: dict[Any, pd.DataFrame] = dict(iter(frame.groupby(keys)))
    assert len(expected) == len(groups)
    assert sorted((group.runs for group in groups), reverse=True) == [group.runs for group in groups]
    for group in groups:
        part = expected[tuple(_MISSING if one.value is None else one.value for one in group.values)]
        assert len(part) == group.runs
        members = {run.run_id for run in made if all(run.values.get(one.key) == one.value for one in group.values)}
        found = gate.ask(SearchRuns(experiment_ids=[experiment_id], filter=group.filter)).runs
        assert members == {run.info.run_id for run in found}
        for figures in group.metrics:
            with np.errstate(invalid="ignore", over="ignore"):
                same_as_pandas(
                    figures, part[figures.key], sum(figures.key in run.metrics for run in made if run.run_id in members)
                )


def same_as_pandas(figures: Any, values: "pd.Series[float]", having: int) -> None:
    """Compare what a metric comes to with what pandas says of its values."""
    numbers = values.dropna()
    counts = (len(numbers), having - len(numbers), len(values) - having)
    assert counts == (figures.runs, figures.nan, figures.missing)
    if not len(numbers):
        assert (None, None, None, None) == (figures.mean, figures.sd, figures.min, figures.max)
        return
    assert (numbers.min(), numbers.max()) == (figures.min, figures.max)
    assert pytest.approx(numbers.mean(), rel=1e-9, abs=1e-7, nan_ok=True) == figures.mean
    if len(numbers) == 1:
        assert figures.sd is None
        return
    huge = numbers.abs().max() > 1e140 and numbers.min() != numbers.max()
    expected = math.nan if huge or math.isinf(numbers.max()) or math.isinf(numbers.min()) else numbers.std(ddof=1)
    assert pytest.approx(expected, rel=1e-6, abs=1e-7, nan_ok=True) == figures.sd


@pytest.fixture
def losses(gate: Gate) -> tuple[Gate, str]:
    """Runs of four learning rates, one of which has no loss, and one run without a rate."""
    experiment_id = an_experiment(gate)
    values = {"10": (1.0, 3.0), "9": (5.0, 5.5), "b": (0.0, 10.0), "none": (), None: (4.0, math.nan)}
    started = NOW
    for rate, several in values.items():
        for value in several or (None,):
            run_id = a_run(gate, experiment_id, start_time=(started := started + 1))
            params = [] if rate is None else [Param(key="lr", value=rate)]
            points = [] if value is None else [a_point("loss", value)]
            gate.perform(LogBatch(run_id=run_id, params=params, metrics=points))
    return gate, experiment_id


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("group", ["9", "10", "b", "none", None]),
        ("group DESC", ["10", "9", "none", "b", None]),
        ("runs", ["none", "9", "10", "b", None]),
        ("mean(metrics.loss)", ["10", None, "b", "9", "none"]),
        ("MEAN(metrics.loss) desc", ["9", "b", None, "10", "none"]),
        ("min(metrics.loss) DESC", ["9", None, "10", "b", "none"]),
        ("max(metrics.loss) DESC", ["b", "9", None, "10", "none"]),
        ("sd(metrics.loss) DESC", ["b", "10", "9", "none", None]),
        ("sd(metrics.loss)", ["9", "10", "b", "none", None]),
    ],
)
def test_groups_are_ordered_by_what_they_come_to(losses: tuple[Gate, str], order: str, expected: list[Any]) -> None:
    """What has no such number comes last; texts that are numbers are ordered as such."""
    gate, experiment_id = losses

    for metrics in ([], ["loss"]):
        groups = all_groups(
            gate, experiment_ids=[experiment_id], group_by=["params.lr"], metrics=metrics, order_by=order
        )
        assert expected == [group.values[0].value for group in groups]


def test_a_filter_and_a_bound_leave_runs_out(losses: tuple[Gate, str]) -> None:
    """And the answer says that there are more."""
    gate, experiment_id = losses
    question: dict[str, Any] = {"experiment_ids": [experiment_id], "group_by": ["params.lr"]}

    few = gate.ask(GroupRuns(**question, filter="metrics.loss > 4 or params.lr = '10'"))
    newest = gate.ask(GroupRuns(**question, max_runs=3))

    assert {("9", 2), ("10", 2), ("b", 1)} == {(group.values[0].value, group.runs) for group in few.groups}
    assert "(metrics.loss > 4 or params.lr = '10') AND params.lr = 'b'" in [group.filter for group in few.groups]
    assert (5, False) == (few.runs, few.more)
    assert (3, True) == (newest.runs, newest.more)
    assert (0, [], False) == (
        (none := gate.ask(GroupRuns(**question, filter="run_name = 'x'"))).total,
        none.groups,
        none.more,
    )


def test_a_run_of_two_datasets_counts_in_both_groups(gate: Gate) -> None:
    """And one that used none in a group of its own, which its filter finds."""
    experiment_id = an_experiment(gate)
    both, one, none = (a_run(gate, experiment_id) for _ in range(3))
    named = [Dataset(name="a (x)", digest=digest, source_type="local", source="{}") for digest in ("1", "2")]
    for run_id, used in ((both, named), (one, named[:1])):
        gate.perform(LogInputs(run_id=run_id, datasets=[DatasetInput(dataset=each) for each in used]))

    def found(key: str) -> dict[str | None, set[str]]:
        groups = gate.ask(GroupRuns(experiment_ids=[experiment_id], group_by=[key])).groups
        return {
            group.values[0].value: {
                run.info.run_id
                for run in gate.ask(SearchRuns(experiment_ids=[experiment_id], filter=group.filter)).runs
            }
            for group in groups
        }

    assert {"a (x) (1)": {both, one}, "a (x) (2)": {both}, None: {none}} == found("dataset")
    assert {"a (x)": {both, one}, None: {none}} == found("dataset.name")
    assert {"1": {both, one}, "2": {both}, None: {none}} == found("dataset.digest")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"group_by": ["lr"]}, "Runs cannot be grouped by 'lr'."),
        ({"group_by": []}, "'group_by' has 0 entries"),
        ({"group_by": ["status", "status"]}, "'group_by' names something twice"),
        ({"order_by": "median(metrics.loss)"}, "Groups cannot be ordered by"),
        ({"max_runs": 0}, "Invalid value 0 for parameter 'max_runs'"),
        ({"page_token": "x"}, "The page token is not one of this server's."),
        ({"metrics": ["a"] * 61}, "'metrics' has 61 entries"),
    ],
)
def test_what_cannot_be_grouped_is_said(gate: Gate, wrong: dict[str, Any], said: str) -> None:
    """With what can be."""
    with pytest.raises(InvalidParameter, match=said.replace("(", r"\(")):
        gate.ask(GroupRuns(**{"experiment_ids": ["0"], "group_by": ["status"], **wrong}))
