"""What is an address of a store, what is none, and how that is told."""

import os
from pathlib import Path
from types import ModuleType

import pytest

import runyard
from runyard.client import RunyardClient
from runyard.core.store_address import absolute, spelled
from runyard.db.engine import open_engines
from runyard.exceptions import InvalidParameter
from tests.support.server import RunningServer


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("localhost:5000", "http://localhost:5000"),
        ("tracking.example:5000/prefix", "http://tracking.example:5000/prefix"),
        ("[::1]:5000", "http://[::1]:5000"),
        (":5000", "http://127.0.0.1:5000"),
        ("//host:5000", "http://host:5000"),
        ("127.0.0.1", "http://127.0.0.1"),
        ("mlflow.example.com", "http://mlflow.example.com"),
        ("www.example.org/x", "http://www.example.org/x"),
        ("localhost", "http://localhost"),
        ("http//127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("https:/host", "https://host"),
        ("http:host:5000", "http://host:5000"),
        ("http;//host", "http://host"),
        ("http:\\\\host", "http://host"),
        ("htp://host:5000", "http://host:5000"),
        ("hppts://host", "https://host"),
        ("http:///host:5000", "http://host:5000"),
        ("http://http://host", "http://host"),
        ("http://::1:5000", "http://[::1]:5000"),
        ("http://host:5000/#/experiments/1", "http://host:5000"),
        ("http://host:5000/tracking/experiments/3?a=b", "http://host:5000/tracking"),
        ("http://host:5000/api/2.0/mlflow", "http://host:5000"),
        ("sqlite://x.db", "sqlite:///x.db"),
        ("sqlite:/x.db", "sqlite:///x.db"),
        ("sqlite///x.db", "sqlite:///x.db"),
        ("sqlite////tmp/x.db", "sqlite:////tmp/x.db"),
        ("'http://host:5000'", "http://host:5000"),
        ('"http://host:5000"', "http://host:5000"),
        ("<http://host:5000>", "http://host:5000"),
        ("http ://host:5000", "http://host:5000"),
        ("5000", "http://127.0.0.1:5000"),
        ("sqllite:///x.db", "sqlite:///x.db"),
        ("postgre://host/db", "postgresql://host/db"),
        ("postgresql:host/db", "postgresql://host/db"),
        ("runs.db", "sqlite:///runs.db"),
        ("./there", "sqlite:///./there"),
        ("file://data", "file:///data"),
    ],
)
def test_a_mistyped_address_is_refused_with_the_right_one(
    mlflow: ModuleType, tmp_path: Path, given: str, meant: str
) -> None:
    """A new folder of that name would collect the runs, and the user would look for them on the server."""
    (tmp_path / "there").write_text("no database")
    before = sorted(tmp_path.iterdir())
    for choose in (mlflow.set_tracking_uri, mlflow.set_registry_uri, RunyardClient):
        with pytest.raises(InvalidParameter) as caught:
            choose(given)

        assert f"Write {meant}" in caught.value.message
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("databricks", "Databricks"),
        ("databricks://profile", "Databricks"),
        ("databricks-uc", "Databricks"),
        ("mysql://u:s3cret@host/db", "not in mysql"),
        ("s3://bucket/x", "for artifacts"),
        ("runs:/abc", "for artifacts"),
        ("wss://host", "not known"),
        ("http://ann:s3cret", "not a port"),
        ("http://host:99999", "not a port"),
        ("http://[zz]:1", "not an IPv6"),
        ("http://ho\nst:1", "line break"),
        ("http://", "no host"),
        ("https", "not an address"),
        ("sqlite:", "not an address"),
        ("None", "missing value"),
        ("$MLFLOW_URI", "a variable in it"),
        ("${MLFLOW_URI}", "a variable in it"),
        ("http://$HOST:5000", "a variable in it"),
        ("'quoted", "in quotes"),
        ("sqlite:///:memory:", "needs a file"),
    ],
)
def test_what_cannot_be_a_store_says_why(given: str, why: str) -> None:
    """There is nothing near that could have been meant; the secret in it is not repeated."""
    with pytest.raises(InvalidParameter, match=why) as caught:
        RunyardClient(given)
    assert "s3cret" not in caught.value.message


