"""Logged models and the active model, as a script uses them."""

import contextlib
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import yaml

from runyard.entities import LoggedModel, LoggedModelInput, LoggedModelOutput, LoggedModelStatus, Run
from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.mlflow.tracking import fluent
from tests.support.clock import wait_for_the_clock
from tests.support.server import RunningServer


@pytest.fixture(params=["local", "server"])
def module(request: pytest.FixtureRequest, mlflow: ModuleType) -> ModuleType:
    """The module on a database, and on a server, in an experiment of the test's own."""
    if request.param == "server":
        server: RunningServer = request.getfixturevalue("server")
        mlflow.set_tracking_uri(server.url)
    mlflow.set_experiment(request.node.name)
    return mlflow


def keys(module: ModuleType, model_id: str) -> list[str]:
    """Keys of the metrics logged with a model."""
    return sorted(point.key for point in module.get_logged_model(model_id).metrics or [])


def used_models(module: ModuleType, run: Run) -> list[str]:
    """Models a run has as inputs."""
    stored = module.get_run(run.info.run_id)
    return [entry.model_id for entry in stored.inputs.model_inputs]


def in_a_thread(call: Any) -> Any:
    """What a call returns in a thread of its own."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(call()))
    thread.start()
    thread.join()
    return found[0]


def test_a_model_is_begun_in_a_run_and_finished(module: ModuleType) -> None:
    """The run is its source, the program that made it is in its tags."""
    with module.start_run() as run:
        begun = module.initialize_logged_model("tree", tags={"a": 1}, params={"depth": 3}, model_type="Classifier")
        finished = module.finalize_logged_model(begun.model_id, "READY")

    model = module.get_logged_model(begun.model_id)
    assert (model.name, model.model_type, model.params) == ("tree", "Classifier", {"depth": "3"})
    assert (model.source_run_id, model.experiment_id) == (run.info.run_id, run.info.experiment_id)
    assert model.tags["a"] == "1"
    assert {"mlflow.user", "mlflow.source.name", "mlflow.source.type"} <= model.tags.keys()
    assert (begun.status, finished.status, model.status) == (
        LoggedModelStatus.PENDING,
        LoggedModelStatus.READY,
        LoggedModelStatus.READY,
    )


def test_without_a_run_a_model_has_no_source(module: ModuleType) -> None:
    """And none is started for it."""
    assert module.initialize_logged_model().source_run_id is None
    assert module.active_run() is None


def test_a_model_goes_where_it_is_told_to(module: ModuleType) -> None:
    """Experiment and source run can be named; a run of another experiment is followed there."""
    other = module.create_experiment(f"other {module.get_tracking_uri()}")

    assert module.initialize_logged_model(experiment_id=other).experiment_id == other
    with module.start_run(experiment_id=other):
        assert module.initialize_logged_model().experiment_id == other
        assert module.initialize_logged_model(source_run_id="elsewhere").source_run_id == "elsewhere"


def test_an_external_model_is_ready_and_says_what_it_is(module: ModuleType, tmp_path: Path) -> None:
    """A tag, and an MLmodel file without flavors, so that loading it says why that is impossible."""
    model = module.create_external_model("agent", tags={"a": "b"}, params={"temperature": 0.2})

    assert model.status == LoggedModelStatus.READY
    assert (model.tags["mlflow.model.isExternal"], model.tags["a"]) == ("true", "b")
    assert model.params == {"temperature": "0.2"}
    local = module.artifacts.download_artifacts(f"{model.artifact_location}/MLmodel", dst_path=str(tmp_path / "down"))
    described = yaml.safe_load(Path(local).read_text())
    assert described["flavors"] == {}
    assert described["metadata"] == {"mlflow.model.isExternal": True}
    assert described["model_id"] == described["model_uuid"] == model.model_id
    assert described["artifact_path"] == model.artifact_location


def test_the_last_model_of_a_thread_is_known(module: ModuleType) -> None:
    """As it is now; other threads made none."""
    assert module.last_logged_model() is None
    module.initialize_logged_model("one")
    model = module.create_external_model("two")
    module.set_logged_model_tags(model.model_id, {"later": 1})

    assert module.last_logged_model().name == "two"
    assert module.last_logged_model().tags["later"] == "1"
    assert in_a_thread(module.last_logged_model) is None


def test_tags_and_params_of_a_model_change(module: ModuleType) -> None:
    """By its id; params of the active model need none."""
    model = module.initialize_logged_model()
    module.set_logged_model_tags(model.model_id, {"a": 1, "b": 2})
    module.delete_logged_model_tag(model.model_id, "a")
    module.log_model_params({"x": 1}, model.model_id)
    with pytest.raises(InvalidParameter, match="set_active_model"):
        module.log_model_params({"y": 1})
    with module.set_active_model(model_id=model.model_id):
        module.log_model_params({"y": 2})

    stored = module.get_logged_model(model.model_id)
    assert stored.params == {"x": "1", "y": "2"}
    assert stored.tags["b"] == "2"
    assert "a" not in stored.tags


def test_a_run_notes_what_it_put_out_and_used(module: ModuleType) -> None:
    """A model is an input as the entity or as itself."""
    one, two = module.initialize_logged_model(), module.initialize_logged_model()
    with module.start_run() as run:
        module.log_outputs([LoggedModelOutput(one.model_id, 3)])
        module.log_outputs()
        module.log_input(model=LoggedModelInput(one.model_id))
        module.log_inputs(models=[two])

    outputs = module.get_run(run.info.run_id).outputs
    assert outputs.model_outputs == [LoggedModelOutput(one.model_id, 3)]
    assert outputs.to_dictionary() == {"model_outputs": [{"model_id": one.model_id, "step": 3}]}
    assert sorted([one.model_id, two.model_id]) == sorted(used_models(module, run))


def test_what_a_metric_was_measured_on_is_an_input_of_the_run(module: ModuleType) -> None:
    """Model and dataset, each once however many points there are."""
    model = module.initialize_logged_model()
    data = module.data.from_numpy(np.array([1, 2]), name="numbers")
    with module.start_run() as run:
        for step in range(3):
            module.log_metric("a", 1.0, step=step, model_id=model.model_id, dataset=data)
        module.log_metrics({"b": 1.0, "c": 2.0}, model_id=model.model_id)
        module.log_metric("d", 1.0)

    assert keys(module, model.model_id) == ["a", "a", "a", "b", "c"]
    assert used_models(module, run) == [model.model_id]
    (used,) = module.get_run(run.info.run_id).inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest, used.tags) == ("numbers", data.digest, [])
    with_data = [p for p in module.get_logged_model(model.model_id).metrics if p.dataset_name]
    assert {(p.key, p.dataset_name, p.dataset_digest, p.run_id) for p in with_data} == {
        ("a", "numbers", data.digest, run.info.run_id)
    }


def test_metrics_go_to_the_active_model(module: ModuleType) -> None:
    """Of the functions and of the client, for any run; a named model wins, params stay the run's."""
    client = module.MlflowClient()
    other = module.initialize_logged_model()
    with module.set_active_model(name="scored") as model, module.start_run() as run:
        module.log_metric("one", 1.0)
        module.log_metrics({"two": 1.0})
        client.log_metric(run.info.run_id, "three", 1.0)
        module.log_metric("other", 1.0, model_id=other.model_id)
        module.log_param("param", 1)
        with module.start_run(nested=True):
            module.log_metric("nested", 1.0)
    with module.start_run():
        module.log_metric("after", 1.0)

    assert keys(module, model.model_id) == ["nested", "one", "three", "two"]
    assert keys(module, other.model_id) == ["other"]
    assert module.get_logged_model(model.model_id).params == {}
    assert sorted(used_models(module, run)) == sorted([model.model_id, other.model_id])


