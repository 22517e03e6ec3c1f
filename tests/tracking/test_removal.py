"""Removing for good, on SQLite and on PostgreSQL."""

from pathlib import Path

import pytest

from runyard.db.facts import ARTIFACTS_DESTINATION, note_fact
from runyard.db.transaction import Transaction
from runyard.exceptions import Conflict, DoesNotExist, InvalidParameter
from runyard.gate.gate import Gate
from runyard.registry.model_versions.messages import (
    CreateModelVersion,
    DeleteModelVersion,
    TransitionModelVersionStage,
)
from runyard.registry.registered_models.messages import CreateRegisteredModel, SetRegisteredModelAlias
from runyard.tracking.experiments.messages import (
    CreateExperiment,
    DeleteExperiment,
    GetExperiment,
    RestoreExperiment,
)
from runyard.tracking.inputs.entities import LoggedModelInput
from runyard.tracking.inputs.messages import LogInputs
from runyard.tracking.logged_models.messages import CreateLoggedModel, DeleteLoggedModel, GetLoggedModel
from runyard.tracking.metrics.messages import LogMetric
from runyard.tracking.runs.messages import CreateRun, DeleteRun, GetRun, LogParam, RestoreRun
from tests.support.checked_gate import CheckedGate
from tests.support.removal import open_remover


def _run(gate: Gate, experiment_id: str = "0") -> str:
    run_id = str(gate.perform(CreateRun(experiment_id=experiment_id))["run"]["info"]["run_id"])
    gate.perform(LogParam(run_id=run_id, key="rate", value="0.1"))
    return run_id


def test_removed_run_is_gone_and_others_stay(gate: Gate, new_store: str) -> None:
    """Everything that hangs on its row goes with it, and nothing else."""
    gone, kept = _run(gate), _run(gate)
    gate.perform(DeleteRun(run_id=gone))

    with open_remover(new_store) as remover:
        assert [gone] == [run.run_id for run in remover.find(None, [], []).runs]
        assert not remover.claim_runs([gone]).kept
        remover.remove_runs([gone])

    with pytest.raises(DoesNotExist):
        gate.perform(GetRun(run_id=gone))
    assert [{"key": "rate", "value": "0.1"}] == gate.perform(GetRun(run_id=kept))["run"]["data"]["params"]


def test_run_restored_meanwhile_stays(gate: Gate, new_store: str) -> None:
    """A run that is restored while a removal goes on must not be lost."""
    run_id = _run(gate)
    gate.perform(DeleteRun(run_id=run_id))

    with open_remover(new_store) as remover:
        assert remover.find(None, [run_id], []).runs
        gate.perform(RestoreRun(run_id=run_id))
        assert "it is not deleted any more" == remover.claim_runs([run_id]).kept[run_id]
        remover.remove_runs([run_id])

    assert "active" == gate.perform(GetRun(run_id=run_id))["run"]["info"]["lifecycle_stage"]


def test_experiment_goes_after_its_runs(gate: Gate, new_store: str) -> None:
    """An experiment with runs left would leave them without a home."""
    experiment_id = gate.perform(CreateExperiment(name="old"))["experiment_id"]
    run_id = _run(gate, experiment_id)
    gate.perform(DeleteExperiment(experiment_id=experiment_id))

    with open_remover(new_store) as remover:
        found = remover.find(None, [], [experiment_id])
        assert ([run_id], ["old"]) == ([run.run_id for run in found.runs], [one.name for one in found.experiments])
        assert "it still has 1 runs" == remover.remove_experiment(experiment_id)
        assert not remover.claim_runs([run_id]).kept
        remover.remove_runs([run_id])
        assert remover.remove_experiment(experiment_id) is None

    with pytest.raises(DoesNotExist):
        gate.perform(GetExperiment(experiment_id=experiment_id))


def test_what_is_active_or_unknown_is_refused(gate: Gate, new_store: str) -> None:
    """A wrong id must stop the removal before it starts."""
    run_id = _run(gate)

    with open_remover(new_store) as remover:
        with pytest.raises(InvalidParameter, match="is not deleted"):
            remover.find(None, [run_id], [])
        with pytest.raises(DoesNotExist, match="No run has the id"):
            remover.find(None, ["0" * 32], [])
        with pytest.raises(InvalidParameter, match="is not deleted"):
            remover.find(None, [], ["0"])


