"""Logged models through the client, on a database of this machine and on a server."""

import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from runyard.client import RunyardClient
from runyard.client.active_model import active
from runyard.client.journal import REJECTED, Journal, point_line, spool_folder
from runyard.client.orphans import deliver_orphans
from runyard.entities import (
    LoggedModel,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
)
from runyard.exceptions import BadRequest, DoesNotExist, InvalidParameter, RunyardException
from tests.support.server import RunningServer


@pytest.fixture
def experiment(client: RunyardClient, request: pytest.FixtureRequest) -> str:
    """An experiment of the test's own."""
    return client.create_experiment(request.node.name)


@pytest.fixture
def model(client: RunyardClient, experiment: str) -> LoggedModel:
    """A model of the client's store."""
    return client.create_logged_model(experiment, "tree")


def points(client: RunyardClient, model_id: str) -> list[tuple[Any, ...]]:
    """What was logged with a model."""
    found = client.get_logged_model(model_id).metrics or []
    return sorted((p.key, p.value, p.timestamp, p.step, p.dataset_name, p.dataset_digest, p.run_id) for p in found)


def test_a_model_has_what_it_was_made_with(client: RunyardClient, experiment: str) -> None:
    """Tags and params become text, as those of runs do."""
    made = client.create_logged_model(
        experiment, "tree", "a" * 32, {"team": 1}, {"depth": 3, "none": None}, "Classifier"
    )

    model = client.get_logged_model(made.model_id)
    assert (model.name, model.source_run_id, model.model_type) == ("tree", "a" * 32, "Classifier")
    assert (model.experiment_id, model.status) == (experiment, LoggedModelStatus.PENDING)
    assert (model.tags, model.params, model.metrics) == ({"team": "1"}, {"depth": "3", "none": "None"}, None)
    assert model.model_uri == f"models:/{model.model_id}"
    assert model.creation_timestamp == model.last_updated_timestamp
    assert model.artifact_location.endswith(f"/models/{model.model_id}/artifacts")
    assert made.to_dictionary() == model.to_dictionary()


def test_a_model_without_a_name_gets_one(client: RunyardClient, experiment: str) -> None:
    """As runs do."""
    assert client.create_logged_model(experiment).name


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "v1.0", "50%", 'a"b', "a'b", 5])
def test_a_bad_name_is_refused(name: Any, client: RunyardClient, experiment: str) -> None:
    """Names stand in addresses."""
    with pytest.raises(InvalidParameter):
        client.create_logged_model(experiment, name)
    assert not client.search_logged_models([experiment])


def test_many_params_go_out_in_batches(client: RunyardClient, experiment: str) -> None:
    """The protocol takes 100 at once; the caller need not know."""
    params = {f"p{number}": str(number) for number in range(250)}

    model = client.create_logged_model(experiment, params=params)
    client.log_model_params(model.model_id, {f"q{number}": number for number in range(250)})

    assert params == model.params
    assert len(client.get_logged_model(model.model_id).params) == 500


def test_a_bad_param_leaves_no_half_model_behind(client: RunyardClient, experiment: str) -> None:
    """All params are checked before the first is sent."""
    with pytest.raises(InvalidParameter):
        client.create_logged_model(experiment, params={f"p{number}": "x" for number in range(150)} | {"": "x"})
    assert not client.search_logged_models([experiment])


@pytest.mark.parametrize("status", ["READY", "FAILED", LoggedModelStatus.READY])
def test_a_model_is_finished(status: Any, client: RunyardClient, model: LoggedModel) -> None:
    """Status as text or as the enumeration."""
    assert client.finalize_logged_model(model.model_id, status).status == LoggedModelStatus(status)
    assert client.get_logged_model(model.model_id).status == LoggedModelStatus(status)


@pytest.mark.parametrize("status", ["ready", "", None, 2])
def test_a_status_that_is_none_is_refused(status: Any, client: RunyardClient, model: LoggedModel) -> None:
    """The message lists those there are."""
    with pytest.raises(InvalidParameter, match="'READY'"):
        client.finalize_logged_model(model.model_id, status)