def test_metrics_without_the_functions_note_no_input(module: ModuleType) -> None:
    """As in MLflow, the client only logs."""
    with module.set_active_model(name="client") as model, module.start_run() as run:
        module.MlflowClient().log_metric(run.info.run_id, "a", 1.0)

    assert keys(module, model.model_id) == ["a"]
    assert used_models(module, run) == []


def test_a_name_finds_the_newest_model_or_makes_one(module: ModuleType) -> None:
    """In the current experiment; what is made is ready."""
    made = module.set_active_model(name="agent")
    assert made.status == LoggedModelStatus.READY
    assert module.set_active_model(name="agent").model_id == made.model_id
    wait_for_the_clock()
    newer = module.create_external_model("agent")

    assert module.set_active_model(name="agent").model_id == newer.model_id
    assert isinstance(made, LoggedModel)
    assert isinstance(made, module.ActiveModel)
    assert module.set_active_model(model_id=made.model_id).model_id == made.model_id == module.get_active_model_id()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, InvalidParameter),
        ({"name": "a/b"}, InvalidParameter),
        ({"name": "x' OR name = 'y"}, InvalidParameter),
        ({"name": ""}, InvalidParameter),
        ({"model_id": "m-nowhere"}, DoesNotExist),
    ],
)
def test_a_model_that_cannot_be_active_is_refused(
    arguments: dict[str, str], error: type[Exception], mlflow: ModuleType
) -> None:
    """And the one that was active stays."""
    before = mlflow.set_active_model(name="before")
    with pytest.raises(error):
        mlflow.set_active_model(**arguments)
    assert mlflow.get_active_model_id() == before.model_id


