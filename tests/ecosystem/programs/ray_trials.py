"""Tune with Ray: a callback logs the trials, and each trial logs to a run of its own in its worker."""

import os
from pathlib import Path

import mlflow
import ray
from ray import tune
from ray.air.integrations.mlflow import MLflowLoggerCallback, setup_mlflow

URI = os.environ["MLFLOW_TRACKING_URI"]


def trial(config):
    setup_mlflow(config, experiment_name="workers", tracking_uri=URI, create_experiment_if_not_exists=True)
    mlflow.log_metric("square", config["x"] ** 2)
    mlflow.set_tag("client", mlflow.__name__)
    mlflow.end_run()
    tune.report({"square": config["x"] ** 2})


@ray.remote
def name_of_client():
    import mlflow

    return mlflow.__name__


for attempt in range(4):  # Ray gives its processes half a minute to start, which a busy machine exceeds
    try:
        ray.init("local", num_cpus=1, include_dashboard=False, logging_level="ERROR")
        break
    except Exception:
        ray.shutdown()
        if attempt == 3:
            raise
callback = MLflowLoggerCallback(tracking_uri=URI, experiment_name="callback")
found = tune.Tuner(
    trial,
    param_space={"x": tune.grid_search([1, 2])},
    run_config=tune.RunConfig(callbacks=[callback], storage_path=str(Path.cwd()), verbose=0),
).fit()
assert not found.errors, found.errors
print(ray.get(name_of_client.remote()), mlflow.__name__)
ray.shutdown()