def test_deleted_models_go_but_registered_ones_stay(gate: Gate, new_store: str) -> None:
    """A version of a registered model must not lose its files."""
    experiment_id = gate.perform(CreateExperiment(name="models"))["experiment_id"]
    ids = []
    for _ in range(3):
        answer = gate.perform(CreateLoggedModel(experiment_id=experiment_id))
        ids.append(answer["model"]["info"]["model_id"])
    deleted, registered, kept = ids
    gate.perform(CreateRegisteredModel(name="churn"))
    gate.perform(CreateModelVersion(name="churn", source=f"models:/{registered}", model_id=registered))
    for model_id in (deleted, registered):
        gate.perform(DeleteLoggedModel(model_id=model_id))

    with open_remover(new_store) as remover:
        found = remover.find(None, [], [])
        assert [deleted] == [model.model_id for model in found.models]
        assert [(registered, "version 1 of 'churn' needs it; delete the version first")] == [
            (one.id, one.reason) for one in found.kept
        ]
        assert not remover.claim_models([deleted]).kept
        remover.remove_models([deleted])
        assert (
            "version 1 of 'churn' needs it; delete the version first"
            == remover.claim_models([registered]).kept[registered]
        )
        assert "it is not deleted any more" == remover.claim_models([kept]).kept[kept]
        gate.perform(DeleteExperiment(experiment_id=experiment_id))
        found = remover.find(None, [], [])
        assert ([kept], []) == ([model.model_id for model in found.models], found.experiments)
        assert not remover.claim_models([kept]).kept
        remover.remove_models([kept])
        assert "it still has 1 logged models" == remover.remove_experiment(experiment_id)

    with pytest.raises(DoesNotExist):
        gate.perform(GetLoggedModel(model_id=deleted, allow_deleted=True))


def test_claimed_run_cannot_be_restored(gate: Gate, new_store: str) -> None:
    """Its artifacts may be gone already; nobody must be shown it as whole again, not even with its experiment."""
    experiment_id = gate.perform(CreateExperiment(name="old"))["experiment_id"]
    run_id = _run(gate, experiment_id)
    gate.perform(DeleteExperiment(experiment_id=experiment_id))

    with open_remover(new_store) as remover:
        assert not remover.claim_runs([run_id]).kept
        with pytest.raises(Conflict, match="removal for good has begun"):
            gate.perform(RestoreRun(run_id=run_id))
        with pytest.raises(Conflict, match="being removed for good"):
            _registered(gate, f"runs:/{run_id}/model", run_id=run_id)
        gate.perform(RestoreExperiment(experiment_id=experiment_id))

        assert "deleted" == gate.perform(GetRun(run_id=run_id))["run"]["info"]["lifecycle_stage"]
        assert [run_id] == [run.run_id for run in remover.find(None, [], []).runs]


def _registered(gate: Gate, source: str, run_id: str = "") -> str:
    gate.perform(CreateRegisteredModel(name="churn"))
    answer = gate.perform(CreateModelVersion(name="churn", source=source, run_id=run_id))
    return str(answer["model_version"]["version"])


@pytest.mark.parametrize(
    "source",
    ["runs:/{run_id}/model", "{artifact_uri}/model", "{artifact_uri}", "models:/churn-old/1"],
)
def test_run_of_a_version_stays(gate: Gate, new_store: str, source: str) -> None:
    """A champion must not lose its files because the run that made it was tidied away."""
    run_id, other = _run(gate), _run(gate)
    artifact_uri = str(gate.perform(GetRun(run_id=run_id))["run"]["info"]["artifact_uri"])
    gate.perform(CreateRegisteredModel(name="churn-old"))
    gate.perform(CreateModelVersion(name="churn-old", source=f"runs:/{run_id}/model", run_id=run_id))
    version = _registered(gate, source.format(run_id=run_id, artifact_uri=artifact_uri), run_id=run_id)
    gate.perform(DeleteModelVersion(name="churn-old", version="1"))
    gate.perform(SetRegisteredModelAlias(name="churn", alias="champion", version=version))
    gate.perform(TransitionModelVersionStage(name="churn", version=version, stage="Production"))
    for each in (run_id, other):
        gate.perform(DeleteRun(run_id=each))

    with open_remover(new_store) as remover:
        found = remover.find(None, [], [])
        assert [other] == [run.run_id for run in found.runs]
        reason = "version 1 of 'churn' (@champion, Production) needs it; delete the version first"
        assert [(run_id, reason)] == [(one.id, one.reason) for one in found.kept]
        assert reason == remover.claim_runs([run_id]).kept[run_id]
        with pytest.raises(Conflict, match="version 1 of 'churn'"):
            remover.find(None, [run_id, other], [])
        gate.perform(DeleteModelVersion(name="churn", version=version))

    with open_remover(new_store) as remover:
        assert not remover.claim_runs([run_id]).kept


