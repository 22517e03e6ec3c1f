"""Addresses of models wherever files are read, and a registry that is not where runs are logged."""

from pathlib import Path
from types import ModuleType

import pytest

from runyard.client import RunyardClient
from runyard.core.model_uri import ModelUri, parse_model_uri
from runyard.exceptions import InvalidParameter, RunyardException
from tests.support.server import RunningServer

MODEL_ID = "m-" + "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("uri", "meaning"),
    [
        ("models:/a/3", ModelUri(name="a", version="3")),
        ("models:/a/003/", ModelUri(name="a", version="3")),
        ("models:/a/0", ModelUri(name="a", version="0")),
        ("models:/a/" + "9" * 5000, ModelUri(name="a", version="9" * 5000)),
        ("models:/a b/3/sub/path", ModelUri(name="a b", version="3", path="sub/path")),
        ("models:/a/production", ModelUri(name="a", stage="Production")),
        ("models:/a/None/x", ModelUri(name="a", stage="None", path="x")),
        ("models:/a/LATEST", ModelUri(name="a", latest=True)),
        ("models:/a@good", ModelUri(name="a", alias="good")),
        ("models:/a@good/x/y", ModelUri(name="a", alias="good", path="x/y")),
        ("models:/a@b@good", ModelUri(name="a@b", alias="good")),
        ("models:/m-shaft/2", ModelUri(name="m-shaft", version="2")),
        ("models:/m-shaft@good", ModelUri(name="m-shaft", alias="good")),
        (f"models:/{MODEL_ID}", ModelUri(model_id=MODEL_ID)),
        (f"models:/{MODEL_ID}/x/y", ModelUri(model_id=MODEL_ID, path="x/y")),
    ],
)
def test_an_address_is_understood(uri: str, meaning: ModelUri) -> None:
    """In every form that MLflow documents, and with names that look like something else."""
    assert meaning == parse_model_uri(uri)


@pytest.mark.parametrize(
    "uri",
    [
        *(
            "",
            "models:",
            "models:/",
            "models://a/1",
            "models:a/1",
            "runs:/a/1",
            "models:/a",
            "models:/a/",
            "models:/ /1",
        ),
        *(
            "models:/a/²",
            "models:/a/-1",
            "models:/a/1.5",
            "models:/a/v1",
            "models:/a/Bogus",
            "models:/@x",
            "models:/a@",
        ),
    ],
)
def test_what_is_not_an_address_is_refused(uri: str) -> None:
    """With the forms there are."""
    with pytest.raises(InvalidParameter, match="models:/<name>/<version>"):
        parse_model_uri(uri)


