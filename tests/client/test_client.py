"""The tracking half of the client, on a database of this machine and on a server: the same calls, the same answers."""

import pytest

from runyard.client import RunyardClient
from runyard.core.limits import MAX_HISTORY_POINTS
from runyard.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag, ViewType
from runyard.exceptions import RunyardException


def test_an_experiment_through_its_life(client: RunyardClient) -> None:
    """Made, found, tagged, renamed, deleted, restored."""
    made = client.create_experiment("vision", tags={"team": "red"})
    client.set_experiment_tag(made, "stage", 1)
    found = client.get_experiment_by_name("vision")
    assert found is not None
    assert (found.experiment_id, found.tags) == (made, {"team": "red", "stage": "1"})

    client.rename_experiment(made, "seeing")
    client.delete_experiment_tag(made, "team")
    client.delete_experiment(made)
    assert [e.name for e in client.search_experiments(ViewType.DELETED_ONLY, filter_string="name = 'seeing'")] == [
        "seeing"
    ]
    client.restore_experiment(made)

    assert client.get_experiment(made).lifecycle_stage == "active"
    assert client.get_experiment(made).tags == {"stage": "1"}
    client.delete_experiment(made)


def test_a_name_that_is_not_there_is_none_and_an_id_is_an_error(client: RunyardClient) -> None:
    """As MLflow's client has it."""
    assert client.get_experiment_by_name("nothing of this name") is None
    with pytest.raises(RunyardException) as caught:
        client.get_experiment("987654321")
    assert (caught.value.error_code, caught.value.get_http_status_code()) == ("RESOURCE_DOES_NOT_EXIST", 404)


def test_a_run_through_its_life(client: RunyardClient) -> None:
    """Started, described, renamed, ended, deleted, restored."""
    run = client.create_run("0", start_time=7, tags={"mlflow.user": "ann", "n": 1}, run_name="first")
    run_id = run.info.run_id
    assert (run.info.run_name, run.info.user_id, run.info.start_time, run.info.status) == ("first", "ann", 7, "RUNNING")

    assert client.log_param(run_id, "lr", 0.1) == 0.1
    client.log_batch(run_id, [Metric("loss", 1.0, 1, 1)], [Param("depth", "3")], [RunTag("kind", "tree")])
    client.set_tag(run_id, "gone", "x")
    client.delete_tag(run_id, "gone")
    client.update_run(run_id, name="second")
    client.set_terminated(run_id, "FAILED", end_time=9)
    stored = client.get_run(run_id)
    assert (stored.info.run_name, stored.info.status, stored.info.end_time) == ("second", "FAILED", 9)
    assert (stored.data.params, stored.data.metrics) == ({"lr": "0.1", "depth": "3"}, {"loss": 1.0})
    assert {"n": "1", "kind": "tree", "mlflow.user": "ann"}.items() <= stored.data.tags.items()
    assert "gone" not in stored.data.tags

    client.delete_run(run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    client.restore_run(run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "active"


def test_runs_are_found_a_page_at_a_time(client: RunyardClient) -> None:
    """Every run once, in the order asked for; the last page has no token."""
    experiment = client.create_experiment("paged")
    made = [client.create_run(experiment, start_time=number).info.run_id for number in range(7)]
    found: list[str] = []
    token = None
    while True:
        page = client.search_runs([experiment], order_by=["start_time ASC"], max_results=3, page_token=token)
        found += [run.info.run_id for run in page]
        token = page.token
        if not token:
            break

    assert found == made
    client.delete_run(made[0])
    assert len(client.search_runs(experiment, run_view_type=ViewType.DELETED_ONLY)) == 1


def test_the_parent_of_a_run_is_found(client: RunyardClient) -> None:
    """None for a run that has none."""
    parent = client.create_run("0").info.run_id
    child = client.create_run("0", tags={"mlflow.parentRunId": parent}).info.run_id

    found = client.get_parent_run(child)
    assert found is not None
    assert found.info.run_id == parent
    assert client.get_parent_run(parent) is None


def test_a_long_history_is_read_whole(client: RunyardClient, run_id: str) -> None:
    """Over several pages."""
    count = MAX_HISTORY_POINTS + 10
    client.log_batch(run_id, [Metric("long", float(step), step, step) for step in range(count)])

    points = client.get_metric_history(run_id, "long")
    assert [point.step for point in points] == list(range(count))
    assert points.token is None


def test_inputs_are_noted_once(client: RunyardClient, run_id: str) -> None:
    """Datasets with their tags."""
    used = DatasetInput(
        Dataset("iris", "d1", "local", '{"uri": "iris.csv"}', schema="{}", profile=None),
        [InputTag("mlflow.data.context", "train")],
    )
    client.log_inputs(run_id, [used])
    client.log_inputs(run_id, [used])

    inputs = client.get_run(run_id).inputs
    assert inputs is not None
    (stored,) = inputs.dataset_inputs
    assert (stored.dataset.name, stored.dataset.source) == ("iris", '{"uri": "iris.csv"}')
    assert [(tag.key, tag.value) for tag in stored.tags] == [("mlflow.data.context", "train")]


def test_a_status_that_is_none_is_refused(client: RunyardClient, run_id: str) -> None:
    """Before anything is sent."""
    with pytest.raises(RunyardException, match="BOGUS"):
        client.update_run(run_id, "BOGUS")
