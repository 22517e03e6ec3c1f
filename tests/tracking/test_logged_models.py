"""Logged models: made, finalised, tagged, measured, put out by runs, deleted."""

import math
from typing import Any

import pytest

from runyard.core.entity import Tag
from runyard.exceptions import BadRequest, DoesNotExist, InvalidParameter
from runyard.gate.gate import Gate
from runyard.tracking.experiments.messages import DeleteExperiment
from runyard.tracking.inputs.entities import LoggedModelOutput
from runyard.tracking.logged_models.messages import (
    CreateLoggedModel,
    DeleteLoggedModel,
    DeleteLoggedModelTag,
    FinalizeLoggedModel,
    GetLoggedModel,
    LogLoggedModelParams,
    LogOutputs,
    SetLoggedModelTags,
)
from runyard.tracking.metrics.entities import Metric
from runyard.tracking.metrics.messages import LogMetric
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import LogBatch, SearchRuns
from tests.factories import NOW, a_point, a_run, an_experiment, pairs, shown_run


def a_model(gate: Gate, experiment_id: str | None = None, **fields: Any) -> str:
    """Create a logged model; returns its id."""
    message = CreateLoggedModel(experiment_id=experiment_id or an_experiment(gate), **fields)
    return str(gate.perform(message)["model"]["info"]["model_id"])


def shown(gate: Gate, model_id: str) -> Any:
    """A logged model as the protocol shows it."""
    return gate.perform(GetLoggedModel(model_id=model_id))["model"]


def test_a_model_is_made_pending_below_its_experiment(gate: Gate) -> None:
    """Its files go beside those of the runs, where nobody else writes."""
    experiment_id = an_experiment(gate, artifact_location="s3://bucket/x")
    run_id = a_run(gate, experiment_id)

    model_id = a_model(
        gate,
        experiment_id,
        name="forest",
        model_type="classifier",
        source_run_id=run_id,
        params=[Param(key="depth", value="3")],
        tags=[Tag(key="team", value="red")],
    )

    info = shown(gate, model_id)["info"]
    assert model_id.startswith("m-")
    assert f"s3://bucket/x/models/{model_id}/artifacts" == info["artifact_uri"]
    assert ("LOGGED_MODEL_PENDING", "forest", "classifier", run_id) == (
        info["status"],
        info["name"],
        info["model_type"],
        info["source_run_id"],
    )
    assert {"team": "red"} == pairs(info["tags"])
    assert {"depth": "3"} == pairs(shown(gate, model_id)["data"]["params"])


def test_a_model_without_a_name_gets_one(gate: Gate) -> None:
    """As runs do."""
    assert shown(gate, a_model(gate))["info"]["name"]


@pytest.mark.parametrize("name", ["a/b", "a:b", "a.b", "50%", "it's", 'say "a"', "x" * 501])
def test_names_that_could_not_stand_in_an_address_are_refused(gate: Gate, name: str) -> None:
    """MLflow refuses the same ones."""
    with pytest.raises(InvalidParameter):
        a_model(gate, name=name)


def test_experiments_must_be_there(gate: Gate) -> None:
    """Unknown is not found, deleted is refused."""
    experiment_id = an_experiment(gate)
    gate.perform(DeleteExperiment(experiment_id=experiment_id))

    with pytest.raises(DoesNotExist):
        a_model(gate, "987654")
    with pytest.raises(InvalidParameter, match="deleted"):
        a_model(gate, experiment_id)


@pytest.mark.parametrize("status", ["LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"])
def test_finalising_sets_the_status(gate: Gate, status: str) -> None:
    """Readers tell a whole model from one that broke off."""
    model_id = a_model(gate)

    answer = gate.perform(FinalizeLoggedModel(model_id=model_id, status=status))

    assert status == answer["model"]["info"]["status"] == shown(gate, model_id)["info"]["status"]


def test_statuses_come_as_numbers_too_and_others_are_refused() -> None:
    """Clients send either."""
    assert "LOGGED_MODEL_READY" == FinalizeLoggedModel.from_wire({"model_id": "m", "status": 2}).status
    with pytest.raises(InvalidParameter, match="LOGGED_MODEL_READY"):
        FinalizeLoggedModel.from_wire({"model_id": "m", "status": "BOGUS"})


def test_tags_are_replaced_and_removed(gate: Gate) -> None:
    """Removing one that is not there is an error, as for runs."""
    model_id = a_model(gate, tags=[Tag(key="a", value="1")])

    gate.perform(SetLoggedModelTags(model_id=model_id, tags=[Tag(key="a", value="2"), Tag(key="b", value="3")]))
    gate.perform(DeleteLoggedModelTag(model_id=model_id, tag_key="b"))

    assert {"a": "2"} == pairs(shown(gate, model_id)["info"]["tags"])
    with pytest.raises(DoesNotExist, match="'b'"):
        gate.perform(DeleteLoggedModelTag(model_id=model_id, tag_key="b"))


