"""register_model from every kind of address, and reading models back, as a script does."""

import json
import warnings
from pathlib import Path
from types import ModuleType

import pytest

from runyard.exceptions import InvalidParameter, RunyardException
from tests.support.server import RunningServer


@pytest.fixture(params=["local", "server"])
def module(request: pytest.FixtureRequest, mlflow: ModuleType) -> ModuleType:
    """The module on a database, and on a server, in an experiment of the test's own."""
    if request.param == "server":
        server: RunningServer = request.getfixturevalue("server")
        mlflow.set_tracking_uri(server.url)
    mlflow.set_experiment(request.node.name)
    return mlflow


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """The name of a model of the test's own: the tests of a module share a server."""
    return "".join(letter if letter.isalnum() else "-" for letter in request.node.name)


@pytest.fixture
def run_id(module: ModuleType) -> str:
    """A run with a file at model/weights.txt and one at model/deep/info.json."""
    with module.start_run() as run:
        module.log_text("weights", "model/weights.txt")
        module.log_dict({"layers": 3}, "model/deep/info.json")
    found: str = run.info.run_id
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a model's file."""
    made = tmp_path / "saved"
    made.mkdir()
    (made / "weights.txt").write_text("local")
    return made


def files(module: ModuleType, uri: str) -> list[str]:
    """Names of the direct contents at an address."""
    return sorted(entry.path for entry in module.artifacts.list_artifacts(uri))


def names(module: ModuleType) -> list[str]:
    """Names of all registered models."""
    return [model.name for model in module.search_registered_models()]


def test_a_run_s_files_become_versions(module: ModuleType, name: str, run_id: str) -> None:
    """The model is made at the first, versions count up, the run is remembered."""
    first = module.register_model(f"runs:/{run_id}/model", name, tags={"team": 7})
    second = module.register_model(f"runs:/{run_id}/model", name, await_registration_for=0)

    assert (first.name, first.version, first.status, first.tags) == (name, "1", "READY", {"team": "7"})
    assert (second.version, second.run_id, second.model_id) == ("2", run_id, None)
    assert second.source == f"{module.get_run(run_id).info.artifact_uri}/model"
    assert module.artifacts.load_text(f"models:/{name}/2/weights.txt") == "weights"


def test_runs_of_a_server_are_registered_in_a_database_of_ones_own(
    mlflow: ModuleType, name: str, server: RunningServer, tmp_path: Path
) -> None:
    """Tracking with others, registering alone: the version leads to the files on the server."""
    mlflow.set_tracking_uri(server.url)
    mlflow.set_registry_uri(f"sqlite:///{tmp_path / 'registry.db'}")
    with mlflow.start_run() as run:
        mlflow.log_text("weights", "model/weights.txt")

    version = mlflow.register_model(f"runs:/{run.info.run_id}/model", name)

    assert (version.run_id, version.source) == (run.info.run_id, f"{run.info.artifact_uri}/model")
    assert mlflow.artifacts.load_text(f"models:/{name}/1/weights.txt") == "weights"


def test_one_file_and_all_files_of_a_run_can_be_registered(module: ModuleType, name: str, run_id: str) -> None:
    """What is there counts, not what it is called."""
    module.register_model(f"runs:/{run_id}/model/deep/info.json", name)
    module.register_model(f"runs:/{run_id}", name)

    assert module.artifacts.load_dict(f"models:/{name}/1") == {"layers": 3}
    assert files(module, f"models:/{name}/2") == ["model"]


def test_a_logged_model_becomes_a_version(module: ModuleType, name: str, folder: Path) -> None:
    """Both know of each other; the run is the model's."""
    with module.start_run() as run:
        model = module.initialize_logged_model("tree")
    module.MlflowClient().log_model_artifacts(model.model_id, str(folder))
    version = module.register_model(f"models:/{model.model_id}", name)

    assert (version.source, version.model_id) == (f"models:/{model.model_id}", model.model_id)
    assert version.run_id == run.info.run_id
    noted = module.get_logged_model(model.model_id).tags["mlflow.modelVersions"]
    assert [(entry["name"], int(entry["version"])) for entry in json.loads(noted)] == [(name, 1)]
    assert module.artifacts.load_text(f"models:/{name}/1/weights.txt") == "local"
    assert module.artifacts.load_text(f"models:/{model.model_id}/weights.txt") == "local"


def test_a_run_s_address_finds_its_logged_model_by_name(module: ModuleType, name: str) -> None:
    """As scripts of MLflow 2 name models, whose files lie elsewhere since version 3."""
    with module.start_run() as run:
        model = module.initialize_logged_model("tree")
    version = module.register_model(f"runs:/{run.info.run_id}/tree", name)

    assert (version.source, version.model_id) == (f"models:/{model.model_id}", model.model_id)
    assert version.run_id == run.info.run_id


def test_a_version_becomes_one_of_another_model(module: ModuleType, name: str, run_id: str) -> None:
    """Named by number or by alias; the files and the run are those of the first."""
    module.register_model(f"runs:/{run_id}/model", name)
    module.MlflowClient().set_registered_model_alias(name, "good", "1")
    by_number = module.register_model(f"models:/{name}/1", f"{name}-copy")
    by_alias = module.register_model(f"models:/{name}@good", f"{name}-copy")

    assert by_number.source == by_alias.source == f"models:/{name}/1"
    assert (by_alias.version, by_alias.run_id) == ("2", run_id)
    assert module.artifacts.load_text(f"models:/{name}-copy/2/weights.txt") == "weights"


