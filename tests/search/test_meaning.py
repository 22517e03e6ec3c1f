"""What filters find, told without a database: on a small random store, in every order, on both databases."""

import random
from collections.abc import Iterator, Sequence
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runyard.core.clock import now_ms
from runyard.core.tags import RUN_NAME_TAG
from runyard.db.transaction import Transaction
from runyard.gate.gate import Gate
from runyard.search.fields import RUN_FIELDS
from runyard.search.nodes import Condition
from runyard.search.parser import parse_filter
from runyard.tracking.runs import ranges, search
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import CountRuns, DeleteRun, LogBatch, SearchRuns, UpdateRun
from runyard.tracking.runs.tables import runs
from tests.factories import a_point, a_run, an_experiment
from tests.search.filters import CONDITIONS, NUMERALS, KnownRun, holds, text_of

pytestmark = pytest.mark.slow

NAMES = ("adam 1", "Adam-2", "it's", '12"', "a_b", "100%", "ÄÖ", "opt")
VALUES = (*NUMERALS, *NAMES, "Adam", "a\\b", "it's 12\"", "xx-3")
NUMBERS = (0.0, 1.0, 0.1, 0.5, -2.5, float("nan"), float("inf"))
Value = TypeVar("Value")
Store = dict[str, list[KnownRun]]


@pytest.fixture(scope="module")
def store(gate: Gate) -> Store:
    """Two experiments by their ids, with forty runs that differ in everything."""
    chance = random.Random(7)
    found: Store = {}
    for name in ("adam tests", "others"):
        experiment = an_experiment(gate, name)
        found[experiment] = [a_random_run(gate, chance, experiment, name) for _ in range(20)]
        gate.perform(DeleteRun(run_id=a_run(gate, experiment, run_name="adam deleted")))
    return found


def a_random_run(gate: Gate, chance: random.Random, experiment: str, experiment_name: str) -> KnownRun:
    """Make a run, and tell what it has."""

    def some(keys: tuple[str, ...], values: Sequence[Value], share: float) -> dict[str, Value]:
        return {key: chance.choice(values) for key in keys if chance.random() < share}

    name, start = chance.choice(NAMES), chance.choice((1_000, 2_000, 3_000))
    metrics, params = some(("acc", "val/loss", "5fold"), NUMBERS, 0.7), some(("lr", "opt name"), VALUES, 0.8)
    tags = some(("lr", "opt name", "it's", "a`b", "mlflow.note.content", "mlflow.user"), VALUES, 0.5)
    run_id = a_run(gate, experiment, tags, run_name=name, start_time=start)
    run = KnownRun(run_id, name, experiment_name, "RUNNING", start, None, metrics, params, {**tags, RUN_NAME_TAG: name})
    gate.perform(
        LogBatch(
            run_id=run_id,
            metrics=[a_point(key, value) for key, value in metrics.items()],
            params=[Param(key=key, value=value) for key, value in params.items()],
        )
    )
    if chance.random() < 0.6:
        run.status, run.end_time = chance.choice(("FINISHED", "FAILED")), chance.choice((2_000, 5_000))
        gate.perform(UpdateRun(run_id=run_id, status=run.status, end_time=run.end_time))
    return run


@pytest.fixture(params=[None, 2], ids=["as it is", "with small bounds"])
def bounds(request: pytest.FixtureRequest) -> Iterator[None]:
    """The bounds up to which indexes are read first; small ones, so that other plans are followed too."""
    with pytest.MonkeyPatch.context() as patched:
        if request.param:
            patched.setattr(ranges, "MAX_FOUND", request.param)
            patched.setattr(ranges, "MAX_VALUES", request.param)
            patched.setattr(search, "FIRST_STEP", request.param)
            patched.setattr(search, "MAX_WALKED", 5 * request.param)
            patched.setattr(search, "MAX_NEWEST", 5 * request.param)
        yield


def found(gate: Gate, experiments: list[str], text: str, order: list[str]) -> list[str]:
    """Ids of the runs that a search finds, page by page."""
    ids: list[str] = []
    token: str | None = ""
    while token is not None:
        message = SearchRuns(experiment_ids=experiments, filter=text, order_by=order, max_results=7, page_token=token)
        answer = gate.perform(message)
        ids += [run["info"]["run_id"] for run in answer.get("runs", [])]
        token = answer.get("next_page_token")
    return ids


@pytest.mark.usefixtures("bounds")
def test_filters_find_what_they_say(gate: Gate, store: Store) -> None:
    """Every run that matches, no other, as many as are counted, in the order of the search without a filter."""
    orders = [[], ["metrics.acc DESC"], ["params.lr"], ["tags.lr", "run_name"], ["run_name DESC"], ["end_time"]]
    everything = {
        (scope, tuple(order)): found(gate, list(store)[:scope], "", order) for scope in (1, 2) for order in orders
    }

    @settings(max_examples=50, deadline=None)
    @given(CONDITIONS, st.sampled_from(orders), st.sampled_from((1, 2)))
    def check(condition: Condition, order: list[str], scope: int) -> None:
        experiments, text = list(store)[:scope], text_of(condition)
        now = now_ms()
        known = [run for experiment in experiments for run in store[experiment]]
        expected = {run.run_id for run in known if holds(condition, run, now)}
        in_order = [run_id for run_id in everything[scope, tuple(order)] if run_id in expected]
        assert in_order == found(gate, experiments, text, order), text
        assert len(expected) == gate.ask(CountRuns(experiment_ids=experiments, filter=text)).count

    check()


def test_conditions_hold_together(gate: Gate, store: Store) -> None:
    """A walk in the order of a metric keeps to those on it, and to alternatives beside them."""
    conditions = ("metrics.acc >= 0", "(params.lr > 0 OR NOT tags.lr IS NULL)", "metrics.acc IS NOT NULL", "adam")
    ids = [set(found(gate, list(store), text, [])) for text in conditions]
    together = found(gate, list(store), " AND ".join(conditions), ["metrics.acc"])
    assert set.intersection(*ids) == set(together)
    assert together


def test_both_ends_of_a_range_are_looked_up_at_once(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each end by itself may find half of all runs, so that all would be tested."""
    monkeypatch.setattr(ranges, "MAX_FOUND", 2)
    experiment = an_experiment(gate)
    for value in range(6):
        gate.perform(LogBatch(run_id=a_run(gate, experiment), metrics=[a_point("between", value)]))
    shown = [runs.c.experiment_id == int(experiment), runs.c.lifecycle_stage == "active"]
    with gate.engines.reading.connect() as connection:
        tx = Transaction(connection, gate.settings)
        wide = ranges.few_runs(tx, parse_filter("metrics.between >= 2", RUN_FIELDS), shown, False, "x")
        few = ranges.few_runs(tx, parse_filter("metrics.between BETWEEN 2 AND 3", RUN_FIELDS), shown, False, "x")
    assert wide is None
    assert few is not None
    assert 2 == len(few)
