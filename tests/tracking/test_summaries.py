"""Summaries of experiments: what the front page says of each."""

import random
from collections import Counter
from functools import partial

import pytest
import sqlalchemy as sa

from runyard.core.lifecycle import LifecycleStage
from runyard.db.dialects import VALUES
from runyard.db.transaction import Prepared
from runyard.gate.gate import Gate
from runyard.tracking.experiments import summaries
from runyard.tracking.experiments.messages import SummarizeExperiments
from runyard.tracking.runs.messages import DeleteRun, UpdateRun
from runyard.tracking.runs.tables import runs
from tests.factories import NOW, a_run, an_experiment
from tests.support.rows import add_runs
from tests.support.work import work_of

_STATUSES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")


@pytest.fixture
def low_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the bound of summaries, which a tenth of the runs reaches."""
    monkeypatch.setattr(summaries, "MAX_SUMMARIZED", summaries.MAX_SUMMARIZED // 10)
    counted = Prepared(partial(summaries._summaries, stage=LifecycleStage.ACTIVE), VALUES)
    monkeypatch.setattr(summaries, "_of_active", counted)


@pytest.mark.parametrize("seed", range(3))
def test_a_summary_is_what_counting_run_by_run_finds(gate: Gate, seed: int) -> None:
    """Deleted runs do not count, and the last activity is an end or a start."""
    chance = random.Random(seed)
    experiment_ids = [an_experiment(gate) for _ in range(3)]
    expected = {one: Counter[str]() for one in experiment_ids}
    last = dict.fromkeys(experiment_ids, 0)
    for place in range(40):
        experiment_id, status = chance.choice(experiment_ids[:2]), chance.choice(_STATUSES)
        started, ended = NOW + chance.randrange(100), NOW + chance.randrange(100)
        run_id = a_run(gate, experiment_id, start_time=started)
        going_on = status in ("RUNNING", "SCHEDULED")
        gate.perform(UpdateRun(run_id=run_id, status=status, end_time=None if going_on else ended))
        if place % 5 == 0:
            gate.perform(DeleteRun(run_id=run_id))
            continue
        expected[experiment_id][status] += 1
        last[experiment_id] = max(last[experiment_id], started, 0 if going_on else ended)

    found = gate.perform(SummarizeExperiments(experiment_ids=[*experiment_ids, "12345"]))["experiments"]

    assert [*experiment_ids, "12345"] == [one["experiment_id"] for one in found]
    for summary in found[:3]:
        wanted = expected[summary["experiment_id"]]
        assert wanted == summary["by_status"]
        assert wanted.total() == summary["runs"]
        assert last[summary["experiment_id"]] == summary.get("last_activity_time", 0)
    assert {"experiment_id": "12345", "runs": 0, "by_status": {}} == found[3]


@pytest.mark.usefixtures("low_bound")
def test_runs_of_a_status_are_counted_up_to_a_bound(gate: Gate) -> None:
    """The summary names the statuses that have more."""
    experiment_id = an_experiment(gate)
    add_runs(gate, experiment_id, 1001)
    failed = sa.update(runs).where(runs.c.name == "run 7").values(status="FAILED", end_time=123_456)
    with gate.engines.writing.begin() as connection:
        connection.execute(failed)

    [at_bound] = gate.perform(SummarizeExperiments(experiment_ids=[experiment_id]))["experiments"]
    a_run(gate, experiment_id, start_time=5)
    with gate.engines.writing.begin() as connection:
        connection.execute(sa.update(runs).where(runs.c.start_time == 5).values(status="FINISHED"))
    [beyond] = gate.perform(SummarizeExperiments(experiment_ids=[experiment_id]))["experiments"]

    expected = {"runs": 1001, "by_status": {"FAILED": 1, "FINISHED": 1000}, "last_activity_time": 123_456}
    assert {"experiment_id": experiment_id, **expected} == at_bound
    assert {**at_bound, "more": ["FINISHED"]} == beyond


@pytest.mark.usefixtures("low_bound")
def test_a_summary_reads_no_more_of_a_bigger_experiment(gate: Gate) -> None:
    """The front page of a store with one big experiment opens as fast as any."""
    small, big = an_experiment(gate), an_experiment(gate)
    add_runs(gate, small, 1200)
    for_small = work_of(gate, SummarizeExperiments(experiment_ids=[small]))
    add_runs(gate, big, 6000, first=1201)

    assert work_of(gate, SummarizeExperiments(experiment_ids=[big])) <= 1.1 * for_small