@pytest.fixture(scope="module", params=["local", "server"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a database, and of a server, with three versions of a model."""
    if request.param == "server":
        server: RunningServer = request.getfixturevalue("server")
        uri = server.url
    else:
        uri = f"sqlite:///{tmp_path_factory.mktemp('store') / 'runyard.db'}"
    client = RunyardClient(uri)
    for number in (1, 2, 3):
        run_id = client.create_run("0").info.run_id
        client.log_dict(run_id, {"number": number}, "model/deep/facts.json")
        if number == 1:
            client.create_registered_model("numbers")
        client.create_model_version("numbers", f"runs:/{run_id}/model", run_id)
    client.set_registered_model_alias("numbers", "good", "1")
    client.set_registered_model_alias("numbers", "best-yet", "2")
    for number, stage in ((1, "Production"), (2, "Production"), (3, "Staging")):
        with pytest.warns(FutureWarning):
            client.transition_model_version_stage("numbers", number, stage)
    return uri


@pytest.fixture
def module(store: str, mlflow: ModuleType) -> ModuleType:
    """The module on that store."""
    mlflow.set_tracking_uri(store)
    return mlflow


def number_at(module: ModuleType, uri: str) -> int:
    """The version that an address leads to, as its file says."""
    number: int = module.artifacts.load_dict(f"{uri}/deep/facts.json")["number"]
    return number


def test_every_form_leads_to_its_version(module: ModuleType) -> None:
    """By number, stage in any case, alias, latest; what follows is a path in the model."""
    expected = {"/1": 1, "/02": 2, "/Production": 2, "/staging": 3, "/latest": 3, "@good": 1, "@best-yet": 2}

    assert expected == {form: number_at(module, f"models:/numbers{form}") for form in expected}


def test_an_address_follows_its_alias(module: ModuleType) -> None:
    """The next read sees the move; a deleted alias leads nowhere."""
    client = module.MlflowClient()
    client.set_registered_model_alias("numbers", "moving", "1")
    assert number_at(module, "models:/numbers@moving") == 1
    client.set_registered_model_alias("numbers", "moving", "3")
    assert number_at(module, "models:/numbers@moving") == 3
    client.delete_registered_model_alias("numbers", "moving")
    with pytest.raises(RunyardException, match="moving"):
        number_at(module, "models:/numbers@moving")


def test_folders_of_models_are_listed_and_fetched(module: ModuleType, tmp_path: Path) -> None:
    """Whole models and parts of them, into the folder that is asked for."""
    listed = [entry.path for entry in module.artifacts.list_artifacts("models:/numbers/1/deep")]
    assert [path.rpartition("/")[2] for path in listed] == ["facts.json"]

    whole = Path(module.artifacts.download_artifacts("models:/numbers@good", dst_path=str(tmp_path / "whole")))
    part = Path(module.artifacts.download_artifacts("models:/numbers/1/deep", dst_path=str(tmp_path / "part")))
    assert (whole / "deep" / "facts.json").read_bytes() == (part / "facts.json").read_bytes()
    assert whole.is_relative_to(tmp_path / "whole")
    assert part == tmp_path / "part" / "deep"


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("models:/nobody/1", "RESOURCE_DOES_NOT_EXIST"),
        ("models:/nobody@good", "RESOURCE_DOES_NOT_EXIST"),
        ("models:/numbers/9", "RESOURCE_DOES_NOT_EXIST"),
        ("models:/numbers/Archived", "RESOURCE_DOES_NOT_EXIST"),
        (f"models:/{MODEL_ID}", "RESOURCE_DOES_NOT_EXIST"),
        ("models:/numbers@nobody", "INVALID_PARAMETER_VALUE"),
        ("models:/numbers/" + "9" * 5000, "INVALID_PARAMETER_VALUE"),
        ("models:/numbers/1/../../secret", "INVALID_PARAMETER_VALUE"),
        ("models:/numbers/1/%2e%2e/secret", "INVALID_PARAMETER_VALUE"),
    ],
)
def test_an_address_that_leads_nowhere_is_an_error(uri: str, code: str, module: ModuleType) -> None:
    """Of one kind, on a database and on a server, for reading and as a source."""
    with pytest.raises(RunyardException) as refusal:
        module.artifacts.download_artifacts(uri)
    assert refusal.value.error_code == code

    with pytest.raises(RunyardException) as refusal:
        module.MlflowClient().create_model_version("numbers", uri)
    assert refusal.value.error_code in (code, "INVALID_PARAMETER_VALUE")


@pytest.fixture
def elsewhere(tmp_path: Path, mlflow: ModuleType) -> str:
    """A registry in a database of its own; chosen."""
    uri = f"sqlite:///{tmp_path / 'registry.db'}"
    mlflow.set_registry_uri(uri)
    return uri


def test_a_client_registers_where_it_was_chosen(elsewhere: str, mlflow: ModuleType, tmp_path: Path) -> None:
    """An argument wins over what was chosen, that over the tracking address: as in MLflow."""
    here, other = f"sqlite:///{tmp_path / 'runs.db'}", f"sqlite:///{tmp_path / 'other.db'}"

    assert mlflow.MlflowClient().registry_uri == elsewhere
    assert mlflow.MlflowClient(here).registry_uri == elsewhere
    assert mlflow.MlflowClient(here, other).registry_uri == other
    mlflow.set_registry_uri(None)
    assert mlflow.MlflowClient(here).registry_uri == here


def test_the_environment_chooses_the_registry(
    mlflow: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For clients of a given address too."""
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", f"sqlite:///{tmp_path / 'given.db'}")

    assert mlflow.MlflowClient(f"sqlite:///{tmp_path / 'runs.db'}").registry_uri.endswith("given.db")


def test_models_of_runs_elsewhere_are_registered_and_read(elsewhere: str, mlflow: ModuleType) -> None:
    """Only the registry has the names, only the tracking store has runs and logged models."""
    with mlflow.start_run() as run:
        mlflow.log_text("of a run", "model/text.txt")
        logged = mlflow.create_external_model("agent")
    by_run = mlflow.register_model(f"runs:/{run.info.run_id}/model", "split")
    by_model = mlflow.register_model(f"models:/{logged.model_id}", "split")
    by_name = mlflow.register_model(f"runs:/{run.info.run_id}/agent", "split")

    assert [by_run.run_id, by_model.run_id, by_name.run_id] == [run.info.run_id] * 3
    assert by_model.source == by_name.source == logged.artifact_location
    assert mlflow.artifacts.load_text("models:/split/1/text.txt") == "of a run"
    assert "agent" not in mlflow.artifacts.load_text("models:/split/2/MLmodel").splitlines()
    assert [model.name for model in mlflow.search_registered_models()] == ["split"]
    mlflow.set_registry_uri(None)
    assert mlflow.search_registered_models() == []


def test_a_folder_is_not_stored_where_the_registry_cannot_find_it(
    mlflow: ModuleType, server: RunningServer, tmp_path: Path
) -> None:
    """Runs are logged to a database, the registry is a server: the message names both, nothing is left behind."""
    (tmp_path / "saved").mkdir()
    mlflow.set_registry_uri(server.url)
    before = [model.name for model in mlflow.search_registered_models()]
    with pytest.raises(InvalidParameter, match=server.url):
        mlflow.register_model("saved", "nowhere")

    assert mlflow.search_logged_models(["0"], output_format="list") == []
    assert [model.name for model in mlflow.search_registered_models()] == before


def test_a_slash_at_the_end_makes_no_other_registry(mlflow: ModuleType, server: RunningServer, tmp_path: Path) -> None:
    """Two spellings of one server are one server."""
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "text.txt").write_text("stored")
    mlflow.set_tracking_uri(server.url)
    mlflow.set_registry_uri(f"{server.url}/")
    mlflow.register_model("saved", "slash")

    assert mlflow.artifacts.load_text("models:/slash/1/text.txt") == "stored"
    mlflow.MlflowClient().delete_registered_model("slash")
