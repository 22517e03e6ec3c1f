"""Runs that start while their server is away: nothing stops training, and all of it is there afterwards."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner

from runyard.cli.sync import sync
from runyard.client import RunyardClient
from runyard.client.connection import close_all
from runyard.client.errors import Unreachable
from runyard.client.journal import spool_folder
from runyard.entities import Run
from runyard.exceptions import RunyardException
from tests.client.scripted import Answer, ScriptedServer
from tests.support.postgres import free_port
from tests.support.programs import start_program
from tests.support.server import RunningServer

SCRIPT = Path(__file__).with_name("offline_script.py")


@pytest.fixture
def gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningServer]:
    """A server that is not there, until it is started."""
    home = tmp_path / "server"
    home.mkdir()
    server = RunningServer(home, f"sqlite:///{home / 'runyard.db'}")
    monkeypatch.setenv("RUNYARD_OFFLINE_AFTER", "0.5")
    yield server
    server.kill()


def back(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> RunyardClient:
    """The server is there again, and has the time that it needs."""
    monkeypatch.setenv("RUNYARD_OFFLINE_AFTER", "30")
    server.start()
    return RunyardClient(server.url)


def by_name(client: RunyardClient, experiment: str) -> dict[str, Run]:
    """The runs of an experiment by their names."""
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    return {str(run.info.run_name): run for run in client.search_runs([found.experiment_id])}


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["exit", "kill"])
def test_a_training_without_its_server_is_complete_after_sync(
    gone: RunningServer, tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From start to end, and killed in the middle: runs, points, files, a table and a model that loads."""
    loaded = ("pandas", "PIL.Image", "skops.io", "sklearn.linear_model")
    training = start_program(SCRIPT.read_text(), gone.url, ending, folder=tmp_path, loaded=loaded)
    code, out, errors = training.finish()
    assert code == (0 if ending == "exit" else -9), errors
    offline = [line for line in errors.splitlines() if gone.url in line and "Training goes on" in line]
    assert len(offline) == 1
    assert "runyard sync" in offline[0]
    assert "it is not a version of 'late'" in errors
    client = back(gone, monkeypatch)

    synced = CliRunner().invoke(sync)

    assert synced.exit_code == 0, synced.output
    assert not list(spool_folder().iterdir())
    runs = by_name(client, "away")
    assert set(runs) == {"training", "child"} | ({"next"} if ending == "exit" else set())
    run = runs["training"]
    assert run.info.run_id == out.splitlines()[0]
    assert run.info.status == ("FINISHED" if ending == "exit" else "RUNNING")
    assert (run.data.params, run.data.tags["team"], run.data.tags["phase"]) == ({"lr": "0.1"}, "red", "one")
    assert len(client.get_metric_history(run.info.run_id, "loss")) == 50
    assert runs["child"].data.tags["mlflow.parentRunId"] == run.info.run_id
    folder = Path(client.download_artifacts(run.info.run_id, ""))
    assert (folder / "note.txt").read_text() == "second"
    assert (folder / "weights.bin").read_bytes() == b"before"
    assert len(list((folder / "images").iterdir())) == 2
    assert client.load_table(run.info.experiment_id, "rows.json")["a"].tolist() == [1, 2, 3]
    assert run.outputs is not None
    (output,) = run.outputs.model_outputs
    model = client.get_logged_model(output.model_id)
    assert (model.name, str(model.status), model.params) == ("model", "READY", {"depth": "3"})
    assert model.experiment_id == run.info.experiment_id
    assert {"MLmodel", "requirements.txt"} <= {file.path for file in client.list_logged_model_artifacts(model.model_id)}


