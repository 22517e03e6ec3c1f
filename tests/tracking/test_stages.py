"""Runs follow their experiment when it is deleted or restored, a piece at a time, whatever comes in between."""

import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from runyard.db import jobs
from runyard.db.facts import store_facts
from runyard.db.jobs import Unfinished
from runyard.db.transaction import Transaction
from runyard.exceptions import DoesNotExist, RunyardException, Unavailable
from runyard.gate.gate import Gate
from runyard.gate.performers import performer
from runyard.protocol.message import AnyMessage
from runyard.tracking.experiments import stages
from runyard.tracking.experiments.messages import DeleteExperiment, RestoreExperiment, SetExperimentTag
from runyard.tracking.experiments.tables import experiments
from runyard.tracking.runs.messages import DeleteRun, RestoreRun, SearchRuns, SetTag
from runyard.tracking.runs.tables import runs
from tests.factories import NOW, a_run, an_experiment, pairs, shown_run


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few runs make many pieces."""
    monkeypatch.setattr(stages, "PIECE", 3)
    monkeypatch.setattr(jobs, "PIECE_SECONDS", 0)


Step = Callable[[Transaction], Any]


def first_step(message: AnyMessage) -> Step:
    """The first transaction of a write, which a test performs by itself."""
    return lambda tx: performer(type(message))(tx, message)


def performed(gate: Gate, step: Step) -> Step | None:
    """Perform one transaction; returns the next one, if there is one."""
    with gate.engines.writing.begin() as connection:
        found = step(Transaction(connection, gate.settings))
    return found.step if isinstance(found, Unfinished) else None


def stages_of(gate: Gate, experiment_id: str) -> dict[str, str]:
    """The stage of every run, by a search as clients send it."""
    found = gate.perform(SearchRuns(experiment_ids=[experiment_id], run_view_type="ALL", max_results=1000))
    return {run["info"]["run_id"]: run["info"]["lifecycle_stage"] for run in found.get("runs", [])}


def notes(gate: Gate) -> int:
    """Number of notes of unfinished changes."""
    with gate.engines.reading.connect() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(store_facts)) or 0)


def test_only_runs_that_went_with_the_experiment_come_back(gate: Gate) -> None:
    """Some hundred runs, many with one start time, some deleted before: afterwards all is as it was."""
    experiment_id = an_experiment(gate)
    made = [a_run(gate, experiment_id, start_time=NOW + number // 7) for number in range(40)]
    for run_id in made[::5]:
        gate.perform(DeleteRun(run_id=run_id))
    before = stages_of(gate, experiment_id)

    gate.perform(DeleteExperiment(experiment_id=experiment_id))
    assert {"deleted"} == set(stages_of(gate, experiment_id).values())
    with pytest.raises(DoesNotExist):
        gate.perform(DeleteExperiment(experiment_id=experiment_id))
    with gate.engines.reading.connect() as connection:
        deleted = {
            row[0] for row in connection.execute(sa.select(runs.c.deleted_time).where(runs.c.deleted_with_experiment))
        }
        changed = connection.scalar(
            sa.select(experiments.c.last_update_time).where(experiments.c.experiment_id == int(experiment_id))
        )
    assert deleted == {changed}, "they were deleted when the experiment was"
    gate.perform(RestoreExperiment(experiment_id=experiment_id))

    assert before == stages_of(gate, experiment_id)
    assert notes(gate) == 0


def test_what_happens_in_between_holds(gate: Gate) -> None:
    """Runs deleted or restored between two pieces end as if that had been done before or after the whole change."""
    chance = random.Random(14)
    experiment_id = an_experiment(gate)
    made = [a_run(gate, experiment_id, start_time=NOW + chance.randrange(5)) for _ in range(25)]
    expected = dict.fromkeys(made, "active")
    for _ in range(8):
        for message in (DeleteExperiment(experiment_id=experiment_id), RestoreExperiment(experiment_id=experiment_id)):
            goal = "deleted" if isinstance(message, DeleteExperiment) else "active"
            expected = {
                run: goal if goal == "deleted" or flag_of(gate, run) else stage for run, stage in expected.items()
            }
            following: Step | None = first_step(message)
            while following:
                following = performed(gate, following)
                run, stage = chance.choice(made), chance.choice(("active", "deleted"))
                try:
                    gate.perform((RestoreRun if stage == "active" else DeleteRun)(run_id=run))
                except Unavailable:
                    continue  # asked again later, it does what it says
                if following is None or goal == "active":
                    expected[run] = stage
            assert expected == stages_of(gate, experiment_id)


def flag_of(gate: Gate, run_id: str) -> bool:
    """Whether a run is noted as deleted with its experiment."""
    with gate.engines.reading.connect() as connection:
        return bool(connection.scalar(sa.select(runs.c.deleted_with_experiment).where(runs.c.run_uuid == run_id)))


def test_other_writes_come_in_between(gate: Gate) -> None:
    """While an experiment of many pieces is deleted, another client's writes are stored one after the other."""
    experiment_id, other = an_experiment(gate), a_run(gate)
    for _ in range(60):
        a_run(gate, experiment_id)
    seen: list[int] = []
    deleting = threading.Thread(target=gate.perform, args=(DeleteExperiment(experiment_id=experiment_id),))
    deleting.start()
    while deleting.is_alive():
        gate.perform(SetTag(run_id=other, key="n", value=str(len(seen))))
        seen.append(sum(stage == "deleted" for stage in stages_of(gate, experiment_id).values()))
    deleting.join()
    assert str(len(seen) - 1) == pairs(shown_run(gate, other)["data"]["tags"])["n"]
    assert {"deleted"} == set(stages_of(gate, experiment_id).values())
    assert any(0 < number < 60 for number in seen), "no write of another came between two pieces"


