"""Experiments: names, deletion, tags, locations."""

from pathlib import Path

import pytest

from runyard.core.entity import Tag
from runyard.exceptions import AlreadyExists, DoesNotExist, InvalidParameter
from runyard.gate.gate import Gate
from runyard.tracking.experiments.messages import (
    CountExperiments,
    CreateExperiment,
    DeleteExperiment,
    DeleteExperimentTag,
    GetExperiment,
    GetExperimentByName,
    RestoreExperiment,
    SetExperimentTag,
    SummarizeExperiments,
    UpdateExperiment,
)
from runyard.tracking.runs.messages import UpdateRun
from tests.factories import NOW, a_run, an_experiment, pairs


def shown(gate: Gate, experiment_id: str) -> dict[str, object]:
    """An experiment as the protocol shows it."""
    experiment: dict[str, object] = gate.perform(GetExperiment(experiment_id=experiment_id))["experiment"]
    return experiment


def test_a_new_database_has_the_default_experiment(gate: Gate) -> None:
    """Clients log to experiment 0 without asking."""
    assert "Default" == shown(gate, "0")["name"]


def test_an_experiment_comes_back_as_it_was_made(gate: Gate) -> None:
    """By id and by name, with tags."""
    name = "vision/été 2026: α"
    experiment_id = an_experiment(gate, name, tags=[Tag(key="team", value="red")])
    experiment = shown(gate, experiment_id)

    assert (name, "active", [{"key": "team", "value": "red"}]) == (
        experiment["name"], experiment["lifecycle_stage"], experiment["tags"]
    )  # fmt: skip
    assert str(experiment["artifact_location"]).endswith(f"/artifacts/{experiment_id}")
    assert experiment == gate.perform(GetExperimentByName(experiment_name=name))["experiment"]


def test_a_name_is_taken_once_also_by_a_deleted_experiment(gate: Gate) -> None:
    """Restoring must never lead to two experiments of one name."""
    experiment_id = an_experiment(gate, "taken")
    with pytest.raises(AlreadyExists, match="'taken'"):
        an_experiment(gate, "taken")
    gate.perform(DeleteExperiment(experiment_id=experiment_id))
    with pytest.raises(AlreadyExists, match="deleted"):
        an_experiment(gate, "taken")
    with pytest.raises(AlreadyExists):
        gate.perform(UpdateExperiment(experiment_id=an_experiment(gate), new_name="taken"))


def test_deleting_and_restoring(gate: Gate) -> None:
    """Deleted experiments are still shown by id and name; doing it twice is an error, as in MLflow."""
    experiment_id = an_experiment(gate)
    gate.perform(DeleteExperiment(experiment_id=experiment_id))
    assert "deleted" == shown(gate, experiment_id)["lifecycle_stage"]
    with pytest.raises(DoesNotExist):
        gate.perform(DeleteExperiment(experiment_id=experiment_id))
    with pytest.raises(InvalidParameter):
        gate.perform(UpdateExperiment(experiment_id=experiment_id, new_name="n"))
    with pytest.raises(InvalidParameter):
        gate.perform(SetExperimentTag(experiment_id=experiment_id, key="a", value="b"))
    gate.perform(RestoreExperiment(experiment_id=experiment_id))
    assert "active" == shown(gate, experiment_id)["lifecycle_stage"]
    with pytest.raises(DoesNotExist):
        gate.perform(RestoreExperiment(experiment_id=experiment_id))


def test_tags_are_set_replaced_and_removed(gate: Gate) -> None:
    """Removing one that is not there is an error."""
    experiment_id = an_experiment(gate)
    for value in ("1", "2"):
        gate.perform(SetExperimentTag(experiment_id=experiment_id, key="t", value=value))
    assert {"t": "2"} == pairs(shown(gate, experiment_id)["tags"])  # type: ignore[arg-type]
    gate.perform(DeleteExperimentTag(experiment_id=experiment_id, key="t"))
    assert "tags" not in shown(gate, experiment_id)
    with pytest.raises(DoesNotExist):
        gate.perform(DeleteExperimentTag(experiment_id=experiment_id, key="t"))


