"""Trains while a flavor logs automatically, and prints what the runs hold.

    python autolog_script.py MODULE FLAVOR FOLDER

MODULE is `mlflow` or `runyard`, FLAVOR is `keras` or `tensorflow`.
"""

import contextlib
import importlib
import json
import os
import re
import sys

os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT": "1"}

import numpy as np

import keras

MODULE, FLAVOR, FOLDER = sys.argv[1:4]
mlflow = importlib.import_module(MODULE)
flavor = importlib.import_module(f"{MODULE}.{FLAVOR}")
os.chdir(FOLDER)
mlflow.set_tracking_uri(f"sqlite:///{FOLDER}/{MODULE}-{FLAVOR}.db")
mlflow.set_experiment("compared")
client = mlflow.MlflowClient()

VALUES = np.random.default_rng(7).normal(size=(24, 3)).astype("float32")
TARGET = VALUES.sum(axis=1, keepdims=True)
FAST = {"log_models": False} | ({"checkpoint": False} if FLAVOR == "tensorflow" else {})
SAVED = {"log_models": False, "checkpoint_save_best_only": False}


def network(optimizer="adam"):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="a"), keras.layers.Dense(1, name="b")])
    model.compile(optimizer=optimizer, loss="mse", metrics=["mae"])
    return model


def fit(optimizer="adam", batch_size=8, epochs=2, **options):
    model = network(optimizer)
    model.fit(VALUES, TARGET, batch_size=batch_size, epochs=epochs, verbose=0, **options)
    return model


def stops(restore):
    stop = keras.callbacks.EarlyStopping(monitor="loss", patience=1, min_delta=1000, restore_best_weights=restore)
    return fit(epochs=6, callbacks=[stop])


def pipeline():
    tf = importlib.import_module("tensorflow")

    network().fit(tf.data.Dataset.from_tensor_slices((VALUES, TARGET)).batch(8), epochs=1, verbose=0)


def twice():
    with mlflow.start_run():
        fit(epochs=1)
        fit(epochs=1)


def fails():
    class Broken(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise RuntimeError("broken")

    with contextlib.suppress(RuntimeError):
        fit(callbacks=[Broken()])


def by_hand(**options):
    flavor.autolog(disable=True)
    with mlflow.start_run():
        callback = flavor.MlflowCallback(**options)
        fit(callbacks=[callback]).evaluate(VALUES, TARGET, verbose=0, callbacks=[callback])


def weights():
    fit()
    run = client.search_runs([EXPERIMENT], order_by=["attributes.start_time DESC"])[0]
    model = flavor.load_checkpoint(network(), run_id=run.info.run_id, global_step=4)
    assert model.predict(VALUES, verbose=0).shape == TARGET.shape


CASES = {
    "fit": (lambda: fit(validation_data=(VALUES[:8], TARGET[:8])), {}),
    "split": (lambda: fit(validation_split=0.25), FAST),
    "every_2_steps": (fit, {**FAST, "log_every_epoch": False, "log_every_n_steps": 2}),
    "stops": (lambda: stops(restore=False), FAST),
    "restores": (lambda: stops(restore=True), FAST),
    "schedule": (
        lambda: fit(keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9), momentum=0.5)),
        FAST,
    ),
    "options": (lambda: fit(epochs=1), {**FAST, "extra_tags": {"team": "x"}, "log_datasets": False}),
    "registered": (lambda: fit("sgd", epochs=1), {**FAST, "log_models": True, "registered_model_name": "kept"}),
    "pipeline": (pipeline, FAST),
    "twice": (twice, FAST),
    "fails": (fails, FAST),
    "by_hand": (by_hand, FAST),
    "by_hand_steps": (lambda: by_hand(log_every_epoch=False, log_every_n_steps=2), FAST),
}
if FLAVOR == "tensorflow":
    CASES |= {
        "checkpoints": (fit, {**SAVED, "checkpoint_monitor": "loss"}),
        "weights": (weights, {**SAVED, "checkpoint_save_weights_only": True, "checkpoint_save_freq": 2}),
        "own_board": (lambda: fit(callbacks=[keras.callbacks.TensorBoard("board")]), FAST),
    }
EXPERIMENT = client.get_experiment_by_name("compared").experiment_id


def artifacts(run_id, folder=None):
    found = []
    for entry in client.list_artifacts(run_id, folder):
        name = re.sub(r"tfevents\..*", "tfevents", entry.path)
        found += artifacts(run_id, entry.path) if entry.is_dir else [name]
    return sorted(found)


def masked(params):
    return {key: "name" if key.endswith("_name") else value for key, value in params.items()}


def described(run):
    tags = {key: value for key, value in run.data.tags.items() if key in ("team", "mlflow.autologging")}
    latest = run.data.tags.get("mlflow.latest_checkpoint_artifact")
    models = [
        model
        for model in client.search_logged_models([EXPERIMENT], max_results=100)
        if model.source_run_id == run.info.run_id
    ]
    infos = [mlflow.models.get_model_info(f"models:/{one.model_id}") for one in models if one.status == "READY"]
    return {
        "status": run.info.status,
        "params": masked(run.data.params),
        "metrics": {
            key: sorted(point.step for point in client.get_metric_history(run.info.run_id, key))
            for key in run.data.metrics
        },
        "tags": tags | ({"latest": latest} if latest else {}),
        "artifacts": artifacts(run.info.run_id),
        "datasets": sorted(
            [one.dataset.name, one.dataset.source_type, one.tags[0].value] for one in run.inputs.dataset_inputs
        ),
        "models": [[one.name, str(one.status)] for one in models],
        "model_metrics": sorted({point.key for one in models for point in one.metrics or ()}),
        "flavors": [sorted(one.flavors) for one in infos],
        "signatures": [one.signature.to_dict() if one.signature else None for one in infos],
        "outputs": len(run.outputs.model_outputs) if run.outputs else 0,
    }


answers = {}
for name, (train, options) in CASES.items():
    before = {run.info.run_id for run in client.search_runs([EXPERIMENT])}
    flavor.autolog(**options)
    train()
    flavor.autolog(disable=True)
    mlflow.flush_async_logging()
    answers[name] = [described(run) for run in client.search_runs([EXPERIMENT]) if run.info.run_id not in before]
answers["versions"] = len(client.search_model_versions("name='kept'"))
print(json.dumps(answers))
