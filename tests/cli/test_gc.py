"""`runyard gc`: what is removed, what stays, and that it asks first."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from runyard.client import RunyardClient
from runyard.core.lifecycle import ViewType
from runyard.exceptions import DoesNotExist, RunyardException
from tests.cli.conftest import Runyard
from tests.support.removal import open_remover
from tests.support.s3 import ObjectStore
from tests.support.server import RunningServer


@pytest.fixture
def client() -> RunyardClient:
    """A client of the local store."""
    return RunyardClient()


def _run_with_everything(client: RunyardClient, folder: Path, experiment_id: str = "0") -> str:
    run_id = str(client.create_run(experiment_id, tags={"team": "vision"}).info.run_id)
    client.log_param(run_id, "rate", "0.1")
    client.log_metric(run_id, "loss", 0.5)
    (folder / "note.txt").write_text("x")
    client.log_artifact(run_id, str(folder / "note.txt"))
    return run_id


def _artifact_folder(client: RunyardClient, run_id: str) -> Path:
    return Path(str(client.get_run(run_id).info.artifact_uri).removeprefix("file://"))


@pytest.fixture
def proxied(client: RunyardClient) -> str:
    """An experiment whose artifacts go through a server."""
    return client.create_experiment("proxied", artifact_location="mlflow-artifacts:/1")


def test_nothing_deleted_is_nothing_to_remove(runyard: Runyard, client: RunyardClient, tmp_path: Path) -> None:
    """Active runs are never touched."""
    run_id = _run_with_everything(client, tmp_path)

    done = runyard("gc", "--yes")

    assert (0, "Nothing to remove.\n", "") == (done.code, done.out, done.err)
    assert {"loss": 0.5} == client.get_run(run_id).data.metrics


def test_without_yes_it_only_shows(runyard: Runyard, client: RunyardClient, tmp_path: Path) -> None:
    """There is no way back, so nobody gets there by accident."""
    run_id = _run_with_everything(client, tmp_path)
    client.delete_run(run_id)

    done = runyard("gc")

    assert run_id in done.out
    assert "Nothing was removed" in done.out
    client.restore_run(run_id)
    assert {"rate": "0.1"} == client.get_run(run_id).data.params


def test_deleted_run_goes_with_its_artifacts(runyard: Runyard, client: RunyardClient, tmp_path: Path) -> None:
    """Others keep theirs."""
    gone, kept = _run_with_everything(client, tmp_path), _run_with_everything(client, tmp_path)
    folders = _artifact_folder(client, gone), _artifact_folder(client, kept)
    client.delete_run(gone)

    done = runyard("gc", "--yes")

    assert done.code == 0, done.err
    with pytest.raises(DoesNotExist):
        client.get_run(gone)
    assert (False, True) == (folders[0].parent.exists(), folders[1].exists())
    assert ["note.txt"] == [file.path for file in client.list_artifacts(kept)]


def test_deleted_experiment_goes_with_its_runs(runyard: Runyard, client: RunyardClient, tmp_path: Path) -> None:
    """And its name is free again."""
    experiment_id = client.create_experiment("old")
    run_id = _run_with_everything(client, tmp_path, experiment_id)
    client.delete_experiment(experiment_id)

    done = runyard("gc", "--yes", "--experiment-ids", experiment_id)

    assert done.code == 0, done.err
    with pytest.raises(DoesNotExist):
        client.get_run(run_id)
    assert experiment_id != client.create_experiment("old")


def test_recently_deleted_stays(runyard: Runyard, client: RunyardClient, tmp_path: Path) -> None:
    """--older-than leaves time to change one's mind."""
    run_id = _run_with_everything(client, tmp_path)
    client.delete_run(run_id)

    done = runyard("gc", "--yes", "--older-than", "1d12h")

    assert "Nothing to remove.\n" == done.out
    assert 1 == runyard("gc", "--yes", "--older-than", "1d", "--run-ids", run_id).code


@pytest.mark.parametrize("age", ["", "30", "d", "5y", "1d 2h", "-1d"])
def test_wrong_age_is_wrong_usage(runyard: Runyard, age: str) -> None:
    """A typing mistake must not remove more than was meant."""
    assert 2 == runyard("gc", "--yes", "--older-than", age).code


