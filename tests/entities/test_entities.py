"""Entities behave as MLflow's do: attributes, equality, iteration, dictionaries."""

import copy
import math
import pickle
from typing import Any

import pytest

from runyard.core.entity import Entity
from runyard.entities import (
    Dataset,
    DatasetInput,
    Experiment,
    ExperimentTag,
    FileInfo,
    InputTag,
    LoggedModel,
    LoggedModelInput,
    Metric,
    Param,
    RegisteredModelMove,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunTag,
)
from runyard.registry.model_versions.entities import DescribedModelVersion
from runyard.registry.registered_models.entities import RegisteredModel

WIRE_RUN: dict[str, Any] = {
    "info": {
        "run_id": "a" * 32,
        "experiment_id": "7",
        "run_name": "quick-fox-1",
        "user_id": "ada",
        "status": "FINISHED",
        "start_time": 1000,
        "end_time": 2000,
        "artifact_uri": "file:///tmp/a",
        "lifecycle_stage": "active",
    },
    "data": {
        "metrics": [
            {"key": "loss", "value": 0.5, "timestamp": 1500, "step": 3},
            {"key": "broken", "value": "NaN", "timestamp": 1500, "step": 3},
            {"key": "far", "value": "-Infinity", "timestamp": 1500, "step": 3},
        ],
        "params": [{"key": "lr", "value": "0.1"}, {"key": "empty"}],
        "tags": [{"key": "team", "value": "blue"}],
    },
    "inputs": {
        "dataset_inputs": [
            {
                "dataset": {"name": "iris", "digest": "d1", "source_type": "local", "source": "{}", "schema": "s"},
                "tags": [{"key": "mlflow.data.context", "value": "train"}],
            }
        ],
        "model_inputs": [{"model_id": "m-1"}],
    },
}


@pytest.fixture
def run() -> Run:
    """A run with one of everything."""
    return Run.from_wire(WIRE_RUN)


def test_a_run_from_the_wire_has_its_attributes(run: Run) -> None:
    """Scripts read run.info.run_id and run.data.metrics["x"]."""
    assert run.info.run_id == run.info.run_uuid == "a" * 32
    assert (run.info.experiment_id, run.info.status, run.info.end_time) == ("7", "FINISHED", 2000)
    assert run.data.metrics["loss"] == 0.5
    assert run.data.params == {"lr": "0.1", "empty": ""}
    assert run.data.tags == {"team": "blue"}


def test_numbers_that_json_cannot_hold_come_back_as_floats(run: Run) -> None:
    """NaN and the infinities are text on the wire."""
    assert math.isnan(run.data.metrics["broken"])
    assert run.data.metrics["far"] == -math.inf


def test_inputs_of_a_run_are_entities(run: Run) -> None:
    """Datasets keep their tags, and parts that were not given are None."""
    assert run.inputs is not None
    (used,) = run.inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.schema, used.dataset.profile) == ("iris", "s", None)
    assert [InputTag("mlflow.data.context", "train")] == used.tags
    assert [LoggedModelInput("m-1")] == run.inputs.model_inputs


def test_a_run_with_nothing_on_it_has_empty_parts() -> None:
    """The wire leaves out what is empty."""
    bare = Run.from_wire({"info": WIRE_RUN["info"]})

    assert ({}, {}, {}) == (bare.data.metrics, bare.data.params, bare.data.tags)
    assert RunInputs([]) == bare.inputs


def test_a_run_as_a_dictionary_holds_plain_values(run: Run) -> None:
    """to_dictionary is what people dump to JSON."""
    shown = run.to_dictionary()

    assert shown["info"]["run_name"] == "quick-fox-1"
    assert shown["data"]["params"] == {"lr": "0.1", "empty": ""}
    assert shown["inputs"]["dataset_inputs"][0]["tags"] == {"mlflow.data.context": "train"}
    assert shown["outputs"] == {"model_outputs": []}


def test_iterating_an_entity_gives_its_attributes_sorted() -> None:
    """dict(run.info) is a common way to print a run."""
    info = RunInfo("id", "1", "u", "RUNNING", 1, None, "active", "art", "name")

    assert list(dict(info)) == sorted(dict(info))
    assert dict(info)["run_id"] == "id"
    assert "run_uuid" not in dict(info)


def test_entities_show_what_they_hold() -> None:
    """A repr in a traceback tells the values."""
    assert repr(Param("a", "b")) == "<Param: key='a', value='b'>"
    assert "status='RUNNING'" in repr(RunInfo("id", "1", "u", "RUNNING", 1, None, "active"))


def test_values_compare_by_their_attributes() -> None:
    """Tests of training code compare metrics and params."""
    assert Metric("k", 1.0, 2, 3) == Metric("k", 1.0, 2, 3)
    assert Metric("k", 1.0, 2, 3) != Metric("k", 1.0, 2, 4)
    assert Dataset("n", "d", "t", "s") == Dataset("n", "d", "t", "s")
    assert DatasetInput(Dataset("n", "d", "t", "s")) != DatasetInput(Dataset("n", "d", "t", "other"))
    assert RunTag("a", "b") != ExperimentTag("a", "b")


