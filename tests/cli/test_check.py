"""`runyard check`: what it finds between rows, files and journals, and what it mends."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from runyard.client import RunyardClient
from runyard.client.journal import Journal, point_line
from tests.cli.conftest import Runyard
from tests.support.postgres import Cluster
from tests.support.s3 import ObjectStore

GHOST = "0123456789abcdef" * 2


@pytest.fixture
def client(tmp_path: Path) -> RunyardClient:
    """A client of the local store, with the first database made."""
    return RunyardClient()


def _model(client: RunyardClient, experiment_id: str, run_id: str, name: str) -> tuple[str, Path]:
    """A logged model with a file, registered as a version; returns its id and its folder."""
    model = client.create_logged_model(experiment_id, name=name, source_run_id=run_id)
    folder = Path(model.artifact_location.removeprefix("file://"))
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}\n")
    client.finalize_logged_model(model.model_id, "READY")
    client.create_registered_model(name)
    client.create_model_version(name, f"models:/{model.model_id}", run_id, model_id=model.model_id)
    return model.model_id, folder


def _run(client: RunyardClient, experiment_id: str = "0") -> str:
    run_id = str(client.create_run(experiment_id).info.run_id)
    client.log_dict(run_id, {"a": 1}, "notes/a.json")
    return run_id


def _artifacts(client: RunyardClient, run_id: str) -> Path:
    return Path(str(client.get_run(run_id).info.artifact_uri).removeprefix("file://"))


def _change(sql: str, *values: str) -> None:
    with closing(sqlite3.connect("runyard.db")) as connection, connection:
        connection.execute(sql, values)


def test_a_whole_store_passes(runyard: Runyard, client: RunyardClient) -> None:
    """Deleted runs keep their files until they are removed for good: these belong to them."""
    run_id = _run(client)
    _model(client, "0", run_id, "churn")
    client.log_table(run_id, {"x": [1]}, "table.json")
    client.delete_run(_run(client))

    done = runyard("check")

    assert (done.code, done.err) == (0, "")
    assert done.out == "Looked for the files of 3 rows, and for files without rows: nothing is wrong.\n"


def test_rows_without_files_are_named(runyard: Runyard, client: RunyardClient) -> None:
    """A model, its version, a table; and a version whose run was taken out of the database."""
    run_id, other = _run(client), _run(client)
    model_id, folder = _model(client, "0", run_id, "churn")
    shutil.rmtree(folder)
    client.log_table(run_id, {"x": [1]}, "tables/x.json")
    (_artifacts(client, run_id) / "tables" / "x.json").unlink()
    client.create_registered_model("lost")
    source = (_artifacts(client, other) / "notes" / "a.json").as_uri()
    client.create_model_version("lost", source, other)
    _change("UPDATE model_versions SET run_id = ? WHERE run_id = ?", GHOST, other)

    done = runyard("check", "--output", "json")

    assert done.code == 1
    assert {(one["kind"], one["what"], one["problem"]) for one in done.json["found"]} == {
        ("files missing", f"logged model {model_id} ('churn')", "has no files"),
        ("files missing", "version 1 of 'churn'", "has no files"),
        ("files missing", f"table 'tables/x.json' of run {run_id}", "is not there"),
        ("owner missing", "version 1 of 'lost'", f"names run {GHOST}, which does not exist"),
    }


def test_files_elsewhere_are_counted(runyard: Runyard, client: RunyardClient) -> None:
    """What clients keep on their own machines, or on a server of theirs, is not called missing."""
    run_id = _run(client)
    for name, location in {"a": "file:///nowhere/models/x/artifacts", "b": "dbfs:/x", "c": "not a location"}.items():
        _model(client, "0", run_id, name)
        _change("UPDATE logged_models SET artifact_location = ? WHERE name = ?", location, name)

    done = runyard("check")

    assert "Not looked at: 1 location of dbfs:" in done.out
    assert "Not looked at: 2 locations of file:" in done.out


def test_files_without_rows_are_named_and_kept(runyard: Runyard, client: RunyardClient, tmp_path: Path) -> None:
    """In the server's place all is looked at; in the folder of an experiment only what is named as ours."""
    place = tmp_path / "kept"
    proxied = client.create_experiment("proxied", artifact_location="mlflow-artifacts:/1")
    run_id = str(client.create_run(proxied).info.run_id)
    for path in (f"1/{run_id}/artifacts/a", f"1/{GHOST}/artifacts/b/c", "stray.txt"):
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text("1234")
    (place / "1" / "empty" / "inner").mkdir(parents=True)
    own = _artifacts(client, _run(client)).parent.parent
    for path in (f"{GHOST}/artifacts/d", "models/m-" + GHOST + "/artifacts/e", "others/f"):
        (own / path).parent.mkdir(parents=True, exist_ok=True)
        (own / path).write_text("12")
    options = ("--artifacts-destination", str(place))

    done = runyard("check", *options, "--output", "json")
    repaired = runyard("check", *options, "--repair")

    left = "belongs to no run, model or experiment: 1 file"
    assert (done.code, repaired.code) == (1, 1)
    assert {one["where"]: one["problem"] for one in done.json["found"]} == {
        f"{place}/1/{GHOST}": f"{left}, 4 bytes",
        f"{place}/stray.txt": f"{left}, 4 bytes",
        f"{place}/1/empty": "is empty and belongs to nothing",
        f"{own}/{GHOST}": f"{left}, 2 bytes",
        f"{own}/models/m-{GHOST}": f"{left}, 2 bytes",
    }
    assert "Repaired: folder 1/empty is empty" in repaired.out
    assert not (place / "1" / "empty").exists()
    assert (place / f"1/{GHOST}/artifacts/b/c").exists()
    assert "4 findings" in repaired.out


