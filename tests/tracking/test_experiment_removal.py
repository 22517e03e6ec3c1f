"""Experiments removed for good: claimed whole or not at all, whatever comes in between, on SQLite and PostgreSQL."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runyard.client import RunyardClient
from runyard.db import jobs
from runyard.exceptions import Conflict, DoesNotExist, InvalidParameter, RunyardException, Unavailable
from runyard.gate.gate import Gate
from runyard.protocol.message import AnyMessage
from runyard.registry.model_versions.messages import CreateModelVersion, DeleteModelVersion
from runyard.registry.registered_models.messages import CreateRegisteredModel
from runyard.server.removals import Removals
from runyard.tracking.experiments import stages
from runyard.tracking.experiments.messages import (
    CreateExperiment,
    DeleteExperiment,
    GetExperiment,
    RestoreExperiment,
    SearchExperiments,
    SummarizeExperiments,
    UpdateExperiment,
)
from runyard.tracking.experiments.stages import finish_changes
from runyard.tracking.inputs.entities import Dataset, DatasetInput
from runyard.tracking.inputs.messages import LogInputs
from runyard.tracking.logged_models.messages import CreateLoggedModel, GetLoggedModel
from runyard.tracking.many_runs.messages import RestoreRuns
from runyard.tracking.removal import experiments as removal
from runyard.tracking.removal.messages import RemoveExperiment
from runyard.tracking.runs.messages import CreateRun, DeleteRun, GetRun, LogParam, RestoreRun
from tests.factories import a_run, an_experiment
from tests.support.removal import open_remover, open_server_gate
from tests.tracking.test_many_runs import refused
from tests.tracking.test_stages import first_step, notes, performed


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few runs make many pieces."""
    for module, name in ((stages, "PIECE"), (removal, "PIECE"), (removal, "PIECE_OF_MODELS")):
        monkeypatch.setattr(module, name, 2)
    monkeypatch.setattr(jobs, "PIECE_SECONDS", 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the server keeps artifacts."""
    (tmp_path / "artifacts").mkdir()
    return tmp_path / "artifacts"


@pytest.fixture
def gate(new_store: str, folder: Path) -> Iterator[Gate]:
    """The gate of a server, which opens its folder for others."""
    with open_server_gate(new_store, folder) as opened:
        yield opened


@pytest.fixture
def removals(gate: Gate) -> Iterator[Removals]:
    """What removes in the background of a server; a test starts it."""
    working = Removals(gate, lambda run_ids: None)
    yield working
    working.close()


def _filled(gate: Gate) -> tuple[str, list[str], list[str]]:
    """A deleted experiment with its runs, some deleted before it, and its logged models."""
    experiment_id = an_experiment(gate)
    run_ids = [a_run(gate, experiment_id) for _ in range(5)]
    for number, run_id in enumerate(run_ids):
        gate.perform(LogParam(run_id=run_id, key="rate", value="0.1"))
        dataset = Dataset(name=f"data {number}", digest="1", source_type="local", source="{}")
        gate.perform(LogInputs(run_id=run_id, datasets=[DatasetInput(dataset=dataset)]))
    message = CreateLoggedModel(experiment_id=experiment_id, source_run_id=run_ids[0], name="trees")
    model_ids = [gate.perform(message)["model"]["info"]["model_id"] for _ in range(3)]
    gate.perform(DeleteRun(run_id=run_ids[0]))
    gate.perform(DeleteExperiment(experiment_id=experiment_id))
    return experiment_id, run_ids, model_ids


def _refused(gate: Gate, message: AnyMessage) -> RunyardException:
    with pytest.raises(RunyardException) as caught:
        gate.perform(message)
    return caught.value


def wait_until(holds: Callable[[], bool]) -> None:
    """Return when something that a thread does has come about."""
    ends = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.01)


def _is_gone(gate: Gate, message: AnyMessage) -> bool:
    try:
        gate.perform(message)
    except DoesNotExist:
        return True
    return False


def test_nothing_of_a_claimed_experiment_comes_back(gate: Gate) -> None:
    """Its artifacts may be gone already. Asking again is fine; the trash says that it goes."""
    experiment_id, run_ids, model_ids = _filled(gate)
    gate.perform(CreateRegisteredModel(name="churn"))
    asked = SummarizeExperiments(experiment_ids=[experiment_id, "0"], deleted_runs=True)
    assert ["being_removed" in one for one in gate.perform(asked)["experiments"]] == [False, False]

    for _ in range(2):
        assert {} == gate.perform(RemoveExperiment(experiment_id=experiment_id))

    refusals: list[AnyMessage] = [
        RestoreExperiment(experiment_id=experiment_id),
        RestoreRun(run_id=run_ids[0]),
        CreateModelVersion(name="churn", source=f"runs:/{run_ids[1]}/model"),
        CreateModelVersion(name="churn", source=f"models:/{model_ids[0]}", model_id=model_ids[0]),
    ]
    for message in refusals:
        error = _refused(gate, message)
        assert (Conflict.code, True) == (error.error_code, "is being removed for good" in error.message), message
    many = refused(gate.perform(RestoreRuns(run_ids=run_ids)))
    assert dict.fromkeys(run_ids, Conflict.code) == many
    for message in (DeleteExperiment(experiment_id=experiment_id), CreateRun(experiment_id=experiment_id)):
        assert isinstance(_refused(gate, message), (DoesNotExist, InvalidParameter))
    assert (
        InvalidParameter.code == _refused(gate, UpdateExperiment(experiment_id=experiment_id, new_name="x")).error_code
    )
    assert ["being_removed" in one for one in gate.perform(asked)["experiments"]] == [True, False]


def test_what_must_stay_keeps_all_of_it(gate: Gate, tmp_path: Path) -> None:
    """Half an experiment is worse than either: nothing has changed, and it can be restored as it was."""
    experiment_id, run_ids, model_ids = _filled(gate)
    gate.perform(RestoreExperiment(experiment_id=experiment_id))
    gate.perform(CreateRegisteredModel(name="churn"))
    gate.perform(CreateModelVersion(name="churn", source=f"runs:/{run_ids[-1]}/model"))
    gate.perform(CreateModelVersion(name="churn", source=f"models:/{model_ids[-1]}", model_id=model_ids[-1]))
    remove = RemoveExperiment(experiment_id=experiment_id)
    assert "is not deleted. Delete it first." in _refused(gate, remove).message
    gate.perform(DeleteExperiment(experiment_id=experiment_id))

    error = _refused(gate, remove)
    assert (Conflict.code, 409) == (error.error_code, error.http_status)
    assert "cannot be removed for good, and nothing was." in error.message
    assert f"logged model {model_ids[-1]}: version 2 of 'churn' needs it; delete the version first" in error.message
    gate.perform(DeleteModelVersion(name="churn", version="2"))
    assert f"run {run_ids[0]}: version" not in (message := _refused(gate, remove).message)
    assert f"run {run_ids[-1]}: version 1 of 'churn' needs it" in message
    gate.perform(DeleteModelVersion(name="churn", version="1"))
    gate.perform(RestoreRun(run_id=run_ids[0]))
    assert f"run {run_ids[0]}: it is not deleted; delete it first" in _refused(gate, remove).message
    gate.perform(DeleteRun(run_id=run_ids[0]))
    assert 0 == notes(gate) - 1  # where artifacts are kept
    gate.perform(RestoreExperiment(experiment_id=experiment_id))
    assert "active" == gate.perform(GetRun(run_id=run_ids[1]))["run"]["info"]["lifecycle_stage"]

    away = gate.perform(CreateExperiment(name="away", artifact_location="s3://theirs/runs"))["experiment_id"]
    a_run(gate, away)
    gate.perform(DeleteExperiment(experiment_id=away))
    error = _refused(gate, RemoveExperiment(experiment_id=away))
    assert (InvalidParameter.code, True) == (
        error.error_code,
        error.message.endswith(f"runyard gc --experiment-ids {away}"),
    )
    assert DoesNotExist.code == _refused(gate, RemoveExperiment(experiment_id="987654")).error_code


def test_a_claimed_experiment_goes_with_all_it_has(gate: Gate, removals: Removals, folder: Path) -> None:
    """Its files, logged models, runs and datasets, page after page; its name is free, and others stay."""
    experiment_id, run_ids, model_ids = _filled(gate)
    other = a_run(gate)
    kept = Path(str(gate.perform(GetRun(run_id=other))["run"]["info"]["artifact_uri"]).partition(":/")[2])
    for path in (kept, f"{experiment_id}/{run_ids[2]}/artifacts", f"{experiment_id}/models/{model_ids[1]}/artifacts"):
        (folder / path).mkdir(parents=True)
        (folder / path / "weights.bin").write_text("x")
    name = gate.perform(GetExperiment(experiment_id=experiment_id))["experiment"]["name"]
    gate.observers.append(removals.note)
    removals.start()

    gate.perform(RemoveExperiment(experiment_id=experiment_id))
    wait_until(lambda: _is_gone(gate, GetExperiment(experiment_id=experiment_id)))

    assert all(_is_gone(gate, GetRun(run_id=run_id)) for run_id in run_ids)
    assert all(_is_gone(gate, GetLoggedModel(model_id=model_id, allow_deleted=True)) for model_id in model_ids)
    assert [folder / kept / "weights.bin"] == [path for path in folder.rglob("*") if path.is_file()]
    wait_until(lambda: not (folder / experiment_id).exists())
    assert 1 == notes(gate)
    an_experiment(gate, name)
    assert "active" == gate.perform(GetRun(run_id=other))["run"]["info"]["lifecycle_stage"]


def test_the_default_experiment_comes_back_empty(gate: Gate, removals: Removals) -> None:
    """Runs that name no experiment need it, so MLflow makes it again when it starts; here it is never away."""
    run_id, location = a_run(gate, "0"), _experiment(gate, "0")["artifact_location"]
    gate.perform(UpdateExperiment(experiment_id="0", new_name="scratch"))
    gate.perform(DeleteExperiment(experiment_id="0"))
    gate.perform(RemoveExperiment(experiment_id="0"))
    removals.start()

    wait_until(lambda: _is_gone(gate, GetRun(run_id=run_id)))
    wait_until(lambda: "active" == _experiment(gate, "0")["lifecycle_stage"])
    assert ("Default", location) == (_experiment(gate, "0")["name"], _experiment(gate, "0")["artifact_location"])
    assert "active" == gate.perform(GetRun(run_id=a_run(gate, "0")))["run"]["info"]["lifecycle_stage"]


def _experiment(gate: Gate, experiment_id: str) -> Any:
    return gate.perform(GetExperiment(experiment_id=experiment_id))["experiment"]


def test_a_check_that_was_broken_off_leaves_nothing_behind(gate: Gate) -> None:
    """Its caller has heard nothing. Until a server starts nothing comes back; then all does."""
    experiment_id, _, _ = _filled(gate)
    step = performed(gate, first_step(RemoveExperiment(experiment_id=experiment_id)))
    for _ in range(2):
        assert step is not None
        step = performed(gate, step)
    assert Conflict.code == _refused(gate, RestoreExperiment(experiment_id=experiment_id)).error_code

    gate.administer(finish_changes)

    gate.perform(RestoreExperiment(experiment_id=experiment_id))
    assert step is not None
    with pytest.raises(Unavailable, match="was changed meanwhile"):
        performed(gate, step)
    gate.perform(DeleteExperiment(experiment_id=experiment_id))
    step = performed(gate, first_step(RemoveExperiment(experiment_id=experiment_id)))
    gate.perform(RemoveExperiment(experiment_id=experiment_id))
    while step is not None:  # who asked first comes to the same end
        step = performed(gate, step)
    gate.administer(finish_changes)
    assert Conflict.code == _refused(gate, RestoreExperiment(experiment_id=experiment_id)).error_code


def test_runs_that_still_follow_their_experiment_do_so_first(gate: Gate, removals: Removals) -> None:
    """A deletion that a server was ended in is finished before the removal begins."""
    experiment_id = an_experiment(gate)
    run_ids = [a_run(gate, experiment_id) for _ in range(7)]
    performed(gate, first_step(DeleteExperiment(experiment_id=experiment_id)))

    gate.perform(RemoveExperiment(experiment_id=experiment_id))
    removals.start()

    wait_until(lambda: _is_gone(gate, GetExperiment(experiment_id=experiment_id)))
    assert all(_is_gone(gate, GetRun(run_id=run_id)) for run_id in run_ids)


def test_gc_gives_up_only_its_own_claim(gate: Gate, new_store: str, removals: Removals) -> None:
    """What a server has claimed as well goes on; what nobody else has can be restored."""
    (first, *_), (second, *_) = _filled(gate), _filled(gate)
    with open_remover(new_store) as remover:
        own, shared = remover.claim_experiment(first), remover.claim_experiment(second)
        gate.perform(RemoveExperiment(experiment_id=second))
        later = remover.claim_experiment(second)
        assert (False, True) == (shared.begun_before, later.begun_before)
        for experiment_id, claim in ((first, own), (second, shared), (second, later)):
            remover.release_experiment(experiment_id, claim)
        assert "it still has 5 runs" == remover.remove_experiment(second)
    gate.perform(RestoreExperiment(experiment_id=first))
    removals.start()

    wait_until(lambda: _is_gone(gate, GetExperiment(experiment_id=second)))
    found = gate.perform(SearchExperiments(view_type="ALL"))["experiments"]
    assert {"0", first} == {one["experiment_id"] for one in found}


def test_a_store_without_a_server_names_the_command(tmp_path: Path) -> None:
    """Nobody would go on with it, and it could not be restored."""
    client = RunyardClient(f"sqlite:///{tmp_path / 'store.db'}")
    experiment_id = client.create_experiment("old")
    client.delete_experiment(experiment_id)

    with pytest.raises(InvalidParameter, match=f"runyard gc --experiment-ids {experiment_id}"):
        client.remove_experiment(experiment_id)
    client.restore_experiment(experiment_id)
