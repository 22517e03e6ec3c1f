"""Runs: their life, params, tags and batches."""

import json
from typing import Any

import pytest
import sqlalchemy as sa

from runyard.core.clock import now_ms
from runyard.core.entity import Tag
from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.gate.gate import Gate
from runyard.tracking.experiments.messages import DeleteExperiment, RestoreExperiment
from runyard.tracking.inputs.entities import Dataset, DatasetInput, InputTag, LoggedModelInput
from runyard.tracking.inputs.messages import LogInputs, SearchDatasets
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import (
    CountRuns,
    CreateRun,
    DeleteRun,
    DeleteTag,
    DescribeRuns,
    GetRun,
    LogBatch,
    LogModel,
    LogParam,
    RestoreRun,
    SearchRuns,
    SetTag,
    UpdateRun,
)
from runyard.tracking.runs.tables import runs, tags
from tests.factories import NOW, a_point, a_run, an_experiment, pairs, shown_run


def test_a_new_run_is_running_and_named(gate: Gate) -> None:
    """The name is a field and a tag, and the artifacts lie below the experiment's."""
    experiment_id = an_experiment(gate, artifact_location="s3://bucket/prefix")
    run = shown_run(gate, a_run(gate, experiment_id, {"team": "red"}, user_id="ada"))
    info = run["info"]

    assert ("RUNNING", "ada", "active", NOW) == (
        info["status"], info["user_id"], info["lifecycle_stage"], info["start_time"]
    )  # fmt: skip
    assert {"team": "red", "mlflow.runName": info["run_name"]} == pairs(run["data"]["tags"])
    assert f"s3://bucket/prefix/{info['run_id']}/artifacts" == info["artifact_uri"]
    assert info["run_id"] == info["run_uuid"]


def test_a_run_without_times_gets_the_clocks(gate: Gate) -> None:
    """A run that curl makes and ends does not begin in 1970, and it has an end; what is sent is kept."""
    run_id = gate.perform(CreateRun.from_wire({"experiment_id": "0"}))["run"]["info"]["run_id"]
    assert now_ms() - 60_000 < shown_run(gate, run_id)["info"]["start_time"] <= now_ms()
    gate.perform(UpdateRun(run_id=run_id, status="KILLED"))
    ended = shown_run(gate, run_id)["info"]["end_time"]
    assert shown_run(gate, run_id)["info"]["start_time"] <= ended <= now_ms()

    gate.perform(UpdateRun(run_id=run_id, status="FAILED"))
    assert ("FAILED", ended) == _end(gate, run_id)
    gate.perform(UpdateRun(run_id=run_id, status="FINISHED", end_time=7))
    assert ("FINISHED", 7) == _end(gate, run_id)
    early = gate.perform(CreateRun.from_wire({"experiment_id": "0", "start_time": 0}))["run"]["info"]
    assert 0 == early["start_time"]


@pytest.mark.parametrize("status", ["RUNNING", "SCHEDULED"])
def test_a_run_that_goes_on_has_no_end(gate: Gate, status: str) -> None:
    """Resumed after it ended, it would look as if it had both ended and not."""
    run_id = a_run(gate)
    gate.perform(UpdateRun(run_id=run_id, status="FAILED", end_time=NOW + 1))

    gate.perform(UpdateRun(run_id=run_id, status=status))

    assert (status, None) == _end(gate, run_id)
    assert {} == gate.perform(SearchRuns(experiment_ids=["0"], filter="end_time > 0"))
    gate.perform(UpdateRun(run_id=run_id, status="FINISHED"))
    assert now_ms() - 60_000 < (_end(gate, run_id)[1] or 0) <= now_ms()


def _end(gate: Gate, run_id: str) -> tuple[str, int | None]:
    info = shown_run(gate, run_id)["info"]
    return info["status"], info.get("end_time")


def test_a_name_may_come_as_a_tag(gate: Gate) -> None:
    """Fluent clients send the name both ways, older ones only as a tag."""
    assert "tagged" == shown_run(gate, a_run(gate, tags={"mlflow.runName": "tagged"}))["info"]["run_name"]
    with pytest.raises(InvalidParameter, match="named twice"):
        a_run(gate, run_name="a", tags={"mlflow.runName": "b"})