def test_tags_are_set_and_removed(client: RunyardClient, model: LoggedModel) -> None:
    """A tag that is not there cannot be removed."""
    client.set_logged_model_tags(model.model_id, {"a": 1, "b": "x"})
    client.set_logged_model_tags(model.model_id, {"a": 2})
    client.delete_logged_model_tag(model.model_id, "b")

    assert client.get_logged_model(model.model_id).tags == {"a": "2"}
    with pytest.raises(RunyardException) as missing:
        client.delete_logged_model_tag(model.model_id, "b")
    assert missing.value.error_code == DoesNotExist.code


def test_a_param_stays_what_it_is(client: RunyardClient, model: LoggedModel) -> None:
    """Logging its key again is refused."""
    client.log_model_params(model.model_id, {"depth": 3})
    with pytest.raises(RunyardException) as refused:
        client.log_model_params(model.model_id, {"depth": 4})

    assert refused.value.error_code == BadRequest.code
    assert client.get_logged_model(model.model_id).params == {"depth": "3"}


def test_a_deleted_model_is_gone(client: RunyardClient, experiment: str, model: LoggedModel) -> None:
    """Deleting it again changes nothing."""
    client.delete_logged_model(model.model_id)
    client.delete_logged_model(model.model_id)

    assert not client.search_logged_models([experiment])
    with pytest.raises(RunyardException) as missing:
        client.get_logged_model(model.model_id)
    assert missing.value.error_code == DoesNotExist.code


@pytest.mark.parametrize("model_id", [None, "", 7])
def test_an_id_that_is_not_text_is_refused(model_id: Any, local: RunyardClient) -> None:
    """Before anything is sent."""
    for call in (local.get_logged_model, local.delete_logged_model, local.list_logged_model_artifacts):
        with pytest.raises(InvalidParameter, match="model_id"):
            call(model_id)


@pytest.fixture
def scored(client: RunyardClient, experiment: str) -> list[str]:
    """Five models with a score each, on one of two datasets; their ids."""
    run_id = client.create_run(experiment).info.run_id
    ids = []
    for number in range(5):
        made = client.create_logged_model(experiment, f"model-{number}", params={"depth": number})
        data = ("even", "e1") if number % 2 == 0 else ("odd", "o1")
        client.log_metric(run_id, "score", number / 10, 1, 0, None, *data, model_id=made.model_id)
        ids.append(made.model_id)
    return ids


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        ({"filter_string": "metrics.score > 0.15"}, [2, 3, 4]),
        ({"filter_string": "params.depth = '3'"}, [3]),
        ({"filter_string": "name LIKE 'model-%' AND metrics.score < 0.1"}, [0]),
        ({"filter_string": "metrics.score >= 0", "datasets": [{"dataset_name": "odd"}]}, [1, 3]),
        ({"filter_string": "metrics.score >= 0", "datasets": [{"dataset_name": "odd", "dataset_digest": "x"}]}, []),
    ],
)
def test_a_filter_finds_models(
    arguments: dict[str, Any], numbers: list[int], client: RunyardClient, experiment: str, scored: list[str]
) -> None:
    """By metric, param and attribute, also on some datasets only."""
    found = client.search_logged_models([experiment], **arguments)

    assert {scored[number] for number in numbers} == {entry.model_id for entry in found}


def test_pages_follow_each_other_in_the_order_asked_for(
    client: RunyardClient, experiment: str, scored: list[str]
) -> None:
    """Dictionaries say the order, the token leads on."""
    found: list[str] = []
    token: str | None = None
    for _ in range(3):
        page = client.search_logged_models(
            [experiment],
            max_results=2,
            order_by=[{"field_name": "metrics.score", "ascending": False}],
            page_token=token,
        )
        found += [entry.model_id for entry in page]
        token = page.token

    assert scored[::-1] == found
    assert token is None