def test_params_and_metrics_can_be_members_of_sets() -> None:
    """As MLflow's: these two are hashable, tags are not."""
    assert len({Param("a", "b"), Param("a", "b"), Metric("k", 1.0, 2, 3), Metric("k", 1.0, 2, 3)}) == 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(RunTag("a", "b"))


def test_experiments_and_runs_are_told_apart_by_identity(run: Run) -> None:
    """They serve as dictionary keys in user code."""
    assert {run: 1}[run] == 1
    assert Run.from_wire(WIRE_RUN) != run


def test_a_metric_goes_to_a_dictionary_and_back() -> None:
    """Both directions keep every attribute."""
    metric = Metric("k", 1.0, 2, 3, model_id="m-1", dataset_name="d")

    assert metric == Metric.from_dictionary(metric.to_dictionary())


def test_tags_of_an_experiment_are_a_dictionary() -> None:
    """They are given as entities and read by key."""
    experiment = Experiment("1", "e", "loc", "active", [ExperimentTag("a", "b")], 1, 2)  # type: ignore[arg-type]

    assert experiment.tags == {"a": "b"}
    assert dict(experiment)["workspace"] == "default"


def test_an_experiment_from_the_wire_has_text_ids() -> None:
    """Ids are text even where a server sends numbers."""
    assert Experiment.from_wire({"experiment_id": 3, "name": "e"}).experiment_id == "3"


def test_run_data_keeps_the_latest_points_with_their_steps() -> None:
    """Export tools read them."""
    assert [3] == [point.step for point in RunData([Metric("k", 1.0, 2, 3)])._metric_objs]  # type: ignore[arg-type]


def test_entities_show_their_attributes_as_mlflows_do() -> None:
    """Export tools read ``vars(entity)`` and strip the underscores."""
    assert {"_key": "rate", "_value": "0.1"} == vars(Param("rate", "0.1"))
    assert {"_path": "a.txt", "_is_dir": False, "_file_size": 3} == vars(FileInfo("a.txt", False, 3))
    metric = Metric("loss", 0.5, 7, 2)
    assert dict(metric) == {name.removeprefix("_"): value for name, value in vars(metric).items()}
    assert pickle.loads(pickle.dumps(metric)) == metric == copy.deepcopy(metric)


def test_to_proto_has_the_fields_and_their_text() -> None:
    """Scripts print it, or pass it on by attribute."""
    data = RunData([Metric("loss", 0.5, 7, 2)], [Param("rate", "0.1")], [])  # type: ignore[arg-type]
    proto = data.to_proto()

    assert (2, "rate") == (proto.metrics[0].step, proto.params[0].key)
    assert str(proto).startswith('metrics {\n  key: "loss"\n  value: 0.5\n  timestamp: 7\n  step: 2\n}\nparams {\n')


VERSION = {
    "name": "churn",
    "version": "3",
    "creation_timestamp": 1,
    "last_updated_timestamp": 2,
    "current_stage": "None",
    "source": "runs:/r/model",
    "run_id": "",
    "status": "READY",
    "tags": [{"key": "team", "value": "blue"}],
    "run_link": "",
    "aliases": ["champion"],
}
MODEL = {
    "name": "churn",
    "creation_timestamp": 1,
    "last_updated_timestamp": 2,
    "latest_versions": [VERSION],
    "aliases": [{"alias": "champion", "version": "3"}],
}
MOVE = {
    "kind": "alias",
    "target": "champion",
    "version": "3",
    "removed": False,
    "timestamp": 1,
    "user_id": "ada",
    "reason": "",
}
LOGGED = {
    "info": {
        "experiment_id": "7",
        "model_id": "m-1",
        "name": "trees",
        "artifact_uri": "file:///tmp/m",
        "creation_timestamp_ms": 1,
        "last_updated_timestamp_ms": 2,
        "status": "LOGGED_MODEL_READY",
        "tags": [{"key": "team", "value": "blue"}],
    },
    "data": {"params": [{"key": "depth", "value": "3"}]},
}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (DescribedModelVersion, {**VERSION, "has_files": False}),
        (RegisteredModel, MODEL),
        (LoggedModel, LOGGED),
        (RegisteredModelMove, {**MOVE, "figures": {"metrics.f1": None, "current.f1": "NaN"}}),
    ],
)
def test_an_entity_is_written_as_it_was_read(kind: type[Entity], fields: dict[str, Any]) -> None:
    """Commands print entities as servers answer with them."""
    assert fields == kind.from_wire(fields).to_wire()


def test_a_run_is_written_with_the_steps_of_its_metrics(run: Run) -> None:
    """In Python they are beside its metrics, which are numbers there."""
    written = run.to_wire()

    assert WIRE_RUN["data"]["metrics"] == written["data"]["metrics"]
    assert repr(run) == repr(Run.from_wire(written))