def test_a_run_needs_an_active_experiment(gate: Gate) -> None:
    """Unknown, deleted and malformed experiments have different answers."""
    experiment_id = an_experiment(gate)
    gate.perform(DeleteExperiment(experiment_id=experiment_id))

    with pytest.raises(InvalidParameter, match="deleted"):
        a_run(gate, experiment_id)
    with pytest.raises(DoesNotExist):
        a_run(gate, "999999")
    for bad in ("x", "-1", "1.5", "9" * 30, ""):
        with pytest.raises(InvalidParameter):
            gate.perform(CreateRun(experiment_id=bad))


def test_update_changes_only_what_is_given(gate: Gate) -> None:
    """Another name keeps status and end; an empty name is not a name."""
    run_id = a_run(gate, run_name="first")
    gate.perform(UpdateRun(run_id=run_id, status="FINISHED", end_time=NOW + 5))
    gate.perform(UpdateRun(run_id=run_id, status="FAILED", run_name=""))
    answer = gate.perform(UpdateRun(run_id=run_id, run_name="second"))
    run = shown_run(gate, run_id)

    assert ("FAILED", NOW + 5, "second") == tuple(run["info"][name] for name in ("status", "end_time", "run_name"))
    assert "second" == pairs(run["data"]["tags"])["mlflow.runName"]
    assert run["info"] == answer["run_info"]


def test_deleting_and_restoring_twice_changes_nothing_more(gate: Gate) -> None:
    """Retried requests must be harmless."""
    run_id = a_run(gate)
    for message, stage in ((DeleteRun(run_id=run_id), "deleted"), (RestoreRun(run_id=run_id), "active")):
        gate.perform(message)
        gate.perform(message)
        assert stage == shown_run(gate, run_id)["info"]["lifecycle_stage"]


def test_a_deleted_run_cannot_be_changed(gate: Gate) -> None:
    """Every change is refused until it is restored."""
    run_id = a_run(gate)
    gate.perform(DeleteRun(run_id=run_id))

    for message in (
        SetTag(run_id=run_id, key="a"),
        DeleteTag(run_id=run_id, key="a"),
        LogParam(run_id=run_id, key="a"),
        LogBatch(run_id=run_id),
        UpdateRun(run_id=run_id, status="FAILED"),
        LogInputs(run_id=run_id),
    ):
        with pytest.raises(InvalidParameter, match="is deleted"):
            gate.perform(message)


def test_restoring_an_experiment_revives_only_the_runs_that_went_with_it(gate: Gate) -> None:
    """What someone deleted on purpose before stays deleted."""
    experiment_id = an_experiment(gate)
    before, along = a_run(gate, experiment_id), a_run(gate, experiment_id)
    gate.perform(DeleteRun(run_id=before))
    gate.perform(DeleteExperiment(experiment_id=experiment_id))
    assert "deleted" == shown_run(gate, along)["info"]["lifecycle_stage"]
    gate.perform(RestoreExperiment(experiment_id=experiment_id))

    assert ("deleted", "active") == tuple(shown_run(gate, run)["info"]["lifecycle_stage"] for run in (before, along))


def test_a_param_is_logged_once(gate: Gate) -> None:
    """The same value again is fine; another one is refused and the first stays."""
    run_id = a_run(gate)
    for _ in range(2):
        gate.perform(LogParam(run_id=run_id, key="lr", value="0.1"))
    with pytest.raises(InvalidParameter, match=r"'0\.1' already"):
        gate.perform(LogParam(run_id=run_id, key="lr", value="0.2"))

    assert {"lr": "0.1"} == pairs(shown_run(gate, run_id)["data"]["params"])


def test_long_values_are_kept_whole(gate: Gate) -> None:
    """Nothing is cut without a word: 65,535 characters are kept, more are refused."""
    run_id = a_run(gate)
    long = "é" * 65_535
    gate.perform(LogBatch(run_id=run_id, params=[Param(key="p", value=long)], tags=[Tag(key="t", value=long)]))
    data = shown_run(gate, run_id)["data"]

    assert (long, long) == (pairs(data["params"])["p"], pairs(data["tags"])["t"])
    with pytest.raises(InvalidParameter, match="65536 characters"):
        gate.perform(SetTag(run_id=run_id, key="t", value=long + "x"))