@pytest.mark.parametrize(
    "arguments",
    [
        {"experiment_ids": [None]},
        {"datasets": [{"dataset_digest": "d"}]},
        {"datasets": ["d"]},
        {"order_by": ["name"]},
        {"order_by": [{"ascending": True}]},
    ],
)
def test_a_search_that_says_too_little_is_refused(arguments: dict[str, Any], local: RunyardClient) -> None:
    """The message shows the entry."""
    with pytest.raises(InvalidParameter, match="Invalid"):
        local.search_logged_models(**({"experiment_ids": ["0"]} | arguments))


def test_a_search_of_no_experiment_finds_nothing(local: RunyardClient) -> None:
    """As MLflow's."""
    assert local.search_logged_models([]) == []


def test_files_of_a_model_are_stored_and_listed(client: RunyardClient, model: LoggedModel, tmp_path: Path) -> None:
    """A file, a folder's content, each where it was told to go."""
    (tmp_path / "weights" / "deep").mkdir(parents=True)
    (tmp_path / "weights" / "deep" / "a.bin").write_bytes(b"12")
    client.log_model_artifact(model.model_id, tmp_path / "weights" / "deep" / "a.bin", "top")
    client.log_model_artifacts(model.model_id, tmp_path / "weights", "all")

    assert [entry.path for entry in client.list_logged_model_artifacts(model.model_id)] == ["all", "top"]
    (stored,) = client.list_logged_model_artifacts(model.model_id, "all/deep")
    assert (stored.path, stored.file_size) == ("all/deep/a.bin", 2)
    assert client.list_logged_model_artifacts(model.model_id, "nothing") == []


def test_a_run_shows_models_it_used_and_put_out(client: RunyardClient, model: LoggedModel) -> None:
    """Outputs with the step at which they were made."""
    run_id = client.create_run(model.experiment_id).info.run_id
    other = client.create_logged_model(model.experiment_id)
    client.log_inputs(run_id, models=[LoggedModelInput(model.model_id)])
    client.log_outputs(run_id, [LoggedModelOutput(other.model_id, 7)])
    client.log_outputs(run_id, [])

    run = client.get_run(run_id)
    assert run.inputs is not None
    assert run.outputs is not None
    assert run.inputs.model_inputs == [LoggedModelInput(model.model_id)]
    assert run.outputs.model_outputs == [LoggedModelOutput(other.model_id, 7)]


@pytest.mark.parametrize("synchronous", [None, True, False])
def test_metrics_are_logged_with_a_model_and_a_dataset(
    synchronous: bool | None, client: RunyardClient, model: LoggedModel
) -> None:
    """Single points and batches, waited for or not; points without a model are in between."""
    run_id = client.create_run(model.experiment_id).info.run_id
    client.log_metric(run_id, "a", 1.0, 5, 1, synchronous, "data", "d1", model.model_id)
    client.log_metric(run_id, "a", 2.0, 6, 2, synchronous)
    batch = [Metric("b", float(step), step, step, model.model_id) for step in range(2)]
    client.log_batch(run_id, [*batch, Metric("c", 1.0, 1, 0)], synchronous=synchronous)

    assert points(client, model.model_id) == [
        ("a", 1.0, 5, 1, "data", "d1", run_id),
        ("b", 0.0, 0, 0, None, None, run_id),
        ("b", 1.0, 1, 1, None, None, run_id),
    ]
    assert client.get_run(run_id).data.metrics == {"a": 2.0, "b": 1.0, "c": 1.0}
    assert [point.step for point in client.get_metric_history(run_id, "a")] == [1, 2]


def test_a_dataset_needs_name_and_digest(local: RunyardClient) -> None:
    """One of both names no dataset; refused in the call."""
    with pytest.raises(InvalidParameter, match="go together"):
        local.log_metric("a" * 32, "loss", 1.0, dataset_name="data")
    with pytest.raises(InvalidParameter, match="go together"):
        local.log_batch("a" * 32, [Metric("loss", 1.0, 1, 0, dataset_digest="d1")])


