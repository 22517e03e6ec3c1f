"""Runs and models under ids that clients made while the server was away: made once, however often they are sent."""

from typing import Any

import pytest

from runyard.core.entity import Tag
from runyard.exceptions import AlreadyExists, InvalidParameter
from runyard.gate.gate import Gate
from runyard.tracking.experiments.messages import DeleteExperiment, GetExperimentByName, SearchExperiments
from runyard.tracking.logged_models.messages import GetLoggedModel, StartLoggedModel
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import LogParam, SearchRuns, StartRun
from tests.factories import NOW, an_experiment, pairs, shown_run

RUN, MODEL = "0123456789abcdef" * 2, "m-" + "0123456789abcdef" * 2


def started(**fields: Any) -> StartRun:
    """A run that began elsewhere."""
    return StartRun.from_wire({"run_id": RUN, "start_time": NOW, **fields})


def test_a_run_is_started_in_the_experiment_of_a_name(gate: Gate) -> None:
    """Made on delivery, with everything the run was started with."""
    message = started(
        experiment_name="offline", run_name="quick", user_id="ada", tags=[Tag(key="team", value="red").to_wire()]
    )
    gate.perform(message)

    run = shown_run(gate, RUN)
    home = gate.perform(GetExperimentByName(experiment_name="offline"))["experiment"]
    info = run["info"]
    assert (info["experiment_id"], info["run_name"], info["user_id"]) == (home["experiment_id"], "quick", "ada")
    assert (info["status"], info["start_time"]) == ("RUNNING", NOW)
    assert info["artifact_uri"] == f"{home['artifact_location']}/{RUN}/artifacts"
    assert pairs(run["data"]["tags"]) == {"team": "red", "mlflow.runName": "quick"}


def test_sending_it_again_changes_nothing(gate: Gate) -> None:
    """What was logged meanwhile stays, the experiment is not made twice, and another run of the id is refused."""
    gate.perform(started(experiment_name="offline"))
    gate.perform(LogParam(run_id=RUN, key="lr", value="1"))
    before = shown_run(gate, RUN)

    assert gate.perform(started(experiment_name="offline"))["run"] == before
    assert gate.perform(started(experiment_name="renamed since"))["run"] == before

    with pytest.raises(AlreadyExists, match=RUN):
        gate.perform(started(experiment_name="offline", start_time=NOW + 1))
    names = [entry["name"] for entry in gate.perform(SearchExperiments(max_results=100))["experiments"]]
    assert sorted(names) == ["Default", "offline"]


def test_a_run_is_started_in_the_experiment_of_an_id(gate: Gate) -> None:
    """As one that is found by it."""
    experiment_id = an_experiment(gate)
    gate.perform(started(experiment_id=experiment_id))

    (found,) = gate.perform(SearchRuns(experiment_ids=[experiment_id]))["runs"]
    assert found["info"]["run_id"] == RUN


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"run_id": "short", "experiment_name": "x"}, "32 hexadecimal"),
        ({"run_id": "../" + "a" * 29, "experiment_name": "x"}, "32 hexadecimal"),
        ({"run_id": "A" * 32, "experiment_name": "x"}, "32 hexadecimal"),
        ({}, "experiment_name"),
        ({"experiment_id": "0", "experiment_name": "x"}, "experiment_name"),
        ({"experiment_name": "x" * 10_000}, "Experiment name"),
        ({"experiment_name": "x", "user_id": "x" * 257}, "User id"),
    ],
)
def test_bad_starts_are_refused(gate: Gate, fields: dict[str, str], reason: str) -> None:
    """An id is part of a path, so its form is the store's own."""
    with pytest.raises(InvalidParameter, match=reason):
        gate.perform(started(**fields))


def test_a_deleted_experiment_takes_no_run(gate: Gate) -> None:
    """As with runs that start while the server is there."""
    experiment_id = an_experiment(gate, "offline")
    gate.perform(DeleteExperiment(experiment_id=experiment_id))

    with pytest.raises(InvalidParameter, match="deleted"):
        gate.perform(started(experiment_name="offline"))


def test_a_model_is_begun_once(gate: Gate) -> None:
    """With its params and tags, linked to the run that made it."""
    gate.perform(started(experiment_name="offline"))
    message = StartLoggedModel(
        model_id=MODEL, experiment_name="offline", name="m", source_run_id=RUN, params=[Param(key="a", value="1")]
    )

    first, second = gate.perform(message)["model"], gate.perform(message)["model"]

    assert first == second == gate.perform(GetLoggedModel(model_id=MODEL))["model"]
    assert (first["info"]["source_run_id"], first["info"]["status"]) == (RUN, "LOGGED_MODEL_PENDING")
    assert first["info"]["experiment_id"] == shown_run(gate, RUN)["info"]["experiment_id"]
    with pytest.raises(AlreadyExists, match=MODEL):
        gate.perform(StartLoggedModel(model_id=MODEL, experiment_name="offline", source_run_id="f" * 32))


@pytest.mark.parametrize("model_id", ["0123456789abcdef" * 2, "m-short", "m-../" + "a" * 29])
def test_a_model_id_has_the_stores_form(gate: Gate, model_id: str) -> None:
    """It is part of a path too."""
    with pytest.raises(InvalidParameter, match="model_id"):
        gate.perform(StartLoggedModel(model_id=model_id, experiment_name="x"))