def test_a_batch_is_all_or_nothing(gate: Gate) -> None:
    """One bad entry, wherever it stands, and nothing of the batch is stored."""
    run_id = a_run(gate)
    gate.perform(LogParam(run_id=run_id, key="fixed", value="1"))
    good: dict[str, Any] = {
        "metrics": [a_point("m")],
        "params": [Param(key="p", value="1")],
        "tags": [Tag(key="t", value="1")],
    }
    for change in (
        {"metrics": [a_point("m"), a_point("../m")]},
        {"metrics": [a_point("m", timestamp=-1)]},
        {"params": [Param(key="p", value="1"), Param(key="fixed", value="2")]},
        {"params": [Param(key="p", value="1"), Param(key="p", value="1")]},
        {"tags": [Tag(key="t", value="1"), Tag(key="a\x00b", value="1")]},
        {"tags": [Tag(key="t", value="\ud800")]},
        {"metrics": [a_point("m", step=step) for step in range(1001)]},
        {"params": [Param(key=f"p{number}") for number in range(101)]},
        {"tags": [Tag(key=f"t{number}") for number in range(101)]},
        {"metrics": [a_point("m", step=step) for step in range(1000)]},
    ):
        with pytest.raises(InvalidParameter):
            gate.perform(LogBatch(run_id=run_id, **{**good, **change}))
    data = shown_run(gate, run_id)["data"]

    assert {"fixed": "1"} == pairs(data["params"])
    assert "metrics" not in data
    assert ["mlflow.runName"] == list(pairs(data["tags"]))


def test_the_last_of_two_equal_tag_keys_in_a_batch_wins(gate: Gate) -> None:
    """As MLflow does it."""
    run_id = a_run(gate)
    gate.perform(LogBatch(run_id=run_id, tags=[Tag(key="t", value="1"), Tag(key="t", value="2")]))

    assert "2" == pairs(shown_run(gate, run_id)["data"]["tags"])["t"]


def test_tags_are_set_replaced_and_removed(gate: Gate) -> None:
    """Removing one that is not there is an error."""
    run_id = a_run(gate)
    gate.perform(SetTag(run_id=run_id, key="t", value="1"))
    gate.perform(SetTag(run_id=run_id, key="t", value="2"))
    assert "2" == pairs(shown_run(gate, run_id)["data"]["tags"])["t"]
    gate.perform(DeleteTag(run_id=run_id, key="t"))
    assert "t" not in pairs(shown_run(gate, run_id)["data"]["tags"])
    with pytest.raises(DoesNotExist):
        gate.perform(DeleteTag(run_id=run_id, key="t"))


def test_the_name_tag_renames_the_run(gate: Gate) -> None:
    """By set-tag and by log-batch alike."""
    run_id = a_run(gate)
    gate.perform(SetTag(run_id=run_id, key="mlflow.runName", value="one"))
    assert "one" == shown_run(gate, run_id)["info"]["run_name"]
    gate.perform(LogBatch(run_id=run_id, tags=[Tag(key="mlflow.runName", value="two")]))
    assert "two" == shown_run(gate, run_id)["info"]["run_name"]


def test_a_dataset_is_one_per_experiment_and_linked_once(gate: Gate) -> None:
    """A second link of the same dataset to the same run is ignored with its tags."""
    experiment_id = an_experiment(gate)
    first, second = a_run(gate, experiment_id), a_run(gate, experiment_id)
    dataset = Dataset(name="iris", digest="abc", source_type="local", source="{}", schema="s" * 100_000)
    for run_id, context in ((first, "train"), (first, "eval"), (second, "eval")):
        tags = [InputTag(key="mlflow.data.context", value=context)]
        gate.perform(LogInputs(run_id=run_id, datasets=[DatasetInput(dataset=dataset, tags=tags)]))
    gate.perform(LogInputs(run_id=first, models=[LoggedModelInput(model_id="m-1")]))
    inputs = shown_run(gate, first)["inputs"]

    [entry] = inputs["dataset_inputs"]
    assert ("iris", "train") == (entry["dataset"]["name"], pairs(entry["tags"])["mlflow.data.context"])
    assert [{"model_id": "m-1"}] == inputs["model_inputs"]
    summaries = gate.perform(SearchDatasets(experiment_ids=[experiment_id]))["dataset_summaries"]
    assert ["eval", "train"] == [summary["context"] for summary in summaries]