def test_links_to_a_place_are_the_same_place(runyard: Runyard, client: RunyardClient, tmp_path: Path) -> None:
    """Nobody deletes what a run needs because a disk was mounted elsewhere."""
    place, link = tmp_path / "disk", tmp_path / "link"
    place.mkdir()
    link.symlink_to(place)
    experiment_id = client.create_experiment("linked", artifact_location=f"{link}/own")
    _run(client, experiment_id)
    client.create_experiment("real", artifact_location=f"{place}/own")

    for destination in (place, link):
        done = runyard("check", "--artifacts-destination", str(destination))

        assert (done.code, done.out.count("belongs to no")) == (0, 0), done.out


def test_interrupted_uploads_and_removals_are_cleared(
    runyard: Runyard, client: RunyardClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that nothing has changed for long; none that go on."""
    artifacts = _artifacts(client, _run(client))
    (artifacts / ".runyard-partial-0011").write_text("half")
    (artifacts / ".runyard-partial-2233").mkdir()
    (artifacts / ".runyard-partial-2233" / "gone.txt").write_text("x")
    fresh = runyard("check")
    monkeypatch.setattr("runyard.artifacts.schemes.local.ABANDONED_SECONDS", -60.0)

    old, repaired, after = runyard("check"), runyard("check", "--repair"), runyard("check")

    assert [done.code for done in (fresh, old, repaired, after)] == [0, 1, 0, 0]
    assert old.out.count("was interrupted; nothing has changed since 2") == 2
    assert repaired.out.count("Repaired: ") == 2
    assert sorted(path.name for path in artifacts.iterdir()) == ["notes"]


def test_journals_are_delivered(runyard: Runyard, client: RunyardClient, tmp_path: Path) -> None:
    """One of this store is; one whose store is out of reach stays, with the reason."""
    run_id, folder = _run(client), tmp_path / "spool"
    for address, count in ((f"sqlite:///{tmp_path / 'runyard.db'}", 3), ("sqlite:////nowhere/x.db", 1)):
        journal = Journal(address, folder)
        for step in range(count):
            journal.append(point_line(run_id, "loss", 1.0, 1, step))
        journal.close()
    options = ("--spool-dir", str(folder))

    before, repaired = runyard("check", *options), runyard("check", *options, "--repair")

    assert (before.code, repaired.code) == (1, 1)
    assert "has 3 entries, waiting" in before.out
    assert "is delivered: 3 entries" in repaired.out
    assert "has 1 entry, store is gone: The database is not there any more." in repaired.out
    assert len(client.get_metric_history(run_id, "loss")) == 3


def test_a_store_in_s3(
    runyard: Runyard, client: RunyardClient, objects: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Objects without rows, a model without objects, and an upload in parts that was never ended."""
    for name, value in objects.environment().items():
        monkeypatch.setenv(name, value)
    prefix = f"check/{uuid4().hex}"
    proxied = client.create_experiment("proxied", artifact_location="mlflow-artifacts:/1")
    run_id = str(client.create_run(proxied).info.run_id)
    model = client.create_logged_model(proxied, name="m", source_run_id=run_id)
    client.finalize_logged_model(model.model_id, "READY")
    objects.fill(prefix, [f"1/{run_id}/artifacts/a%2520b", f"1/{GHOST}/artifacts/x", "2/old"])
    objects.client().create_multipart_upload(Bucket="models", Key=f"{prefix}/1/{run_id}/artifacts/big")
    monkeypatch.setattr("runyard.artifacts.schemes.s3.MAX_SIGNED", -60)

    place = f"s3://models/{prefix}"
    done = runyard("check", "--artifacts-destination", place, "--output", "json")
    repaired = runyard("check", "--artifacts-destination", place, "--repair", "--output", "json")

    assert {one["where"]: one["kind"] for one in done.json["found"]} == {
        f"mlflow-artifacts:/1/models/{model.model_id}/artifacts": "files missing",
        f"{place}/1/{GHOST}": "files without rows",
        f"{place}/2": "files without rows",
        f"{place}/1/{run_id}/artifacts/big": "interrupted upload",
    }
    assert [one["kind"] for one in repaired.json["repaired"]] == ["interrupted upload"]
    assert (len(repaired.json["found"]), objects.unfinished(prefix)) == (3, [])


@pytest.mark.postgres
def test_a_store_on_postgresql(runyard: Runyard, postgres: Cluster, tmp_path: Path) -> None:
    """The same there."""
    uri = postgres.new_database()
    client = RunyardClient(uri)
    run_id = _run(client)
    model_id, folder = _model(client, "0", run_id, "churn")
    client.log_table(run_id, {"x": [1]}, "table.json")
    shutil.rmtree(folder)
    (folder.parents[2] / GHOST / "artifacts").mkdir(parents=True)

    done = runyard("check", "--backend-store-uri", uri, "--output", "json")
    postgres.drop_database(uri)

    assert sorted((one["kind"], one["what"]) for one in done.json["found"]) == [
        ("empty folder", f"folder 0/{GHOST}"),
        ("files missing", f"logged model {model_id} ('churn')"),
        ("files missing", "version 1 of 'churn'"),
    ]


def test_another_place_than_the_servers_is_refused(runyard: Runyard, client: RunyardClient, tmp_path: Path) -> None:
    """All would look missing there."""
    _run(client)
    (tmp_path / "one").mkdir()
    _change("INSERT INTO store_facts (name, value) VALUES ('artifacts_destination', ?)", str(tmp_path / "one"))

    done = runyard("check", "--artifacts-destination", "two", "--output", "json")

    assert done.code == 1
    assert f"The server keeps artifacts in {tmp_path / 'one'}, not in" in json.loads(done.out)["message"]


def test_a_place_that_is_not_here_is_not_called_empty(runyard: Runyard, client: RunyardClient) -> None:
    """On the wrong machine nothing is known of the files."""
    proxied = client.create_experiment("proxied", artifact_location="mlflow-artifacts:/1")
    run_id = str(client.create_run(proxied).info.run_id)
    model = client.create_logged_model(proxied, name="m", source_run_id=run_id)
    client.finalize_logged_model(model.model_id, "READY")

    done = runyard("check", "--artifacts-destination", "/nowhere/artifacts")

    assert done.code == 1
    assert "there is no folder /nowhere/artifacts. Run this where the server runs" in done.out
    assert "has no files" not in done.out
