"""Trains with automatic logging, and prints what was logged.

    python training_script.py MODULE FLAVOR FOLDER

MODULE is `mlflow` or `runyard`. Each training of `tests/FLAVOR/trainings.py` has an experiment of its own.
"""

import importlib
import json
import os
import re
import sys

MODULE, FLAVOR, FOLDER = sys.argv[1:4]
os.environ.update(
    MLFLOW_ENABLE_ASYNC_LOGGING="false",
    MLFLOW_DISABLE_TELEMETRY="true",
    MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT="1",
    GIT_PYTHON_REFRESH="quiet",
    MPLBACKEND="Agg",
)
mlflow = importlib.import_module(MODULE)
trainings = importlib.import_module(f"tests.{FLAVOR}.trainings")
PASSING = {"mlflow.user", "mlflow.source.name", "mlflow.source.type", "mlflow.runName"}
TIMED = ("_fit_time", "_score_time")


def files(client, run_id, folder=None):
    """Paths of a run's artifacts."""
    for one in client.list_artifacts(run_id, folder):
        if one.is_dir:
            yield from files(client, run_id, one.path)
        else:
            yield re.sub(r"tfevents\..*", "tfevents", one.path)  # with the time and the machine


def described(client, run):
    """What a run has."""
    run_id = run.info.run_id
    paths = sorted(files(client, run_id))
    models = client.search_logged_models(experiment_ids=[run.info.experiment_id], max_results=100)
    return {
        "status": run.info.status,
        "params": dict(run.data.params),
        "metrics": {
            key: [(one.step, None if key.endswith(TIMED) else one.value) for one in points]
            for key in run.data.metrics
            for points in [sorted(client.get_metric_history(run_id, key), key=lambda one: one.step)]
        },
        "tags": {k: v for k, v in run.data.tags.items() if k not in PASSING and not k.startswith("mlflow.source.git")},
        "files": paths,
        "contents": {
            path: json.loads(mlflow.artifacts.load_text(f"{run.info.artifact_uri}/{path}"))
            for path in paths
            if path.endswith(".json")
        },
        "datasets": sorted(
            [one.dataset.name, one.dataset.digest, one.dataset.schema, one.dataset.profile, one.tags[0].value]
            for one in run.inputs.dataset_inputs
        ),
        "models": sorted(
            [
                one.name,
                str(getattr(one.status, "value", one.status)),
                dict(one.params),
                sorted({metric.key for metric in one.metrics or ()}),
                signature(one),
            ]
            for one in models
            if one.source_run_id == run_id
        ),
    }


def signature(model):
    """A logged model's signature."""
    if str(getattr(model.status, "value", model.status)) != "READY":
        return None
    found = mlflow.models.get_model_info(f"models:/{model.model_id}").signature
    return found and json.dumps(found.to_dict(), sort_keys=True)


def logged_by(name, train, options):
    """What a training leaves behind: its runs, the first one first; child runs without their ids."""
    experiment_id = mlflow.create_experiment(name)
    mlflow.set_experiment(experiment_id=experiment_id)
    for library, given in options.items():
        getattr(mlflow, library).autolog(**given)
    try:
        train()
    except Exception as problem:  # noqa: BLE001  (some are meant to fail)
        print(f"{name}: {problem}", file=sys.stderr)
    for library in options:
        getattr(mlflow, library).autolog(disable=True)
    client = mlflow.MlflowClient()
    runs = client.search_runs([experiment_id], order_by=["attributes.start_time ASC"])
    found = [described(client, client.get_run(run.info.run_id)) for run in runs]
    for one in found:
        one["tags"] = {key: "an id" if key == "mlflow.parentRunId" else value for key, value in one["tags"].items()}
    parents = [one for one in found if "mlflow.parentRunId" not in one["tags"]]
    return parents + sorted((one for one in found if one not in parents), key=lambda one: sorted(one["params"].items()))


mlflow.set_tracking_uri(f"sqlite:///{FOLDER}/{MODULE}.db")
print(json.dumps({name: logged_by(name, *one) for name, one in trainings.TRAININGS.items()}))