def test_a_run_that_starts_offline_behaves_like_a_run(
    mlflow: ModuleType, gone: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has an id, a name and its tags; the server that comes back meanwhile has it, and later runs are usual ones."""
    mlflow.set_tracking_uri(gone.url)
    experiment = mlflow.set_experiment("away")
    assert experiment.name == "away"
    with mlflow.start_run(tags={"team": "red"}, description="why") as run:
        assert (len(run.info.run_id), run.info.status, run.data.tags["team"]) == (32, "RUNNING", "red")
        assert run.info.run_name == run.data.tags["mlflow.runName"]
        assert mlflow.active_run().info.run_id == run.info.run_id
        mlflow.log_metric("m", 1.0)
        client = back(gone, monkeypatch)
        assert mlflow.get_run(run.info.run_id).data.metrics == {"m": 1.0}
        mlflow.log_param("p", 1)
    with mlflow.start_run() as second:
        assert second.info.experiment_id.isdigit()

    runs = by_name(client, "away")
    assert {found.info.run_id: found.info.status for found in runs.values()} == {
        run.info.run_id: "FINISHED",
        second.info.run_id: "FINISHED",
    }
    assert runs[run.info.run_name].data.tags["mlflow.note.content"] == "why"


@pytest.mark.parametrize("chosen", ["default", "id", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID", "argument"])
def test_every_way_to_choose_the_experiment_works_offline(
    mlflow: ModuleType, gone: RunningServer, monkeypatch: pytest.MonkeyPatch, chosen: str
) -> None:
    """By id, by name in the environment, or not at all."""
    mlflow.set_tracking_uri(gone.url)
    if chosen == "id":
        mlflow.set_experiment(experiment_id="0")
    if chosen.startswith("MLFLOW"):
        monkeypatch.setenv(chosen, "0" if chosen.endswith("ID") else "Default")
    with mlflow.start_run(experiment_id="0" if chosen == "argument" else None) as run:
        mlflow.log_metric("m", 1.0)

    client = back(gone, monkeypatch)
    assert client.get_run(run.info.run_id).info.experiment_id == "0"


def test_a_run_goes_on_offline(mlflow: ModuleType, gone: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that is started again with the id of its run."""
    client = back(gone, monkeypatch)
    run_id = client.create_run("0").info.run_id
    client.set_terminated(run_id)
    gone.kill()
    monkeypatch.setenv("RUNYARD_OFFLINE_AFTER", "0.5")
    mlflow.set_tracking_uri(gone.url)
    with mlflow.start_run(run_id=run_id, run_name="again") as run:
        assert run.info.run_id == run_id
        mlflow.log_metric("m", 2.0)
    back(gone, monkeypatch)

    found = client.get_run(run_id)
    assert (found.info.status, found.info.run_name, found.data.metrics) == ("FINISHED", "again", {"m": 2.0})


def test_reads_fail_with_a_clear_error(mlflow: ModuleType, gone: RunningServer) -> None:
    """There is nothing they could return."""
    mlflow.set_tracking_uri(gone.url)
    with mlflow.start_run() as run:
        reads: list[Callable[[], object]] = [
            lambda: mlflow.get_run(run.info.run_id),
            lambda: mlflow.search_runs(output_format="list"),
            lambda: mlflow.artifacts.list_artifacts(run_id=run.info.run_id),
        ]
        for read in reads:
            with pytest.raises(Unreachable, match=gone.url):
                read()


def test_offline_starts_can_be_switched_off(
    mlflow: ModuleType, gone: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For jobs that had better not run than run unseen; a value that is none is refused."""
    monkeypatch.setenv("RUNYARD_OFFLINE", "never")
    monkeypatch.setenv("RUNYARD_HTTP_REQUEST_MAX_RETRIES", "1")
    mlflow.set_tracking_uri(gone.url)
    for start in (lambda: mlflow.set_experiment("away"), mlflow.start_run):
        with pytest.raises(Unreachable, match=gone.url):
            start()
    assert not spool_folder().exists()

    monkeypatch.setenv("RUNYARD_OFFLINE", "perhaps")
    with pytest.raises(RunyardException, match="RUNYARD_OFFLINE"):
        mlflow.start_run()


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_without_its_server_counts_as_away(
    mlflow: ModuleType, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy answers for a server that is being restarted."""
    monkeypatch.setenv("RUNYARD_OFFLINE_AFTER", "0.5")
    server = ScriptedServer()
    server.answers = [Answer(status, b"<html>bad gateway</html>")] * 1000
    mlflow.set_tracking_uri(server.url)
    with mlflow.start_run() as run:
        assert len(run.info.run_id) == 32
    close_all()
    server.close()


@pytest.mark.parametrize(("status", "code"), [(401, "UNAUTHENTICATED"), (403, "PERMISSION_DENIED"), (404, "x")])
def test_a_wrong_address_and_wrong_credentials_are_errors(mlflow: ModuleType, status: int, code: str) -> None:
    """Waiting does not mend them: the user must hear of it before the training begins."""
    server = ScriptedServer()
    server.answers = [Answer(status, f'{{"error_code": "{code}", "message": "no"}}'.encode())] * 100
    mlflow.set_tracking_uri(server.url)
    for start in (lambda: mlflow.set_experiment("away"), mlflow.start_run):
        with pytest.raises(RunyardException, match="no"):
            start()
    assert not spool_folder().exists()
    server.close()


def test_a_name_that_does_not_resolve_may_be_an_outage(mlflow: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop without its network, say; the warning names the address."""
    monkeypatch.setenv("RUNYARD_OFFLINE_AFTER", "0.5")
    mlflow.set_tracking_uri(f"http://nosuch.invalid:{free_port()}")
    with mlflow.start_run() as run:
        assert run.info.run_id
    close_all()


def test_a_local_store_never_goes_offline(mlflow: ModuleType, tmp_path: Path) -> None:
    """What is wrong with a database of this machine is told, not kept for later."""
    (tmp_path / "file").write_text("")
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'file' / 'runyard.db'}")
    with pytest.raises((RunyardException, OSError)):
        mlflow.start_run()


def test_children_find_the_experiment_by_its_name(
    mlflow: ModuleType, gone: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that is started offline logs into the same experiment."""
    mlflow.set_tracking_uri(gone.url)
    mlflow.set_experiment("away")
    script = "import runyard; run = runyard.start_run(run_name='child'); runyard.log_metric('m', 1.0)"
    environment = {**os.environ, "RUNYARD_TRACKING_URI": gone.url}
    code, _, errors = start_program(script, environment=environment).finish()
    assert code == 0, errors
    client = back(gone, monkeypatch)

    assert CliRunner().invoke(sync).exit_code == 0
    assert by_name(client, "away")["child"].data.metrics == {"m": 1.0}


class Plain:
    """A flavor whose models have a description and nothing else."""

    @staticmethod
    def save_model(path: str, mlflow_model: Any) -> None:
        """Write the description."""
        Path(path).mkdir()
        mlflow_model.save(str(Path(path) / "MLmodel"))


def test_a_server_that_goes_away_stops_no_training(
    mlflow: ModuleType, gone: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tags are removed, experiments and models described and models of other runs logged, all on delivery."""
    client = back(gone, monkeypatch)
    mlflow.set_tracking_uri(gone.url)
    other = mlflow.start_run(experiment_id=client.create_experiment("elsewhere"))
    mlflow.end_run()
    with mlflow.start_run(tags={"old": "1"}) as run:
        mlflow.set_experiment_tag("old", "1")
        begun = mlflow.initialize_logged_model("begun", tags={"old": "1"})
        gone.kill()
        monkeypatch.setenv("RUNYARD_OFFLINE_AFTER", "0.5")
        mlflow.delete_tag("old")
        mlflow.set_experiment_tag("new", "2")
        mlflow.delete_experiment_tag("old")
        mlflow.delete_logged_model_tag(begun.model_id, "old")
        assert mlflow.get_artifact_uri("a") == f"{run.info.artifact_uri}/a"
        info = mlflow.models.Model.log("of the other", Plain, run_id=other.info.run_id)
    back(gone, monkeypatch)
    client.connection.flush()

    assert "old" not in client.get_run(run.info.run_id).data.tags
    assert client.get_experiment("0").tags.items() >= {"new": "2"}.items()
    assert "old" not in client.get_experiment("0").tags
    assert "old" not in client.get_logged_model(begun.model_id).tags
    model = client.get_logged_model(info.model_id)
    assert (model.source_run_id, model.experiment_id) == (other.info.run_id, other.info.experiment_id)
    assert str(model.status) == "READY"


def test_a_model_is_kept_though_it_cannot_be_registered(
    mlflow: ModuleType, gone: RunningServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A training goes on without it, and learns how to make up for that; who only registers gets an error."""
    mlflow.set_tracking_uri(gone.url)
    with mlflow.start_run():
        info = mlflow.models.Model.log("model", Plain, registered_model_name="spam")
        with pytest.raises(Unreachable, match=r"create_registered_model was not done\. What was logged before is kept"):
            mlflow.register_model(info.model_uri, "spam")
    client = back(gone, monkeypatch)
    client.connection.flush()

    assert info.registered_model_version is None
    assert f"register_model('{info.model_uri}', 'spam')" in caplog.text
    assert str(client.get_logged_model(info.model_id).status) == "READY"
    assert mlflow.register_model(info.model_uri, "spam").version == "1"
