"""Other libraries' own MLflow loggers, unmodified, log a small real training to a real server.

Each does so through the alias, and with the real client.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

import runyard
from runyard import MlflowClient
from tests.support.jobs import ALIAS, CLIENTS, logged_values, run_job, runs_of
from tests.support.server import RunningServer

PROGRAMS = Path(__file__).parent / "programs"

pytestmark = [pytest.mark.compat, pytest.mark.slow, pytest.mark.timeout(600)]

Training = Callable[..., MlflowClient]

with_both = pytest.mark.parametrize("way", CLIENTS)


@pytest.fixture
def train(start_server: Callable[..., RunningServer], tmp_path: Path) -> Training:
    """Runs one of the programs, with one of both clients, and gives a client of the server it logged to."""

    def run(way: str, program: str, **variables: str) -> MlflowClient:
        server = start_server()
        run_job(way, server.url, tmp_path / "program", PROGRAMS / program, HF_HUB_OFFLINE="1", **variables)
        return MlflowClient(server.url)

    return run


def test_tensors_are_numbers(train: Training) -> None:
    """Losses are logged with their gradient, and torch has nothing to warn of."""
    client = train(ALIAS, "tensors.py", PYTHONWARNINGS="error::UserWarning")

    (run,) = client.search_runs(["0"])
    points = {key: client.get_metric_history(run.info.run_id, key)[0] for key in ("loss", "same", "batch")}
    assert dict.fromkeys(points, (3.0, 3)) == {key: (point.value, point.step) for key, point in points.items()}
    assert 1.0 == run.data.metrics["true"]
    assert "log a number" in run.data.tags["refusal"]
    assert "weights:\n- 1.0\n- 1.0\n" == Path(client.download_artifacts(run.info.run_id, "weights.yaml")).read_text()


@with_both
def test_lightning_logs_a_training(train: Training, way: str) -> None:
    """Its MLFlowLogger writes hyperparameters, every step's loss, tags and the checkpoint."""
    client = train(way, "lightning_training.py")

    (run,) = runs_of(client, "lightning")
    assert (run.info.run_name, run.info.status) == ("a line", "FINISHED")
    assert run.data.params == {"learning_rate": "0.1"}
    assert run.data.tags["kind"] == "test"
    losses = logged_values(client, run, "train_loss")
    assert [step for step, _ in losses] == list(range(12))
    assert losses[-1][1] < losses[0][1]
    (checkpoint,) = [file.path for file in client.list_artifacts(run.info.run_id)]
    stored = [file.path for file in client.list_artifacts(run.info.run_id, checkpoint)]
    assert f"{checkpoint}/{checkpoint}.ckpt" in stored


@with_both
def test_transformers_logs_a_training(train: Training, way: str) -> None:
    """Its MLflowCallback writes the configuration of model and training, and what the trainer reports."""
    client = train(
        way,
        "transformers_training.py",
        MLFLOW_EXPERIMENT_NAME="transformers",
        MLFLOW_TAGS='{"release.version": "2.2.0"}',
    )

    (run,) = runs_of(client, "transformers")
    assert (run.info.run_name, run.info.status) == ("a tiny bert", "FINISHED")
    assert len(run.data.params) > 100
    assert (run.data.params["hidden_size"], run.data.params["num_train_epochs"]) == ("8", "2")
    assert run.data.tags["release.version"] == "2.2.0"
    assert [step for step, _ in logged_values(client, run, "loss")] == [1, 2, 3, 4]
    assert run.data.metrics["epoch"] == 2
    assert run.data.metrics["train_loss"] > 0


def test_transformers_logs_its_checkpoints_as_models(train: Training) -> None:
    """Its MLflowCallback stores the files of each; what the program logs of the trained model predicts."""
    client = train(
        ALIAS, "transformers_checkpoints.py", MLFLOW_EXPERIMENT_NAME="transformers", HF_MLFLOW_LOG_ARTIFACTS="1"
    )

    (run,) = runs_of(client, "transformers")
    models = {model.name: model for model in client.search_logged_models([run.info.experiment_id])}
    assert sorted(models) == ["checkpoint-1", "checkpoint-2", "trained"]
    runyard.set_tracking_uri(client.tracking_uri)
    found = runyard.pyfunc.load_model(models["trained"].model_uri).predict(["hello world", "bad world"])
    assert found.columns.tolist() == ["label", "score"]
    kept = f"{models['checkpoint-2'].model_uri}/artifacts/checkpoint-2"
    assert (Path(runyard.artifacts.download_artifacts(kept)) / "model.safetensors").is_file()


@with_both
def test_optuna_logs_a_study(train: Training, way: str) -> None:
    """Its MLflowCallback makes a run of each trial, in an experiment named after the study."""
    client = train(way, "optuna_study.py")

    runs = runs_of(client, "optuna")
    assert [run.data.tags["number"] for run in runs] == ["0", "1", "2", "3"]
    for run in runs:
        assert run.info.status == "FINISHED"
        assert run.data.metrics["height"] == pytest.approx((float(run.data.params["x"]) - 2) ** 2)
        assert run.data.tags["direction"] == "MINIMIZE"
        assert run.data.tags["kind"] == "test"


@with_both
def test_accelerate_logs_a_training(train: Training, way: str) -> None:
    """Its MLflow tracker writes the configuration and each epoch's loss, and ends the run."""
    client = train(way, "accelerate_training.py")

    (run,) = runs_of(client, "accelerate")
    assert (run.info.run_name, run.info.status) == ("a line", "FINISHED")
    assert run.data.params == {"learning_rate": "0.1", "epochs": "5"}
    assert run.data.tags["kind"] == "test"
    losses = logged_values(client, run, "loss")
    assert [step for step, _ in losses] == [0, 1, 2, 3, 4]
    assert losses[-1][1] < losses[0][1]


@with_both
def test_skorch_logs_a_training(train: Training, way: str) -> None:
    """Its MlflowLogger writes each epoch's losses to the run of the program."""
    client = train(way, "skorch_training.py")

    (run,) = runs_of(client, "skorch")
    losses = logged_values(client, run, "train_loss")
    assert ("FINISHED", 3) == (run.info.status, len(losses))
    assert losses[-1][1] < losses[0][1]
    assert "valid_loss" in run.data.metrics


def test_workers_of_torchrun_have_the_alias(start_server: Callable[..., RunningServer], tmp_path: Path) -> None:
    """The launcher is the program, and starts a Python for each worker."""
    url = start_server().url
    worker = str(PROGRAMS / "distributed_workers.py")

    run_job(ALIAS, url, tmp_path / "program", Path("-m"), "torch.distributed.run", "--nproc-per-node", "2", worker)

    runs = runs_of(MlflowClient(url), "torchrun")
    assert {"worker 0", "worker 1"} == {run.info.run_name for run in runs}
    assert {"runyard"} == {run.data.tags["client"] for run in runs}
