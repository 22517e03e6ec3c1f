"""Logged models as entities: what MLflow's have."""

import pytest

from runyard.entities import LoggedModel, LoggedModelParameter, LoggedModelStatus, LoggedModelTag, Metric
from runyard.exceptions import InvalidParameter

WIRE = {
    "info": {
        "model_id": "m-1",
        "experiment_id": "7",
        "name": "tree",
        "creation_timestamp_ms": 1000,
        "last_updated_timestamp_ms": "2000",
        "artifact_uri": "mlflow-artifacts:/7/models/m-1/artifacts",
        "status": "LOGGED_MODEL_UPLOAD_FAILED",
        "model_type": "",
        "source_run_id": "a",
        "tags": [{"key": "team", "value": "red"}, {"key": "empty"}],
    },
    "data": {
        "params": [{"key": "depth", "value": "3"}],
        "metrics": [{"key": "loss", "value": "NaN", "timestamp": 5, "step": 1, "model_id": "m-1", "run_id": "a"}],
    },
}


def test_a_model_from_the_wire_has_its_attributes() -> None:
    """Absent texts are None, as MLflow's are."""
    model = LoggedModel.from_wire(WIRE)

    assert (model.model_id, model.experiment_id, model.name) == ("m-1", "7", "tree")
    assert (model.creation_timestamp, model.last_updated_timestamp) == (1000, 2000)
    assert (model.model_type, model.source_run_id, model.status_message) == (None, "a", None)
    assert (model.status, model.model_uri) == (LoggedModelStatus.FAILED, "models:/m-1")
    assert (model.tags, model.params) == ({"team": "red", "empty": ""}, {"depth": "3"})
    assert model.metrics is not None
    assert (model.metrics[0].key, model.metrics[0].run_id) == ("loss", "a")


def test_params_and_tags_may_be_entities() -> None:
    """As MLflow's constructor takes them."""
    model = LoggedModel(
        "0",
        "m-1",
        "n",
        "/a",
        1,
        2,
        tags=[LoggedModelTag("a", "b")],  # type: ignore[arg-type]
        params=[LoggedModelParameter("c", "d")],  # type: ignore[arg-type]
    )

    assert (model.tags, model.params, model.metrics) == ({"a": "b"}, {"c": "d"}, None)
    assert model.status is LoggedModelStatus.READY


def test_a_dictionary_makes_the_same_model_again() -> None:
    """The status is its number there; iterating shows the address too."""
    model = LoggedModel(
        "0", "m-1", "n", "/a", 1, 2, "Agent", "r", LoggedModelStatus.PENDING, metrics=[Metric("k", 1, 1, 0)]
    )
    again = LoggedModel.from_dictionary(model.to_dictionary())

    assert model.to_dictionary()["status"] == 1
    assert dict(again) == dict(model)
    assert dict(model)["model_uri"] == "models:/m-1"
    assert "model_id='m-1'" in repr(model)
    assert "metrics" not in repr(model)


def test_statuses_are_texts_and_numbers() -> None:
    """Comparable with plain text, as an enumeration of texts is."""
    assert [LoggedModelStatus.from_int(number) for number in range(4)] == ["UNSPECIFIED", "PENDING", "READY", "FAILED"]
    assert [status.to_int() for status in LoggedModelStatus] == [0, 1, 2, 3]
    assert str(LoggedModelStatus.READY) == "READY"
    assert [LoggedModelStatus.is_finalized(status) for status in LoggedModelStatus] == [False, False, True, True]
    assert [LoggedModelStatus.from_wire(status.to_wire()) for status in LoggedModelStatus] == list(LoggedModelStatus)
    with pytest.raises(InvalidParameter, match="9"):
        LoggedModelStatus.from_int(9)


def test_params_of_models_compare_and_hash() -> None:
    """Tags compare only, as in MLflow."""
    assert {LoggedModelParameter("a", "b"), LoggedModelParameter("a", "b")} == {LoggedModelParameter("a", "b")}
    assert LoggedModelTag("a", "b") == LoggedModelTag("a", "b")
    assert dict(LoggedModelTag("a", "b")) == {"key": "a", "value": "b"}