def test_a_folder_stays_where_it_is_without_a_server(mlflow: ModuleType, name: str, folder: Path) -> None:
    """The version points at it, by its whole path, however it was named."""
    versions = [mlflow.register_model(uri, name) for uri in ("saved", folder, str(folder), folder.as_uri())]

    assert [version.source for version in versions] == [str(folder)] * 4
    assert [mlflow.artifacts.load_text(f"models:/{name}/{number}/weights.txt") for number in (1, 4)] == ["local"] * 2
    assert mlflow.search_logged_models(["0"], output_format="list") == []


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_folder_is_stored_on_the_server(
    what: str, mlflow: ModuleType, server: RunningServer, name: str, folder: Path
) -> None:
    """Which cannot read this machine: as a logged model of the current experiment, ready to be used."""
    mlflow.set_tracking_uri(server.url)
    experiment = mlflow.set_experiment(name).experiment_id
    version = mlflow.register_model(folder if what == "folder" else folder / "weights.txt", name)
    (folder / "weights.txt").unlink()

    model = mlflow.get_logged_model(version.model_id)
    assert (model.experiment_id, str(model.status)) == (experiment, "READY")
    assert version.source == f"models:/{model.model_id}"
    assert mlflow.artifacts.load_text(f"models:/{name}/1/weights.txt") == "local"


@pytest.mark.parametrize("uri", ["s3://bucket/models/7", "dbfs:/models/7", "gs://bucket/models/7"])
def test_an_address_in_an_object_store_is_kept_as_it_is(module: ModuleType, name: str, uri: str) -> None:
    """Nothing is fetched: the credentials are needed to load the model, not to register it."""
    version = module.register_model(uri, name)

    assert version.source == uri
    assert not version.run_id
    assert not version.model_id
    assert module.MlflowClient().get_model_version_download_uri(name, "1") == uri


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("runs:/{run}/nothing", "INVALID_PARAMETER_VALUE"),
        ("runs:/{run}/model/nothing", "INVALID_PARAMETER_VALUE"),
        ("runs:/{run}/../other", "INVALID_PARAMETER_VALUE"),
        ("runs:/", "INVALID_PARAMETER_VALUE"),
        ("runs:/" + "0" * 32 + "/model", "RESOURCE_DOES_NOT_EXIST"),
        ("models:/m-" + "0" * 32, "RESOURCE_DOES_NOT_EXIST"),
        ("models:/nobody/1", "RESOURCE_DOES_NOT_EXIST"),
        ("models:/nobody", "INVALID_PARAMETER_VALUE"),
        ("nowhere/at/all", "INVALID_PARAMETER_VALUE"),
        ("file:///nowhere/at/all", "INVALID_PARAMETER_VALUE"),
        ("http://[broken", "INVALID_PARAMETER_VALUE"),
    ],
)
def test_an_address_that_leads_nowhere_registers_nothing(
    uri: str, code: str, module: ModuleType, name: str, run_id: str
) -> None:
    """Not even the name."""
    with pytest.raises(RunyardException) as refusal:
        module.register_model(uri.format(run=run_id), name)

    assert refusal.value.error_code == code
    assert name not in names(module)


def test_a_part_of_a_model_is_not_registered(module: ModuleType, name: str, run_id: str) -> None:
    """The message says to register the whole."""
    module.register_model(f"runs:/{run_id}/model", name)

    with pytest.raises(InvalidParameter, match="the whole of it"):
        module.register_model(f"models:/{name}/1/deep", f"{name}-part")


@pytest.mark.parametrize("bad", ["a/b", "a:b", " ", ".."])
def test_a_bad_name_uploads_nothing(bad: str, mlflow: ModuleType, server: RunningServer, folder: Path) -> None:
    """It is refused before the folder is stored."""
    mlflow.set_tracking_uri(server.url)
    experiment = mlflow.set_experiment(f"bad name {bad!r}").experiment_id
    with pytest.raises(InvalidParameter):
        mlflow.register_model(folder, bad)

    assert mlflow.search_logged_models([experiment], output_format="list") == []


def test_searches_follow_all_pages_up_to_what_is_asked(mlflow: ModuleType, name: str) -> None:
    """The functions give lists, not pages."""
    for number in range(5):
        mlflow.register_model(f"s3://bucket/{number}", name, tags={"odd": number % 2})
    wanted = f"name = '{name}'"

    assert len(mlflow.search_model_versions(filter_string=wanted)) == 5
    assert len(mlflow.search_model_versions(max_results=3, filter_string=wanted)) == 3
    odd = mlflow.search_model_versions(filter_string="tags.odd = '1'", order_by=["version_number DESC"])
    assert [version.version for version in odd] == ["4", "2"]
    assert [model.name for model in mlflow.search_registered_models(filter_string=wanted)] == [name]


def test_warnings_of_stages_point_at_the_script(mlflow: ModuleType, name: str) -> None:
    """At the line that has to change, also where a tag is set by stage."""
    client = mlflow.MlflowClient()
    mlflow.register_model("s3://bucket/1", name)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        client.transition_model_version_stage(name, 1, "Staging")
        client.get_latest_versions(name)
        client.get_model_version_stages(name, 1)
        client.set_model_version_tag(name, key="k", value="v", stage="Staging")
        client.delete_model_version_tag(name, key="k", stage="Staging")

    assert [(item.category, Path(item.filename).name) for item in caught] == [(FutureWarning, Path(__file__).name)] * 5