def test_blocks_go_back_to_the_model_before(mlflow: ModuleType) -> None:
    """However they are left, also when they are nested."""
    assert mlflow.get_active_model_id() is None
    with mlflow.set_active_model(name="outer") as outer:
        with contextlib.suppress(ValueError), mlflow.set_active_model(name="inner") as inner:
            assert mlflow.get_active_model_id() == inner.model_id
            raise ValueError("on purpose")
        assert mlflow.get_active_model_id() == outer.model_id
    assert mlflow.get_active_model_id() is None


def test_each_thread_has_its_own_active_model(mlflow: ModuleType) -> None:
    """Threads that serve different models do not mix them up."""
    with mlflow.set_active_model(name="main"):
        assert in_a_thread(mlflow.get_active_model_id) is None


def test_the_environment_names_the_active_model(mlflow: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every thread, until it is cleared."""
    monkeypatch.setenv("MLFLOW_ACTIVE_MODEL_ID", "m-given")
    assert in_a_thread(mlflow.get_active_model_id) == "m-given"

    mlflow.clear_active_model()
    assert in_a_thread(mlflow.get_active_model_id) is None
    assert mlflow.get_active_model_id() is None


@pytest.fixture
def three(module: ModuleType) -> list[LoggedModel]:
    """Three models, one of which was measured."""
    models = []
    for number in range(3):
        models.append(module.initialize_logged_model(f"model-{number}", params={"n": number}))
        wait_for_the_clock()
    with module.start_run():
        module.log_metric("score", 0.5, model_id=models[1].model_id)
    return models


def test_a_search_gives_a_table(module: ModuleType, three: list[LoggedModel]) -> None:
    """One row a model, newest first, params and tags as dictionaries."""
    frame = module.search_logged_models()

    assert list(frame["model_id"]) == [model.model_id for model in reversed(three)]
    assert set(frame["status"]) == {"PENDING"}
    assert list(frame["params"]) == [{"n": "2"}, {"n": "1"}, {"n": "0"}]
    assert list(frame.columns) == sorted(frame.columns)
    assert len(frame.columns) == 13
    (score,) = frame["metrics"][1]
    assert (score.key, score.value, score.model_id) == ("score", 0.5, three[1].model_id)
    assert list(module.search_logged_models(filter_string="name = 'nobody'")["name"]) == []


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        ({"filter_string": "metrics.score > 0.1"}, [1]),
        ({"max_results": 2}, [2, 1]),
        ({"max_results": 0}, []),
        ({"order_by": [{"field_name": "name"}]}, [0, 1, 2]),
        ({"order_by": [{"field_name": "metrics.score"}], "max_results": 1}, [1]),
        ({"experiment_ids": []}, [2, 1, 0]),
    ],
)
def test_a_search_gives_a_list(
    arguments: dict[str, Any], numbers: list[int], module: ModuleType, three: list[LoggedModel]
) -> None:
    """Filtered, ordered, cut."""
    found = module.search_logged_models(output_format="list", **arguments)

    assert [three[number].name for number in numbers] == [model.name for model in found]


def test_a_search_follows_all_pages(module: ModuleType) -> None:
    """The protocol's pages hold 100."""
    client, experiment = module.MlflowClient(), module.set_experiment("pages").experiment_id
    for _ in range(103):
        client.create_logged_model(experiment)

    assert len(module.search_logged_models([experiment], output_format="list")) == 103
    assert len(module.search_logged_models([experiment], output_format="list", max_results=101)) == 101


def test_an_unknown_format_is_refused(mlflow: ModuleType) -> None:
    """The message names both that there are."""
    with pytest.raises(InvalidParameter, match="'pandas' or 'list'"):
        mlflow.search_logged_models(output_format="table")


def test_darts_begins_models_by_mlflows_inner_name(mlflow: ModuleType) -> None:
    """The flavor that it says besides is taken."""
    assert fluent._initialize_logged_model(name="forecast", flavor="darts").name == "forecast"
