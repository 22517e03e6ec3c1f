"""Automatic logging of Keras."""

import itertools
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras
import runyard
from runyard.exceptions import InvalidParameter
from tests.flavors.examples import paths
from tests.flavors.trainings import logged_by_both, same_runs
from tests.keras.examples import TARGET, VALUES

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def watched(store: Path) -> Iterator[Path]:
    """Trainings are logged without their models, which take long."""
    runyard.keras.autolog(log_models=False)
    yield store
    runyard.keras.autolog(disable=True)


def network() -> Any:
    """Not trained yet."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model


def _runs() -> list[Any]:
    return list(runyard.search_runs(output_format="list"))


def _steps(run: Any, metric: str) -> list[int]:
    return [point.step for point in runyard.MlflowClient().get_metric_history(run.info.run_id, metric)]


@pytest.mark.slow
@pytest.mark.compat
def test_the_same_is_logged_as_by_mlflow(tmp_path: Path) -> None:
    """Params, metrics and their steps, tags, artifacts, datasets, models, for every option."""
    ours, theirs = logged_by_both("keras", tmp_path)
    assert ours.keys() == theirs.keys()
    for name, runs in theirs.items():
        same_runs(ours[name], runs)


def test_settings_given_by_position_are_logged_as_they_are(watched: Path) -> None:
    """MLflow logs the defaults for these."""
    network().fit(VALUES, TARGET, 4, 1, 0)

    [run] = _runs()
    assert (run.data.params["batch_size"], run.data.params["epochs"]) == ("4", "1")


def test_a_generator_tells_the_size_of_its_batches(watched: Path) -> None:
    """The batch that was looked at is trained on."""
    seen = []

    def batches() -> Iterator[Any]:
        for number in itertools.count():
            seen.append(number)
            yield VALUES[:10], TARGET[:10]

    network().fit(batches(), steps_per_epoch=3, epochs=1, verbose=0, shuffle=False)
    [run] = _runs()
    assert run.data.params["batch_size"] == "10"
    assert run.inputs.dataset_inputs == []
    assert _steps(run, "loss") == [0]
    assert seen[0] == 0


def test_metrics_by_batches_and_by_epochs(watched: Path) -> None:
    """Both may be asked for; several batches may be one step of the training."""
    runyard.keras.autolog(log_models=False, log_every_n_steps=3)
    model = network()
    model.compile(optimizer="adam", loss="mse", steps_per_execution=2)
    model.fit(VALUES, TARGET, batch_size=10, epochs=2, verbose=0)

    [run] = _runs()
    assert sorted(_steps(run, "loss")) == [0, 1, 4, 6]


def test_logging_does_not_wait_for_the_store(watched: Path) -> None:
    """Metrics of thousands of batches take a fraction of what the training takes."""
    runyard.keras.autolog(log_models=False, log_every_epoch=False, log_every_n_steps=1)
    model = network()
    began = time.monotonic()
    model.fit(VALUES, TARGET, batch_size=1, epochs=5, verbose=0)
    assert time.monotonic() - began < 60
    runyard.flush_async_logging()
    assert _steps(_runs()[0], "loss") == list(range(1, 201))


def test_a_callback_of_ones_own_logs_alone(watched: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Into the run that was started automatically, once."""
    with caplog.at_level(logging.WARNING, logger="runyard"):
        network().fit(VALUES, TARGET, epochs=2, verbose=0, callbacks=[runyard.keras.MlflowCallback()])

    [run] = _runs()
    assert run.info.status == "FINISHED"
    assert _steps(run, "loss") == [0, 1]
    assert "autolog() is on" in caplog.text


def test_the_active_run_is_left_alone_when_told(watched: Path) -> None:
    """Nothing is logged to a run that the program has started."""
    runyard.keras.autolog(log_models=False, exclusive=True)
    with runyard.start_run():
        network().fit(VALUES, TARGET, epochs=1, verbose=0)

    [run] = _runs()
    assert run.data.params == {}


def test_of_both_flavors_the_last_one_logs(watched: Path) -> None:
    """Until it is switched off."""
    runyard.tensorflow.autolog(log_models=False, checkpoint=False)
    network().fit(VALUES, TARGET, epochs=1, verbose=0)
    runyard.tensorflow.autolog(disable=True)
    network().fit(VALUES, TARGET, epochs=1, verbose=0)
    runyard.keras.autolog(disable=True)
    network().fit(VALUES, TARGET, epochs=1, verbose=0)

    assert sorted(run.data.tags["mlflow.autologging"] for run in _runs()) == ["keras", "tensorflow"]


def test_a_model_is_logged_with_an_example(watched: Path) -> None:
    """As the options say."""
    runyard.keras.autolog(log_input_examples=True, save_exported_model=True)
    model = network()
    model.fit(VALUES, TARGET, epochs=1, verbose=0)

    [run] = _runs()
    loaded = runyard.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert loaded.metadata.flavors["keras"]["save_exported_model"] is True
    np.testing.assert_allclose(loaded.predict(VALUES), model.predict(VALUES, verbose=0), rtol=1e-5, atol=1e-6)
    assert (loaded.metadata.saved_input_example_info or {})["type"] == "ndarray"


@pytest.mark.parametrize("options", [{"log_every_n_steps": 0}, {"log_every_epoch": False}])
def test_how_often_to_log_is_checked(options: dict[str, Any]) -> None:
    """By the callback, too."""
    with pytest.raises(InvalidParameter, match="log_every_n_steps"):
        runyard.keras.autolog(**options)
    with pytest.raises(InvalidParameter, match="log_every_n_steps"):
        runyard.keras.MlflowCallback(**options)


EVERYWHERE = """
import numpy as np
import runyard
runyard.autolog(log_models=False, log_datasets=False)
{imports}
model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
model.compile(loss="mse")
model.fit(np.ones((4, 1)), np.ones(4), epochs=1, verbose=0)
runyard.flush_async_logging()
print(*(run.data.tags["mlflow.autologging"] for run in runyard.search_runs(output_format="list")))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("imports", "flavor"), [("import keras", "keras"), ("from tensorflow import keras", "tensorflow")]
)
def test_autolog_for_all_libraries_reaches_what_is_imported_later(imports: str, flavor: str, tmp_path: Path) -> None:
    """The flavor that logs is the one of the library that the program has imported itself."""
    program = EVERYWHERE.format(imports=imports)
    variables = os.environ | paths() | {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/store.db"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=variables,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stdout.split() == [flavor], done.stderr[-3000:]
    assert "failed at" not in done.stderr
