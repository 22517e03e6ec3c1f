"""Automatic logging of TensorFlow's Keras."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import runyard
import tensorflow as tf
from runyard.exceptions import DoesNotExist, InvalidParameter
from tests.flavors.trainings import logged_by_both, same_runs
from tests.tensorflow.examples import TARGET, VALUES

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def watched(store: Path) -> Iterator[Path]:
    """Trainings are logged without their models and checkpoints."""
    runyard.tensorflow.autolog(log_models=False, checkpoint=False)
    yield store
    runyard.tensorflow.autolog(disable=True)


def network() -> Any:
    """Not trained yet."""
    model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model


def _run() -> Any:
    [run] = runyard.search_runs(output_format="list")
    return run


@pytest.mark.slow
@pytest.mark.compat
def test_the_same_is_logged_as_by_mlflow(tmp_path: Path) -> None:
    """Params, metrics and their steps, tags, artifacts, datasets, models, for every option."""
    ours, theirs = logged_by_both("tensorflow", tmp_path)
    assert ours.keys() == theirs.keys()
    for name, runs in theirs.items():
        same_runs(ours[name], runs)


def test_checkpoints_are_loaded_again(watched: Path) -> None:
    """The best one, by the metric that was named; the next better one takes its place."""
    runyard.tensorflow.autolog(log_models=False, checkpoint_monitor="mae", checkpoint_mode="min")
    model = network()
    model.fit(VALUES, TARGET, epochs=3, verbose=0)

    run = _run()
    loaded = runyard.tensorflow.load_checkpoint(run_id=run.info.run_id)
    assert loaded.predict(VALUES, verbose=0).shape == TARGET.shape
    with pytest.raises(DoesNotExist):
        runyard.tensorflow.load_checkpoint(run_id=run.info.run_id, epoch=7)
    with pytest.raises(InvalidParameter, match="not by both"):
        runyard.tensorflow.load_checkpoint(run_id=run.info.run_id, epoch=1, global_step=1)
    with pytest.raises(InvalidParameter, match="run_id"):
        runyard.tensorflow.load_checkpoint()


@pytest.mark.filterwarnings("ignore:Skipping variable loading")
def test_weights_are_loaded_into_a_model(watched: Path) -> None:
    """With a callback of one's own."""
    options: dict[str, Any] = {"monitor": "loss", "save_weights_only": True, "save_best_only": False}
    model = network()
    with runyard.start_run() as run:
        callback = runyard.tensorflow.MlflowModelCheckpointCallback(**options)
        model.fit(VALUES, TARGET, epochs=2, verbose=0, callbacks=[callback])
        found = runyard.tensorflow.load_checkpoint(network(), epoch=1)

    np.testing.assert_allclose(found.predict(VALUES, verbose=0), model.predict(VALUES, verbose=0), rtol=1e-5)
    with pytest.raises(InvalidParameter, match="give the model"):
        runyard.tensorflow.load_checkpoint(run_id=run.info.run_id)


def test_a_run_without_checkpoints_is_told(watched: Path) -> None:
    """By its id."""
    with runyard.start_run() as run:
        pass
    with pytest.raises(DoesNotExist, match=run.info.run_id):
        runyard.tensorflow.load_checkpoint(run_id=run.info.run_id)


def test_pipelines_are_described_and_not_read(watched: Path) -> None:
    """Their batch size, the types of their elements, and the model's signature from the first batch."""
    runyard.tensorflow.autolog(checkpoint=False)
    data = tf.data.Dataset.from_tensor_slices((VALUES, TARGET)).batch(8)
    network().fit(data, validation_data=data.take(2), epochs=1, verbose=0, shuffle=False)

    run = _run()
    assert run.data.params["batch_size"] == "8"
    assert {one.tags[0].value for one in run.inputs.dataset_inputs} == {"train", "eval"}
    assert '\\"shape\\": [-1, 3]' in run.inputs.dataset_inputs[0].dataset.schema
    loaded = runyard.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert loaded.metadata.signature is not None
    assert loaded.metadata.signature.inputs is not None
    assert loaded.metadata.signature.inputs.inputs[0].shape == (-1, 3)


@pytest.mark.parametrize(
    "options", [{"checkpoint_mode": "best"}, {"checkpoint_save_freq": "batch"}, {"checkpoint_monitor": ""}]
)
def test_options_of_checkpoints_are_checked(options: dict[str, Any]) -> None:
    """When logging is switched on, not in the middle of a training."""
    with pytest.raises(InvalidParameter):
        runyard.tensorflow.autolog(**options)