@pytest.mark.parametrize("name", ["MLFLOW_TRACKING_URI", "RUNYARD_TRACKING_URI", "MLFLOW_REGISTRY_URI"])
def test_a_wrong_address_of_the_environment_names_its_variable(
    mlflow: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It may have been set far away from the script."""
    mlflow.set_tracking_uri(None)
    monkeypatch.setenv(name, "127.0.0.1:5000")

    with pytest.raises(InvalidParameter, match=f"{name}: .*Write http://127.0.0.1:5000"):
        mlflow.search_experiments()
    assert not Path("127.0.0.1:5000").exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("HTTP://Host:5000/Prefix", "http://Host:5000/Prefix"),
        ("  https://host\n", "https://host"),
        ("SQLITE:///x.db", "sqlite:///x.db"),
        ("PostgreSQL+Psycopg2://u@h/db", "postgresql+psycopg2://u@h/db"),
        ("FILE:///x", "file:///x"),
        ("http://u:a#b/c?d@e[f@host:1", "http://u:a%23b%2Fc%3Fd%40e%5Bf@host:1"),
        ("postgresql://u:12/3@host/db?application_name=me@x", "postgresql://u:12%2F3@host/db?application_name=me@x"),
        ("http://u:p%23@host", "http://u:p%23@host"),
    ],
)
def test_schemes_are_case_blind_and_passwords_may_hold_anything(mlflow: ModuleType, given: str, kept: str) -> None:
    """What was pasted works wherever an address is looked at: one spelling is kept."""
    mlflow.set_tracking_uri(given)

    assert mlflow.get_tracking_uri() == os.environ["MLFLOW_TRACKING_URI"] == kept
    assert RunyardClient(given).tracking_uri == kept


@pytest.mark.parametrize(
    ("given", "below"),
    [
        ("mlruns", "mlruns"),
        ("runs/2024.v2", "runs/2024.v2"),
        ("./127.0.0.1:5000", "127.0.0.1:5000"),
        ("here.example.com", "here.example.com"),
        ("file:some where", "some where"),
        ("file:./a%20b", "a b"),
        ("~/store", "store"),
        ("file://~/store", "store"),
    ],
)
def test_folders_are_still_folders(given: str, below: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """New ones, existing ones whatever their name, and those of the home folder."""
    (tmp_path / "here.example.com").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))

    assert absolute(given) == f"sqlite:///{tmp_path / below / 'runyard.db'}"


@pytest.mark.parametrize(
    ("given", "file"),
    [
        ("sqlite:///sp%20ace.db", "sp%20ace.db"),
        ("sqlite:///sp ace#1.db", "sp ace#1.db"),
        ("sqlite:///what?/x.db", "what?/x.db"),
        ("sqlite:///x.db?timeout=7", "x.db"),
        ("sqlite:///~/y.db", "y.db"),
        ("SQLite+pysqlite:///z.db", "z.db"),
    ],
)
def test_a_database_file_is_named_to_the_letter(
    given: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its artifacts lie beside it, the SDK and a server open the same file, and ``~`` is the home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    client = RunyardClient(given)
    run = client.create_run("0")
    client.log_text(run.info.run_id, "x", "a.txt")
    client.connection.close()

    assert (tmp_path / file).stat().st_size
    assert (tmp_path / file).parent.joinpath("runyard-artifacts").is_dir()
    engines = open_engines(given)
    assert engines.writing.url.database == str(Path(spelled(given).removeprefix("sqlite:///").partition("?t")[0]))
    engines.dispose()


def test_a_folder_as_a_path_object_may_have_any_name(mlflow: ModuleType, tmp_path: Path) -> None:
    """Blanks and percent signs are quoted in its address and mean the same folder."""
    mlflow.set_tracking_uri(tmp_path / "my 100%20 runs")
    with mlflow.start_run():
        pass
    runyard.flush_async_logging()

    assert (tmp_path / "my 100%20 runs" / "runyard.db").exists()


@pytest.mark.parametrize("uri", ["http://host:5000", "mlruns", "mysql://u:s3cret@h/db", "postgresql://u:s3cret@h:x/db"])
def test_a_server_needs_the_address_of_a_database(uri: str) -> None:
    """The message shows what was given without its password."""
    with pytest.raises(InvalidParameter) as caught:
        open_engines(uri)
    assert "s3cret" not in caught.value.message
    assert "sqlite:///" in caught.value.message


def test_schemes_of_artifacts_are_case_blind(mlflow: ModuleType, server: RunningServer, tmp_path: Path) -> None:
    """Runs, models, folders and servers are found however their scheme is written, and files arrive there."""
    mlflow.set_tracking_uri(server.url.replace("http", "HTTP"))
    with mlflow.start_run() as run:
        mlflow.log_text("hello", "notes/a.txt")
    address = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/0/{run.info.run_id}/artifacts/notes/a.txt"
    (tmp_path / "b.txt").write_text("here")

    assert mlflow.artifacts.load_text(f"RUNS:/{run.info.run_id}/notes/a.txt") == "hello"
    assert [file.path for file in mlflow.artifacts.list_artifacts(f"Runs:/{run.info.run_id}/notes")] == ["notes/a.txt"]
    assert mlflow.artifacts.load_text(run.info.artifact_uri.replace("mlflow", "MLflow") + "/notes/a.txt") == "hello"
    assert mlflow.artifacts.load_text(address.replace("http", "HTTP")) == "hello"
    assert mlflow.artifacts.load_text((tmp_path / "b.txt").as_uri().replace("file", "FILE")) == "here"
    version = mlflow.register_model(f"RUNS:/{run.info.run_id}/notes", "cased")
    assert mlflow.artifacts.load_text(f"Models:/cased/{version.version}/a.txt") == "hello"