def test_log_model_keeps_a_history(gate: Gate) -> None:
    """How 2.x clients know which models a run has."""
    run_id = a_run(gate)
    model = {"artifact_path": "model", "flavors": {}, "utc_time_created": "now", "run_id": run_id, "extra": 1}
    for _ in range(2):
        gate.perform(LogModel(run_id=run_id, model_json=json.dumps(model)))
    history = json.loads(pairs(shown_run(gate, run_id)["data"]["tags"])["mlflow.log-model.history"])

    assert 2 == len(history)
    assert "extra" not in history[0]
    for bad in ("", "x", "[]", "5", "null", json.dumps({"run_id": run_id})):
        with pytest.raises(InvalidParameter):
            gate.perform(LogModel(run_id=run_id, model_json=bad))


def test_unknown_runs_are_not_found(gate: Gate) -> None:
    """404, with the id in the message."""
    with pytest.raises(DoesNotExist, match="0000"):
        gate.perform(GetRun(run_id="0" * 32))


def test_search_shows_what_get_shows(gate: Gate) -> None:
    """A run looks the same wherever it comes from."""
    run_id = a_run(gate, tags={"é": '"quoted" \\ \n'})
    gate.perform(LogBatch(run_id=run_id, metrics=[a_point()], params=[Param(key="p", value="1")]))
    run = shown_run(gate, run_id)
    [found] = gate.perform(SearchRuns(experiment_ids=[run["info"]["experiment_id"]]))["runs"]

    assert run == found


def test_tags_of_any_characters_are_stored_as_they_were_sent(gate: Gate) -> None:
    """They pass through JSON on their way into the table, which searches look at."""
    codes = (*range(1, 128), 0x85, 0x2028, 0xFFFF, 0x1F600)
    given = {f"{chr(code)}{code}": f'{chr(code)}"\\u0041\\' for code in codes}
    run_id = a_run(gate, tags=given)
    stored = sa.select(tags.c.key, tags.c.value).join(runs).where(runs.c.run_uuid == run_id)
    found = gate.inspect(lambda tx: {key: value for key, value in tx.execute(stored)})  # noqa: C416  (rows)

    assert given == {key: value for key, value in found.items() if key != "mlflow.runName"}


def test_runs_are_counted_and_described(gate: Gate) -> None:
    """A table of runs shows true counts and knows which params vary."""
    experiment_id = an_experiment(gate)
    for number in range(3):
        run_id = a_run(gate, experiment_id)
        params = [Param(key="same", value="x"), Param(key="lr", value=str(number))]
        gate.perform(LogBatch(run_id=run_id, params=params, metrics=[a_point("acc", number)]))
    described = gate.perform(DescribeRuns(experiment_ids=[experiment_id], filter="metrics.acc > 0"))

    assert {"count": 3} == gate.perform(CountRuns(experiment_ids=[experiment_id]))
    assert 2 == described["runs"]
    found = described["param_keys"]
    assert [("lr", 2, 2, 1000), ("same", 2, 1, 0)] == [
        (key["key"], key["runs"], key["distinct"], key["differing"]) for key in found
    ]
    assert [{"key": "acc", "runs": 2}] == described["metric_keys"]


def test_a_search_in_no_experiment_finds_nothing_and_still_checks_its_filter(gate: Gate) -> None:
    """A typing mistake must not pass for an empty answer."""
    assert {} == gate.perform(SearchRuns(experiment_ids=[]))
    with pytest.raises(InvalidParameter, match="nonsense"):
        gate.perform(SearchRuns(experiment_ids=[], filter="nonsense ="))