def test_active_run_is_refused_by_name(runyard: Runyard, client: RunyardClient, tmp_path: Path) -> None:
    """Naming a run does not delete it; deleting is a step of its own."""
    run_id = _run_with_everything(client, tmp_path)

    done = runyard("gc", "--yes", "--run-ids", run_id)

    assert done.code == 1
    assert "is not deleted" in done.err
    assert client.get_run(run_id).info.lifecycle_stage == "active"


def _deleted_run_in_s3(client: RunyardClient, objects: ObjectStore, prefix: str, experiment_id: str) -> str:
    run_id = str(client.create_run(experiment_id).info.run_id)
    objects.fill(f"{prefix}/1/{run_id}/artifacts", ["note.txt"])
    client.delete_run(run_id)
    return run_id


def test_artifacts_that_a_server_kept_in_s3_go_too(
    runyard: Runyard, client: RunyardClient, objects: ObjectStore, monkeypatch: pytest.MonkeyPatch, proxied: str
) -> None:
    """Those of the run, with the operator's credentials; its neighbours stay."""
    for name, value in objects.environment().items():
        monkeypatch.setenv(name, value)
    prefix = f"gc/{uuid4().hex}"
    gone = _deleted_run_in_s3(client, objects, prefix, proxied)
    kept = _deleted_run_in_s3(client, objects, prefix, proxied)
    client.restore_run(kept)

    done = runyard("gc", "--yes", "--artifacts-destination", f"s3://models/{prefix}")

    assert done.code == 0, done.err
    assert f"s3://models/{prefix}/1/{gone}/artifacts" in done.out
    assert [f"1/{kept}/artifacts/note.txt"] == objects.kept(prefix)


def test_a_refused_removal_stops_and_can_be_repeated(
    runyard: Runyard, client: RunyardClient, objects: ObjectStore, monkeypatch: pytest.MonkeyPatch, proxied: str
) -> None:
    """With an expired key every object would stay for ever if the rows went first."""
    prefix = f"gc/{uuid4().hex}"
    runs = [_deleted_run_in_s3(client, objects, prefix, proxied) for _ in range(2)]
    for name, value in objects.environment().items():
        monkeypatch.setenv(name, value)
    command = ("gc", "--yes", "--artifacts-destination", f"s3://models/{prefix}")

    with monkeypatch.context() as expired:
        expired.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
        failed = runyard(*command)

    assert 1 == failed.code
    assert f"The artifacts of run {runs[0]} at s3://models/{prefix}/1/{runs[0]}/artifacts" in failed.err
    assert "wrong" not in failed.err
    assert 2 == len(objects.kept(prefix))
    assert ["deleted", "deleted"] == [client.get_run(run_id).info.lifecycle_stage for run_id in runs]
    assert 0 == runyard(*command).code
    assert [] == objects.kept(prefix)


