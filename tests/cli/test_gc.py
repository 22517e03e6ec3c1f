"""`runyard gc`: what is removed, what stays, and that it asks first."""

from pathlib import Path
from uuid import uuid4

import pytest

from runyard.client import RunyardClient
from runyard.exceptions import DoesNotExist
from tests.cli.conftest import Runyard
from tests.support.s3 import ObjectStore


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


def test_nothing_deleted_is_nothing_to_remove(runyard: Runyard, client: RunyardClient, tmp_path: Path) -> None:
    """Active runs are never touched."""
    run_id = _run_with_everything(client, tmp_path)

    done = runyard("gc", "--yes")

    assert (0, "Nothing to remove.\n") == (done.code, done.out)
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


def test_artifacts_that_a_server_kept_in_s3_go_too(
    runyard: Runyard, client: RunyardClient, objects: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the run, with the operator's credentials; its neighbours stay."""
    for name, value in objects.environment().items():
        monkeypatch.setenv(name, value)
    prefix = f"gc/{uuid4().hex}"
    experiment_id = client.create_experiment("proxied", artifact_location="mlflow-artifacts:/1")
    gone, kept = (str(client.create_run(experiment_id).info.run_id) for _ in range(2))
    for run_id in (gone, kept):
        objects.fill(f"{prefix}/1/{run_id}/artifacts", ["note.txt"])
    client.delete_run(gone)

    done = runyard("gc", "--yes", "--artifacts-destination", f"s3://models/{prefix}")

    assert done.code == 0, done.err
    assert [f"1/{kept}/artifacts/note.txt"] == objects.kept(prefix)