def test_points_of_an_unknown_model_are_set_aside_alone(client: RunyardClient, model: LoggedModel) -> None:
    """They do not take the others of their batch along."""
    run_id = client.create_run(model.experiment_id).info.run_id
    for step, model_id in enumerate([model.model_id, "m-unknown", None]):
        client.log_metric(run_id, "loss", 1.0, 1, step, model_id=model_id)

    assert [point.step for point in client.get_metric_history(run_id, "loss")] == [0, 2]
    (rejected,) = spool_folder().glob(f"*{REJECTED}")
    assert "m-unknown" in rejected.read_text()


def test_points_that_are_delivered_twice_are_stored_once(client: RunyardClient, model: LoggedModel) -> None:
    """A process may die between delivering and noting it."""
    run_id = client.create_run(model.experiment_id).info.run_id
    journal = Journal(client.connection.transport.address)
    for step in range(3):
        journal.append(point_line(run_id, "loss", float(step), 1, step, (model.model_id, "data", "d1")))
    journal.close()
    shutil.copy(journal.path, journal.path.with_stem("again"))

    outcomes = list(deliver_orphans())
    assert [(outcome.delivered, outcome.problem) for outcome in outcomes] == [(3, None), (3, None)]
    assert points(client, model.model_id) == [("loss", float(n), 1, n, "data", "d1", run_id) for n in range(3)]


def test_an_outage_loses_nothing_of_a_model(mortal: RunningServer) -> None:
    """Metrics, params, tags and outputs are kept in order, and delivered when the server is back."""
    client = RunyardClient(mortal.url)
    run_id = client.create_run("0").info.run_id
    model_id = client.create_logged_model("0").model_id
    mortal.kill()
    for step in range(500):
        client.log_metric(run_id, "loss", 0.5, 1, step, model_id=model_id, dataset_name="data", dataset_digest="d1")
    client.log_model_params(model_id, {"depth": 3})
    client.set_logged_model_tags(model_id, {"a": "b"})
    client.log_outputs(run_id, [LoggedModelOutput(model_id, 2)])
    client.log_metric(run_id, "loss", 0.5, 1, 500)
    mortal.start()

    model = client.get_logged_model(model_id)
    assert points(client, model_id) == [("loss", 0.5, 1, step, "data", "d1", run_id) for step in range(500)]
    assert (model.params, model.tags) == ({"depth": "3"}, {"a": "b"})
    assert [point.step for point in client.get_metric_history(run_id, "loss")] == list(range(501))
    outputs = client.get_run(run_id).outputs
    assert outputs is not None
    assert outputs.model_outputs == [LoggedModelOutput(model_id, 2)]
    assert not list(spool_folder().glob(f"*{REJECTED}"))


def test_what_is_read_back_from_the_journal_keeps_its_model(
    client: RunyardClient, model: LoggedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory holds a part; the rest comes from the file, in order."""
    monkeypatch.setattr("runyard.client.buffer.MAX_QUEUED", 10)
    run_id = client.create_run(model.experiment_id).info.run_id
    for step in range(300):
        client.log_metric(run_id, "loss", 0.5, 1, step, model_id=model.model_id if step % 3 == 0 else None)

    assert [point[3] for point in points(client, model.model_id)] == list(range(0, 300, 3))
    assert [point.step for point in client.get_metric_history(run_id, "loss")] == list(range(300))


def test_metrics_that_name_no_model_go_to_the_active_one(client: RunyardClient, model: LoggedModel) -> None:
    """In the thread that chose it; a named model wins."""
    run_id = client.create_run(model.experiment_id).info.run_id
    other = client.create_logged_model(model.experiment_id)
    active.model_id = model.model_id
    client.log_metric(run_id, "mine", 1.0)
    client.log_metric(run_id, "theirs", 1.0, model_id=other.model_id)
    client.log_batch(run_id, [Metric("batch", 1.0, 1, 0)])
    thread = threading.Thread(target=client.log_metric, args=(run_id, "thread", 1.0))
    thread.start()
    thread.join()

    assert [point[0] for point in points(client, model.model_id)] == ["batch", "mine"]
    assert [point[0] for point in points(client, other.model_id)] == ["theirs"]
