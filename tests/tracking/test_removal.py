"""Removing for good, on SQLite and on PostgreSQL."""

import pytest

from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.protocol.gate import Gate
from runyard.registry.model_versions.messages import CreateModelVersion
from runyard.registry.registered_models.messages import CreateRegisteredModel
from runyard.tracking.experiments.messages import CreateExperiment, DeleteExperiment, GetExperiment
from runyard.tracking.logged_models.messages import CreateLoggedModel, DeleteLoggedModel, GetLoggedModel
from runyard.tracking.removal import open_remover
from runyard.tracking.runs.messages import CreateRun, DeleteRun, GetRun, LogParam, RestoreRun


def _run(gate: Gate, experiment_id: str = "0") -> str:
    run_id = str(gate.perform(CreateRun(experiment_id=experiment_id))["run"]["info"]["run_id"])
    gate.perform(LogParam(run_id=run_id, key="rate", value="0.1"))
    return run_id


def test_removed_run_is_gone_and_others_stay(gate: Gate, database: str) -> None:
    """Everything that hangs on its row goes with it, and nothing else."""
    gone, kept = _run(gate), _run(gate)
    gate.perform(DeleteRun(run_id=gone))

    with open_remover(database) as remover:
        assert [gone] == [run.run_id for run in remover.find(None, [], []).runs]
        assert remover.remove_run(gone)

    with pytest.raises(DoesNotExist):
        gate.perform(GetRun(run_id=gone))
    assert [{"key": "rate", "value": "0.1"}] == gate.perform(GetRun(run_id=kept))["run"]["data"]["params"]


def test_run_restored_meanwhile_stays(gate: Gate, database: str) -> None:
    """Whoever restores a run while a removal goes on must not lose it."""
    run_id = _run(gate)
    gate.perform(DeleteRun(run_id=run_id))

    with open_remover(database) as remover:
        assert remover.find(None, [run_id], []).runs
        gate.perform(RestoreRun(run_id=run_id))
        assert not remover.remove_run(run_id)

    assert "active" == gate.perform(GetRun(run_id=run_id))["run"]["info"]["lifecycle_stage"]


def test_experiment_goes_after_its_runs(gate: Gate, database: str) -> None:
    """An experiment with runs left would leave them without a home."""
    experiment_id = gate.perform(CreateExperiment(name="old"))["experiment_id"]
    run_id = _run(gate, experiment_id)
    gate.perform(DeleteExperiment(experiment_id=experiment_id))

    with open_remover(database) as remover:
        found = remover.find(None, [], [experiment_id])
        assert ([run_id], ["old"]) == ([run.run_id for run in found.runs], [one.name for one in found.experiments])
        assert not remover.remove_experiment(experiment_id)
        assert remover.remove_run(run_id)
        assert remover.remove_experiment(experiment_id)

    with pytest.raises(DoesNotExist):
        gate.perform(GetExperiment(experiment_id=experiment_id))


def test_what_is_active_or_unknown_is_refused(gate: Gate, database: str) -> None:
    """A wrong id must stop the removal before it starts."""
    run_id = _run(gate)

    with open_remover(database) as remover:
        with pytest.raises(InvalidParameter, match="is not deleted"):
            remover.find(None, [run_id], [])
        with pytest.raises(DoesNotExist, match="No run has the id"):
            remover.find(None, ["0" * 32], [])
        with pytest.raises(InvalidParameter, match="is not deleted"):
            remover.find(None, [], ["0"])


def test_deleted_models_go_but_registered_ones_stay(gate: Gate, database: str) -> None:
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

    with open_remover(database) as remover:
        assert [deleted] == [model.model_id for model in remover.find(None, [], []).models]
        assert remover.remove_model(deleted)
        assert not remover.remove_model(registered)
        assert not remover.remove_model(kept)
        gate.perform(DeleteExperiment(experiment_id=experiment_id))
        found = remover.find(None, [], [experiment_id])
        assert [kept] == [model.model_id for model in found.models]
        assert remover.remove_model(kept)
        assert not remover.remove_experiment(experiment_id)

    with pytest.raises(DoesNotExist):
        gate.perform(GetLoggedModel(model_id=deleted, allow_deleted=True))