@pytest.mark.parametrize(
    "location",
    [
        "s3://bucket/a?x=/../../etc",
        "s3://bucket/a#/../../etc",
        "s3://bucket/a;x",
        "s3://bucket/../etc",
        "s3://bucket/%2e%2e/etc",
        "s3://bucket/%252e%252e/etc",
        "s3:\\\\bucket\\a",
        "unknown://x",
        "runs:/abc/x",
        "../x",
        "file://host/x",
        "//host/x",
        "http://user:secret@host/x",
        "s3://bucket/\n",
        "a" * 2049,
        "'s3://bucket'",
        "s3//bucket/a",
        "s3:/bucket/a",
        "127.0.0.1:9000/bucket",
        "~/artifacts",
        "None",
        "$ROOT/artifacts",
    ],
)
def test_odd_locations_are_refused(gate: Gate, location: str) -> None:
    """Everything past exploits hid a traversal in, and what would become a folder that nobody meant."""
    with pytest.raises(InvalidParameter):
        an_experiment(gate, artifact_location=location)


@pytest.mark.parametrize("location", ["s3://bucket/a b", "mlflow-artifacts:/x", "gs://b", "/tmp/x", "file:///tmp/x"])
def test_usual_locations_are_kept(gate: Gate, location: str) -> None:
    """As they were given."""
    assert location == shown(gate, an_experiment(gate, artifact_location=location))["artifact_location"]


def test_schemes_of_locations_are_case_blind(gate: Gate) -> None:
    """Clients look for `s3:` when they write, whatever was typed."""
    assert shown(gate, an_experiment(gate, artifact_location=" S3://Bucket/X "))["artifact_location"] == "s3://Bucket/X"


def test_a_relative_location_becomes_absolute(gate: Gate, tmp_path: Path) -> None:
    """The server's working directory may be another one tomorrow."""
    assert str(tmp_path / "here") == shown(gate, an_experiment(gate, artifact_location="here"))["artifact_location"]


@pytest.mark.parametrize("name", ["", "n" * 501, "nul\x00", "half \ud800"])
def test_names_that_cannot_be_kept_are_refused(gate: Gate, name: str) -> None:
    """Empty ones are missing, overlong ones too long, and some characters no database takes."""
    with pytest.raises(InvalidParameter):
        gate.perform(CreateExperiment.from_wire({"name": name}))


def test_experiments_are_counted(gate: Gate) -> None:
    """As a search would find them, without reading them; a filter that cannot be read is refused."""
    for name in ("a1", "a2", "b"):
        an_experiment(gate, name)
    gate.perform(DeleteExperiment(experiment_id=an_experiment(gate, "a3")))

    counts = [
        gate.ask(CountExperiments(filter="name LIKE 'a%'", view_type=view)).experiments
        for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL")
    ]

    assert [2, 1, 3] == counts
    assert 4 == gate.ask(CountExperiments()).experiments
    with pytest.raises(InvalidParameter):
        gate.perform(CountExperiments(filter="name ="))


def test_experiments_are_summarized(gate: Gate) -> None:
    """Counts by status and the last activity, for a list of experiments."""
    experiment_id, empty = an_experiment(gate), an_experiment(gate)
    a_run(gate, experiment_id)
    run_id = a_run(gate, experiment_id)
    gate.perform(UpdateRun(run_id=run_id, status="FINISHED", end_time=NOW + 7))
    summaries = gate.perform(SummarizeExperiments(experiment_ids=[experiment_id, empty]))["experiments"]

    assert [(2, {"RUNNING": 1, "FINISHED": 1}, NOW + 7), (0, {}, None)] == [
        (summary["runs"], summary["by_status"], summary.get("last_activity_time")) for summary in summaries
    ]
    gate.perform(DeleteExperiment(experiment_id=experiment_id))
    deleted = SummarizeExperiments(experiment_ids=[experiment_id, empty], deleted_runs=True)
    assert [2, 0] == [summary["runs"] for summary in gate.perform(deleted)["experiments"]]
