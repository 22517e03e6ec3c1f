"""Trainings with Lightning that are logged automatically, beside what MLflow logs of them."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import lightning
import pytest

import runyard
from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.pytorch.autologging.callback import TrainingCallback
from tests.flavors.examples import paths
from tests.pytorch.lines import Line, batches, trainer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.filterwarnings("ignore")]  # Lightning warns much


@pytest.fixture(autouse=True)
def autologging(store: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """On during a test; what a model needs is not looked for, which takes long."""
    monkeypatch.setenv("RUNYARD_REQUIREMENTS_INFERENCE_TIMEOUT", "0.1")
    yield
    runyard.pytorch.autolog(disable=True)


def _only_run() -> Any:
    (run,) = runyard.search_runs(output_format="list")
    return run


def _points(run: Any, key: str) -> list[int]:
    return sorted(point.step for point in runyard.MlflowClient().get_metric_history(run.info.run_id, key))


@pytest.mark.compat
def test_the_same_is_logged_as_by_mlflow(tmp_path: Path) -> None:
    """Runs with the same params, metrics, steps, tags, artifacts and models, case by case."""
    theirs, ours = (_script(name, tmp_path / name) for name in ("mlflow", "runyard"))

    assert theirs.keys() == ours.keys()
    for case, runs in theirs.items():
        assert runs == ours[case], case


def _script(name: str, folder: Path) -> Any:
    folder.mkdir()
    variables = {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/runs.db", "MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", Path(__file__).with_name("lightning_script.py"), name],
        cwd=folder,
        env=os.environ | paths() | variables,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_early_stopping_is_seen_in_either_package() -> None:
    """MLflow misses lightning's where pytorch_lightning is installed too."""
    runyard.pytorch.autolog(log_models=False)
    stopping = lightning.pytorch.callbacks.EarlyStopping("val_loss", min_delta=100.0, patience=1)
    tried = trainer(lightning, epochs=6, callbacks=[stopping], enable_checkpointing=True)
    tried.fit(Line(), batches(), batches())

    run = _only_run()
    assert ("val_loss", "1") == (run.data.params["monitor"], run.data.params["patience"])
    assert (1, 0, 1) == tuple(run.data.metrics[key] for key in ("stopped_epoch", "restored_epoch", "wait_count"))
    (kept,) = runyard.MlflowClient().list_artifacts(run.info.run_id, "restored_model_checkpoint")
    assert kept.path.endswith(".ckpt")


class _Late(Line):
    def on_train_epoch_end(self) -> None:
        self.log("epoch_number", float(self.current_epoch))


def test_metrics_of_the_end_of_an_epoch_belong_to_it() -> None:
    """A module's own hook comes after the callbacks'."""
    runyard.pytorch.autolog(log_models=False)
    trainer(lightning, epochs=3).fit(_Late(), batches())

    points = runyard.MlflowClient().get_metric_history(_only_run().info.run_id, "epoch_number")
    assert [(0, 0.0), (1, 1.0), (2, 2.0)] == [(point.step, point.value) for point in points]


class _Failing(Line):
    def on_train_epoch_start(self) -> None:
        if self.current_epoch == 1:
            raise ArithmeticError("no more")


def test_a_training_that_fails_is_a_failed_run() -> None:
    """With what it had logged until then; its error reaches the program."""
    runyard.pytorch.autolog()
    with pytest.raises(ArithmeticError, match="no more"):
        trainer(lightning).fit(_Failing(), batches(), batches())

    run = _only_run()
    assert ("FAILED", [0]) == (run.info.status, _points(run, "val_loss"))
    (model,) = runyard.MlflowClient().search_logged_models([run.info.experiment_id])
    assert "FAILED" == str(model.status)


def test_a_trained_model_predicts_from_the_registry() -> None:
    """The model of a training is registered, with its signature."""
    runyard.pytorch.autolog(registered_model_name="line", checkpoint=False)
    trainer(lightning).fit(Line(), batches())

    loaded = runyard.pyfunc.load_model("models:/line/1")
    rows = next(iter(batches()))[0].numpy()
    assert (8, 1) == loaded.predict(rows).shape
    assert loaded.metadata.signature is not None


def test_checkpoints_are_loaded_again() -> None:
    """The latest one, or that of an epoch; what is not there is told."""
    runyard.pytorch.autolog(log_models=False, checkpoint_save_best_only=False)
    with runyard.start_run() as run:
        trainer(lightning).fit(Line(), batches(), batches())
        assert isinstance(runyard.pytorch.load_checkpoint(Line), Line)

    run_id = run.info.run_id
    assert isinstance(runyard.pytorch.load_checkpoint(Line, run_id, epoch=0), Line)
    with pytest.raises(DoesNotExist, match="epoch_7"):
        runyard.pytorch.load_checkpoint(Line, run_id, epoch=7)
    with pytest.raises(InvalidParameter, match="not by both"):
        runyard.pytorch.load_checkpoint(Line, run_id, epoch=0, global_step=3)
    with pytest.raises(InvalidParameter, match="No run is active"):
        runyard.pytorch.load_checkpoint(Line)


def test_the_callback_stores_checkpoints_by_hand() -> None:
    """Without automatic logging; it asks for a run, and for options that exist."""
    with pytest.raises(InvalidParameter, match=r"with runyard\.start_run"):
        trainer(lightning, callbacks=[runyard.pytorch.MlflowModelCheckpointCallback()]).fit(Line(), batches())
    with pytest.raises(InvalidParameter, match="'weekly'"):
        runyard.pytorch.MlflowModelCheckpointCallback(save_freq="weekly")
    with pytest.raises(InvalidParameter, match="'best'"):
        runyard.pytorch.MlflowModelCheckpointCallback(mode="best")

    with runyard.start_run() as run:
        callback = runyard.pytorch.MlflowModelCheckpointCallback(monitor="train_loss", save_weights_only=True)
        trainer(lightning, callbacks=[callback]).fit(Line(), batches())
    stored = {file.path for file in runyard.MlflowClient().list_artifacts(run.info.run_id, "checkpoints")}
    assert {"checkpoints/latest_checkpoint.weights.pth", "checkpoints/latest_checkpoint_metrics.json"} == stored


def test_trainers_go_to_other_processes() -> None:
    """Lightning pickles them to start some; the run stays here."""
    runyard.pytorch.autolog(log_models=False, checkpoint=False)
    tried = trainer(lightning)
    tried.fit(Line(), batches())

    (callback,) = [one for one in tried.callbacks if isinstance(one, TrainingCallback)]
    assert pickle.loads(pickle.dumps(callback))._training is None


LATER = """
import runyard
runyard.autolog(log_models=False)
import sys
assert "lightning" not in sys.modules and "torch" not in sys.modules
import torch
assert "lightning" not in sys.modules
import lightning
from tests.pytorch.lines import Line, batches, trainer
trainer(lightning).fit(Line(), batches())
runyard.autolog(disable=True)
trainer(lightning).fit(Line(), batches())
(run,) = runyard.search_runs(output_format="list")
print(run.data.params["optimizer_name"])
"""


def test_lightning_is_watched_when_it_is_imported_later(store: Path) -> None:
    """`runyard.autolog()` imports nothing itself, and is switched off again."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LATER],
        env=os.environ | paths(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "Adam" in done.stdout.splitlines(), done.stderr[-3000:]
