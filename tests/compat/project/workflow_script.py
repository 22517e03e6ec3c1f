"""Steps, each a run of this project that is told the one before it."""

import sys

import mlflow
from mlflow.tracking import MlflowClient

with mlflow.start_run() as parent:
    mlflow.log_metric("begun", 1)
    before = "none"
    for number, step in enumerate(sys.argv[1].split(), 1):
        name = "second" if number == 2 else None
        given = {"number": number, "before": before}
        submitted = mlflow.run(".", step, parameters=given, env_manager="local", run_name=name)
        before = submitted.run_id
    mlflow.log_metric("sum", MlflowClient().get_run(before).data.metrics["sum"])
    mlflow.set_tag("active", str(mlflow.active_run().info.run_id == parent.info.run_id))
