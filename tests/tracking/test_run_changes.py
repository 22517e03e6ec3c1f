"""Many runs renamed and moved in one operation, and given back what they had."""

from typing import Any

import pytest

from runyard.core.entity import Tag
from runyard.core.tags import PARENT_TAG
from runyard.db import jobs
from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.gate.gate import Gate
from runyard.registry.model_versions.needed import NeededByVersions
from runyard.tracking.experiments.messages import DeleteExperiment
from runyard.tracking.inputs.entities import Dataset, DatasetInput, InputTag
from runyard.tracking.inputs.messages import LogInputs
from runyard.tracking.logged_models.messages import CreateLoggedModel, GetLoggedModel
from runyard.tracking.removal.remover import Remover
from runyard.tracking.run_changes import operations
from runyard.tracking.run_changes.messages import (
    GetRunChange,
    MoveRuns,
    PreviewRunNames,
    RenameRuns,
    UndoRunChange,
)
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import DeleteRun, GetRun, LogBatch, SearchRuns, UpdateRun
from tests.factories import a_point, a_run, an_experiment
from tests.tracking.test_stages import first_step, performed

MISSING = "f" * 32


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few runs make several pieces."""
    monkeypatch.setattr(operations, "PIECE", 2)
    monkeypatch.setattr(jobs, "PIECE_SECONDS", 0)


def name_of(gate: Gate, run_id: str) -> str:
    """The name of a run, which is the same in its tag."""
    run = gate.ask(GetRun(run_id=run_id)).run
    assert run.data.tags["mlflow.runName"] == run.info.run_name
    return str(run.info.run_name)


def home_of(gate: Gate, run_id: str) -> str:
    """The experiment of a run."""
    return str(gate.ask(GetRun(run_id=run_id)).run.info.experiment_id)


def found_in(gate: Gate, experiment_id: str) -> set[str]:
    """The runs that a search finds in an experiment."""
    return {run.info.run_id for run in gate.ask(SearchRuns(experiment_ids=[experiment_id], run_view_type="ALL")).runs}


def refused(answer: Any) -> dict[str, str]:
    """The refused runs of an answer and their codes."""
    return {one.run_id: one.error_code for one in answer.refused}


def test_runs_are_renamed_by_a_pattern_and_back(gate: Gate) -> None:
    """As the preview said; what lacks something keeps its name, and what was renamed since is left alone by undo."""
    made = [a_run(gate, run_name=f"old {number}", user_id="ann") for number in range(5)]
    for number, run_id in enumerate(made[:4]):
        params = [Param(key="learning rate", value=f"1e-{number}")]
        gate.perform(LogBatch(run_id=run_id, params=params, metrics=[a_point("loss", 1 / 3)]))
    gate.perform(DeleteRun(run_id=made[3]))
    pattern = {"template": "{{x}} {name} {params.learning rate} {metrics.loss} {user}", "find": "old ", "replace": ""}

    previewed = gate.ask(PreviewRunNames(run_ids=[*made, MISSING], **pattern)).names
    assert ("old 0", "{x} 0 1e-0 0.333333 ann") == (previewed[0].before, previewed[0].after)
    assert (None, "The run has no params.learning rate.") == (previewed[4].after, previewed[4].problem)
    answer = gate.ask(RenameRuns(run_ids=[*made, MISSING, made[0]], **pattern))
    assert (3, 0, {made[3], made[4], MISSING}) == (answer.changed, answer.unchanged, set(refused(answer)))
    assert [one.after for one in previewed[:3]] == [name_of(gate, run_id) for run_id in made[:3]]

    gate.perform(UpdateRun(run_id=made[1], run_name="mine"))
    change_id = str(answer.change_id)
    assert 3 == gate.ask(GetRunChange(change_id=change_id)).runs
    undone = gate.ask(UndoRunChange(change_id=change_id))
    assert (2, 1) == (undone.changed, undone.unchanged)
    assert ["old 0", "mine", "old 2"] == [name_of(gate, run_id) for run_id in made[:3]]
    same = gate.ask(RenameRuns(run_ids=[made[0]]))
    assert (0, 1, None) == (same.changed, same.unchanged, same.change_id)


def test_runs_move_with_all_that_is_below_them_and_back(gate: Gate) -> None:
    """Children of any depth, deleted ones too; runs that name each other as parents end it as well."""
    one, other = an_experiment(gate, "one"), an_experiment(gate, "other")
    top = a_run(gate, one)
    child = a_run(gate, one, tags={PARENT_TAG: top})
    grandchildren = [a_run(gate, one, tags={PARENT_TAG: child}) for _ in range(3)]
    gate.perform(DeleteRun(run_id=grandchildren[0]))
    loop = a_run(gate, one, tags={PARENT_TAG: grandchildren[1]})
    gate.perform(LogBatch(run_id=top, tags=[Tag(key=PARENT_TAG, value=loop)]))
    stays, deleted = a_run(gate, one), a_run(gate, one)
    gate.perform(DeleteRun(run_id=deleted))
    artifacts = gate.ask(GetRun(run_id=top)).run.info.artifact_uri

    answer = gate.ask(MoveRuns(run_ids=[top, child, deleted, MISSING], experiment_id=other))
    assert (2, 4, {deleted, MISSING}) == (answer.changed, answer.children, set(refused(answer)))
    assert {top, child, *grandchildren, loop} == found_in(gate, other)
    assert {stays, deleted} == found_in(gate, one)
    assert artifacts == gate.ask(GetRun(run_id=top)).run.info.artifact_uri
    assert 2 == gate.ask(MoveRuns(run_ids=[top, child], experiment_id=other)).unchanged

    undone = gate.ask(UndoRunChange(change_id=str(answer.change_id)))
    assert (6, []) == (undone.changed, undone.refused)
    assert set() == found_in(gate, other)


def test_what_a_run_made_and_used_goes_with_it(gate: Gate) -> None:
    """The experiment that it left can be removed for good, with nothing lost."""
    one, other = an_experiment(gate, "one"), an_experiment(gate, "other")
    run_id, there = a_run(gate, one), a_run(gate, other)
    used = DatasetInput(
        dataset=Dataset(name="train", digest="d", source_type="http", source="x"), tags=[InputTag(key="a", value="b")]
    )
    for each in (run_id, there):
        gate.perform(LogInputs(run_id=each, datasets=[used]))
    made = gate.ask(CreateLoggedModel(experiment_id=one, name="m", source_run_id=run_id)).model
    before = gate.ask(GetRun(run_id=run_id)).run.inputs
    change_id = gate.ask(MoveRuns(run_ids=[run_id], experiment_id=other)).change_id
    gate.ask(DeleteExperiment(experiment_id=one))

    assert Remover(gate.administer, gate.inspect, NeededByVersions).remove_experiment(one) is None
    assert before == gate.ask(GetRun(run_id=run_id)).run.inputs
    assert other == gate.ask(GetLoggedModel(model_id=made.model_id)).model.experiment_id
    late = gate.ask(UndoRunChange(change_id=str(change_id)))
    assert {run_id: "RESOURCE_DOES_NOT_EXIST"} == refused(late)
    assert other == home_of(gate, run_id)


def test_runs_of_an_experiment_on_its_way_stay_there(gate: Gate) -> None:
    """Otherwise they would be deleted with it where they are now."""
    one, other = an_experiment(gate, "one"), an_experiment(gate, "other")
    made = [a_run(gate, one) for _ in range(101)]  # more than a piece of the deletion
    going_on = performed(gate, first_step(DeleteExperiment(experiment_id=one)))
    answer = gate.ask(MoveRuns(run_ids=[made[0]], experiment_id=other))
    while going_on:
        going_on = performed(gate, going_on)

    assert (0, [made[0]]) == (answer.changed, list(refused(answer)))
    with pytest.raises(InvalidParameter, match="is deleted"):
        gate.ask(MoveRuns(run_ids=[made[0]], experiment_id=one))


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        (RenameRuns(run_ids=[MISSING], template="{lr}"), r"cannot hold \{lr\}"),
        (RenameRuns(run_ids=[MISSING], template="{params.}"), "cannot hold"),
        (RenameRuns(run_ids=[MISSING], template="a } b"), "without its other half"),
        (RenameRuns(run_ids=[MISSING], template="{" * 1001), "1,001 characters"),
        (RenameRuns(run_ids=["no/id"]), "'no/id'"),
        (PreviewRunNames(run_ids=[MISSING] * 101), "1 to 100 are needed"),
        (UndoRunChange(change_id="x"), "32 hexadecimal"),
    ],
)
def test_what_is_wrong_is_refused_whole(gate: Gate, message: Any, wrong: str) -> None:
    """Nothing is changed then."""
    with pytest.raises(InvalidParameter, match=wrong):
        gate.perform(message)


def test_a_change_is_forgotten_when_its_time_is_over(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one drops it, and who asks is told."""
    run_id = a_run(gate)
    old = str(gate.ask(RenameRuns(run_ids=[run_id], template="a")).change_id)
    monkeypatch.setattr(operations, "KEPT_MS", -1)
    gate.ask(RenameRuns(run_ids=[run_id], template="b"))

    with pytest.raises(DoesNotExist, match="seven days"):
        gate.ask(UndoRunChange(change_id=old))