@pytest.mark.parametrize("by", ["request", "start"])
@pytest.mark.parametrize("kind", [DeleteExperiment, RestoreExperiment])
def test_what_was_interrupted_is_finished(gate: Gate, kind: Any, by: str) -> None:
    """By the same request once more, or by a server that starts."""
    experiment_id = an_experiment(gate)
    for _ in range(10):
        a_run(gate, experiment_id)
    if kind is RestoreExperiment:
        gate.perform(DeleteExperiment(experiment_id=experiment_id))
    message = kind(experiment_id=experiment_id)
    assert performed(gate, first_step(message))
    assert len(set(stages_of(gate, experiment_id).values())) == 2
    assert notes(gate) == 1

    if by == "request":
        gate.perform(message)
    else:
        gate.administer(stages.finish_changes)
    assert {"deleted" if kind is DeleteExperiment else "active"} == set(stages_of(gate, experiment_id).values())
    assert notes(gate) == 0


def test_opposite_of_what_was_interrupted(gate: Gate) -> None:
    """Half a deletion is taken back by restoring; deleting after half a restoration takes every run along."""
    experiment_id = an_experiment(gate)
    for _ in range(10):
        a_run(gate, experiment_id)
    performed(gate, first_step(DeleteExperiment(experiment_id=experiment_id)))
    gate.perform(RestoreExperiment(experiment_id=experiment_id))
    assert {"active"} == set(stages_of(gate, experiment_id).values())

    gate.perform(DeleteExperiment(experiment_id=experiment_id))
    performed(gate, first_step(RestoreExperiment(experiment_id=experiment_id)))
    gate.perform(SetExperimentTag(experiment_id=experiment_id, key="a", value="b"))
    gate.perform(DeleteExperiment(experiment_id=experiment_id))
    assert {"deleted"} == set(stages_of(gate, experiment_id).values())
    gate.perform(RestoreExperiment(experiment_id=experiment_id))
    assert {"active"} == set(stages_of(gate, experiment_id).values())


def test_note_of_a_deletion_that_another_version_took_back_is_void(gate: Gate) -> None:
    """An older server restores and deletes in one transaction each, and leaves the note: it must move no run later."""
    experiment_id = an_experiment(gate)
    made = [a_run(gate, experiment_id) for _ in range(10)]
    performed(gate, first_step(DeleteExperiment(experiment_id=experiment_id)))
    for stage, before, flag in (("active", "deleted", True), ("deleted", "active", False)):
        older_server_moves(gate, int(experiment_id), stage, before, flag)
    gate.perform(RestoreRun(run_id=made[0]))
    gate.administer(stages.finish_changes)
    assert [made[0]] == [run for run, stage in stages_of(gate, experiment_id).items() if stage == "active"]
    assert notes(gate) == 0


def older_server_moves(gate: Gate, number: int, stage: str, before: str, flag: bool) -> None:
    """What version 0.11 did."""
    chosen = runs.c.deleted_with_experiment if flag else runs.c.lifecycle_stage == before
    with gate.engines.writing.begin() as connection:
        times = {"last_update_time": experiments.c.last_update_time + 1}
        connection.execute(
            sa.update(experiments).where(experiments.c.experiment_id == number).values(lifecycle_stage=stage, **times)
        )
        connection.execute(
            sa.update(runs)
            .where(runs.c.experiment_id == number, chosen)
            .values(lifecycle_stage=stage, deleted_with_experiment=not flag)
        )


def test_closing_in_between_says_so_and_leaves_a_note(gate: Gate, new_store: str) -> None:
    """The caller hears that it was done in part; the rest follows later."""
    experiment_id = an_experiment(gate)
    for _ in range(10):
        a_run(gate, experiment_id)
    other = Gate.open(new_store)
    reached, go_on = threading.Event(), threading.Event()

    def deleting(tx: Transaction) -> Any:
        found = first_step(DeleteExperiment(experiment_id=experiment_id))(tx)
        reached.set()
        assert go_on.wait(60)
        return found

    failures: list[str] = []

    def ask() -> None:
        try:
            other.administer(deleting)
        except RunyardException as error:
            failures.append(error.message)

    asking = threading.Thread(target=ask)
    asking.start()
    assert reached.wait(60)
    closing = threading.Thread(target=other.close)
    closing.start()
    while not other._writer._closed:
        closing.join(0.01)
    go_on.set()
    closing.join()
    asking.join()
    assert ["The server is shutting down; this was done in part. Try again to finish it."] == failures
    gate.perform(DeleteExperiment(experiment_id=experiment_id))
    assert {"deleted"} == set(stages_of(gate, experiment_id).values())