def test_version_registered_while_a_removal_goes_on_is_seen(gate: Gate, new_store: str) -> None:
    """What was free to go when it was listed may be needed when its turn comes."""
    run_id = _run(gate)
    gate.perform(DeleteRun(run_id=run_id))

    with open_remover(new_store) as remover:
        assert [run_id] == [run.run_id for run in remover.find(None, [], []).runs]
        _registered(gate, f"runs:/{run_id}/model", run_id=run_id)
        assert "version 1 of 'churn' needs it; delete the version first" == remover.claim_runs([run_id]).kept[run_id]


def test_files_in_another_spelling_are_the_same_files(database: str, tmp_path: Path) -> None:
    """A version registered by the place in the server's store needs the run as much as one by its proxied address."""
    place = tmp_path / "kept"
    gate = CheckedGate.open(
        database, artifact_root="mlflow-artifacts:/", artifact_places=[str(place)], local_callers=True
    )
    run_id = _run(gate)
    _registered(gate, f"{place}/0/{run_id}/artifacts/model")
    with gate.engines.writing.begin() as connection:
        note_fact(Transaction(connection, gate.settings), ARTIFACTS_DESTINATION, str(place))
    gate.perform(DeleteRun(run_id=run_id))

    with open_remover(database) as remover:
        assert [run_id] == [one.id for one in remover.find(None, [], []).kept]
    gate.close()


def test_experiment_with_a_run_that_stays_is_kept_and_says_so(gate: Gate, new_store: str) -> None:
    """Announcing a removal that then does not happen sends people looking for a fault."""
    experiment_id = gate.perform(CreateExperiment(name="old"))["experiment_id"]
    run_id, other = _run(gate, experiment_id), _run(gate, experiment_id)
    _registered(gate, f"runs:/{run_id}/model", run_id=run_id)
    gate.perform(DeleteExperiment(experiment_id=experiment_id))

    with open_remover(new_store) as remover:
        found = remover.find(None, [], [])
        assert ([other], []) == ([run.run_id for run in found.runs], found.experiments)
        assert (experiment_id, f"run {run_id} stays in it") == (found.kept[1].id, found.kept[1].reason)
        with pytest.raises(Conflict, match="cannot be removed; nothing was"):
            remover.find(None, [], [experiment_id])


def test_logged_model_that_another_run_uses_keeps_its_run(gate: Gate, new_store: str) -> None:
    """Its metrics go with the run that logged them."""
    run_id, user = _run(gate), _run(gate)
    answer = gate.perform(CreateLoggedModel(experiment_id="0", source_run_id=run_id, name="trees"))
    model_id = answer["model"]["info"]["model_id"]
    gate.perform(LogMetric(run_id=run_id, key="auc", value=0.9, timestamp=1, model_id=model_id))
    gate.perform(LogInputs(run_id=user, models=[LoggedModelInput(model_id=model_id)]))
    gate.perform(DeleteRun(run_id=run_id))

    with open_remover(new_store) as remover:
        kept = remover.find(None, [], []).kept
        assert [f"logged model {model_id} ('trees') needs it; delete the model first"] == [one.reason for one in kept]
        gate.perform(DeleteLoggedModel(model_id=model_id))
        found = remover.find(None, [], [])
        assert ([run_id], [model_id]) == ([one.run_id for one in found.runs], [one.model_id for one in found.models])


def test_version_by_its_name_below_a_run_keeps_the_logged_model(gate: Gate, new_store: str) -> None:
    """runs:/<run>/<name> is followed to the logged model of that name, where the files are."""
    run_id = _run(gate)
    answer = gate.perform(CreateLoggedModel(experiment_id="0", source_run_id=run_id, name="trees"))
    model_id = answer["model"]["info"]["model_id"]
    _registered(gate, f"runs:/{run_id}/trees", run_id=run_id)
    gate.perform(DeleteLoggedModel(model_id=model_id))

    with open_remover(new_store) as remover:
        assert [model_id] == [one.id for one in remover.find(None, [], []).kept]