def test_destination_is_the_one_the_server_noted(
    runyard: Runyard, start_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    """Who cleans up need not know how the server was started, and cannot get it wrong."""
    server = start_server("--artifacts-destination", str(tmp_path / "kept"))
    client = RunyardClient(server.url)
    run_id = _run_with_everything(client, tmp_path)
    client.delete_run(run_id)
    database = ("--backend-store-uri", server.database_uri)

    wrong = runyard("gc", "--yes", *database, "--artifacts-destination", str(tmp_path / "elsewhere"))
    files = [path.name for path in (tmp_path / "kept").rglob("*") if path.is_file()]
    done = runyard("gc", "--yes", *database)

    assert (1, ["note.txt"]) == (wrong.code, files)
    assert f"The server keeps artifacts in {tmp_path / 'kept'}" in wrong.err
    assert done.code == 0, done.err
    assert [] == [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]
    with pytest.raises(RunyardException, match="No run has the id"):
        client.get_run(run_id)


def test_a_destination_that_is_not_here_is_refused(runyard: Runyard, client: RunyardClient, proxied: str) -> None:
    """On another machine than the server's nothing would be found, and everything left behind."""
    run_id = str(client.create_run(proxied).info.run_id)
    client.delete_run(run_id)

    done = [runyard("gc", "--yes", *more) for more in ([], ["--artifacts-destination", "no/such/folder"])]

    assert [1, 1] == [each.code for each in done]
    assert "name the place with --artifacts-destination" in done[0].err
    assert "deleted" == client.get_run(run_id).info.lifecycle_stage


def test_files_of_a_champion_stay_and_it_is_named(runyard: Runyard, client: RunyardClient, tmp_path: Path) -> None:
    """The model that everybody uses must survive the tidying of its experiment."""
    run_id = _run_with_everything(client, tmp_path)
    client.create_registered_model("churn")
    client.create_model_version("churn", f"runs:/{run_id}/note.txt", run_id)
    client.set_registered_model_alias("churn", "champion", "1")
    client.delete_run(run_id)

    swept, named = runyard("gc", "--yes"), runyard("gc", "--yes", "--run-ids", run_id)

    reason = "version 1 of 'churn' (@champion) needs it; delete the version first."
    assert (0, f"Nothing to remove.\nKeeping run {run_id}: {reason}\n") == (swept.code, swept.out)
    assert (1, True) == (named.code, reason in named.err)
    assert (_artifact_folder(client, run_id) / "note.txt").is_file()


def test_a_database_that_is_not_there_is_refused(runyard: Runyard, tmp_path: Path) -> None:
    """A mistyped path must not make an empty database and report that all is clean."""
    done = runyard("gc", "--yes", "--backend-store-uri", f"sqlite:///{tmp_path}/typo.db")

    assert 1 == done.code
    assert "There is no database at" in done.err
    assert not (tmp_path / "typo.db").exists()


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few runs make several batches, and each of them several transactions."""
    monkeypatch.setattr("runyard.cli.gc.BATCH", 3)
    monkeypatch.setattr("runyard.tracking.removal.remover.PIECE", 2)
    monkeypatch.setattr("runyard.db.jobs.PIECE_SECONDS", 0)


@pytest.mark.usefixtures("small_batches")
def test_many_go_in_batches_and_are_counted(runyard: Runyard, client: RunyardClient, tmp_path: Path) -> None:
    """Each is listed once, before; then one line says how many went."""
    gone = [_run_with_everything(client, tmp_path) for _ in range(8)]
    kept = _run_with_everything(client, tmp_path)
    folders = [_artifact_folder(client, run_id) for run_id in gone]
    client.delete_runs(gone)

    done = runyard("gc", "--yes")

    assert all(done.out.count(f"{run_id} ") == 1 for run_id in gone)
    assert done.out.endswith("Removed 8 runs.\n")
    assert not any(folder.exists() for folder in folders)
    assert {"loss": 0.5} == client.get_run(kept).data.metrics
    with sqlite3.connect("runyard.db") as connection:
        tables = ("runs", "run_params", "metric_series", "metric_points")
        assert [1, 1, 1, 1] == [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]


@pytest.mark.usefixtures("small_batches")
def test_batch_that_fails_half_way_keeps_what_it_did_not_begin(
    runyard: Runyard, client: RunyardClient, tmp_path: Path
) -> None:
    """Runs before the one whose artifacts cannot be deleted are gone; those after it can be restored as they were."""
    experiment_id = client.create_experiment("tidied")
    runs = [_run_with_everything(client, tmp_path, experiment_id) for _ in range(6)]
    with sqlite3.connect("runyard.db") as connection:  # as a version with more kinds of places may have written it
        chosen = "UPDATE runs SET artifact_uri = 'unheard-of://place' WHERE run_uuid = ?"
        connection.execute(chosen, (runs[3],))
    client.delete_experiment(experiment_id)

    done = runyard("gc", "--yes")

    assert done.code == 1
    assert f"The artifacts of run {runs[3]}" in done.err
    for run_id in runs[:3]:
        with pytest.raises(DoesNotExist):
            client.get_run(run_id)
    client.restore_experiment(experiment_id)
    stages = [client.get_run(run_id).info.lifecycle_stage for run_id in runs[3:]]
    assert ["deleted", "active", "active"] == stages
    assert all((_artifact_folder(client, run_id) / "note.txt").is_file() for run_id in runs[4:])


@pytest.mark.usefixtures("small_batches")
def test_what_a_killed_removal_had_begun_is_removed_by_the_next(
    runyard: Runyard, client: RunyardClient, tmp_path: Path
) -> None:
    """Its process is gone between the artifacts and the rows."""
    runs = [_run_with_everything(client, tmp_path) for _ in range(5)]
    client.delete_runs(runs)
    with open_remover("sqlite:///runyard.db") as remover:
        assert not remover.claim_runs(runs[:3]).kept
    shutil.rmtree(_artifact_folder(client, runs[0]))

    done = runyard("gc", "--yes")

    assert (0, "Removed 5 runs.") == (done.code, done.out.splitlines()[-1]), done.err
    assert [] == client.search_runs(["0"], run_view_type=ViewType.ALL)