def test_params_are_logged_once_and_all_or_none(gate: Gate) -> None:
    """A batch with a key that is there already leaves nothing of itself."""
    model_id = a_model(gate, params=[Param(key="b", value="1")])

    with pytest.raises(BadRequest, match="'b'"):
        gate.perform(
            LogLoggedModelParams(model_id=model_id, params=[Param(key="a", value="1"), Param(key="b", value="2")])
        )
    gate.perform(LogLoggedModelParams(model_id=model_id, params=[Param(key="long", value="x" * 60_000)]))
    gate.perform(LogLoggedModelParams(model_id=model_id, params=[Param(key="k" * 255, value="1")]))
    with pytest.raises(InvalidParameter, match="255"):
        gate.perform(LogLoggedModelParams(model_id=model_id, params=[Param(key="k" * 256, value="1")]))

    assert {"b": "1", "long": "x" * 60_000, "k" * 255: "1"} == pairs(shown(gate, model_id)["data"]["params"])
    with pytest.raises(BadRequest, match="twice"):
        a_model(gate, params=[Param(key="a", value="1"), Param(key="a", value="1")])


def test_metrics_belong_to_the_run_and_to_the_model(gate: Gate) -> None:
    """Each point is kept with its run and dataset; the same point again is one."""
    experiment_id = an_experiment(gate)
    run_id, model_id = a_run(gate, experiment_id), a_model(gate, experiment_id)
    point: dict[str, Any] = {
        "run_id": run_id,
        "key": "f1",
        "value": 0.5,
        "timestamp": NOW,
        "step": 1,
        "model_id": model_id,
    }

    for _ in range(2):
        gate.perform(LogMetric(**point, dataset_name="test", dataset_digest="abc"))
    gate.perform(LogMetric(**{**point, "step": 2, "value": math.inf}))
    gate.perform(
        LogBatch(
            run_id=run_id,
            metrics=[
                Metric(key="f1", value=math.nan, timestamp=NOW, step=3, model_id=model_id),
                a_point("other", 1.0),
            ],
        )
    )

    of_model = shown(gate, model_id)["data"]["metrics"]
    assert [(1, 0.5, "test", "abc"), (2, "Infinity", None, None), (3, "NaN", None, None)] == [
        (entry["step"], entry["value"], entry.get("dataset_name"), entry.get("dataset_digest")) for entry in of_model
    ]
    assert {(model_id, run_id)} == {(entry["model_id"], entry["run_id"]) for entry in of_model}
    assert {"f1", "other"} == {entry["key"] for entry in shown_run(gate, run_id)["data"]["metrics"]}


def test_a_metric_of_an_unknown_model_stores_nothing(gate: Gate) -> None:
    """Neither with the run nor with anything else."""
    run_id = a_run(gate)
    unknown = Metric(key="f1", value=1.0, timestamp=NOW, model_id="m-none")

    with pytest.raises(BadRequest, match="m-none"):
        gate.perform(LogBatch(run_id=run_id, metrics=[a_point("loss"), unknown], tags=[Tag(key="a", value="b")]))

    assert "metrics" not in shown_run(gate, run_id)["data"]


def test_runs_show_the_models_they_put_out(gate: Gate) -> None:
    """Alone and in a search; the step of the last report counts."""
    experiment_id = an_experiment(gate)
    run_id, model_id = a_run(gate, experiment_id), a_model(gate, experiment_id)

    gate.perform(LogOutputs(run_id=run_id, models=[LoggedModelOutput(model_id=model_id, step=1)]))
    gate.perform(LogOutputs(run_id=run_id, models=[LoggedModelOutput(model_id=model_id, step=5)]))

    expected = {"model_outputs": [{"model_id": model_id, "step": 5}]}
    [found] = gate.perform(SearchRuns(experiment_ids=[experiment_id]))["runs"]
    assert expected == shown_run(gate, run_id)["outputs"] == found["outputs"]


def test_a_deleted_model_is_shown_only_when_asked_for(gate: Gate) -> None:
    """Deleting twice changes nothing; nothing can be changed any more."""
    model_id = a_model(gate)
    for _ in range(2):
        gate.perform(DeleteLoggedModel(model_id=model_id))

    assert model_id == gate.perform(GetLoggedModel(model_id=model_id, allow_deleted=True))["model"]["info"]["model_id"]
    for message in (
        GetLoggedModel(model_id=model_id),
        FinalizeLoggedModel(model_id=model_id, status="LOGGED_MODEL_READY"),
        SetLoggedModelTags(model_id=model_id, tags=[Tag(key="a", value="b")]),
        LogLoggedModelParams(model_id=model_id, params=[Param(key="a", value="b")]),
        DeleteLoggedModel(model_id="m-none"),
    ):
        with pytest.raises(DoesNotExist):
            gate.perform(message)
