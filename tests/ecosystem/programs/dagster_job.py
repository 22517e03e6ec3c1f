"""A job of dagster with its MLflow resource and hook."""

import os

from dagster import job, op
from dagster_mlflow import end_mlflow_on_run_finished, mlflow_tracking


@op(required_resource_keys={"mlflow"})
def train(context):
    context.resources.mlflow.log_params({"depth": 3})
    context.resources.mlflow.log_metric("loss", 0.25, step=1)


@end_mlflow_on_run_finished
@job(resource_defs={"mlflow": mlflow_tracking})
def training():
    train()


resource = {"experiment_name": "dagster", "mlflow_tracking_uri": os.environ["MLFLOW_TRACKING_URI"]}
done = training.execute_in_process(run_config={"resources": {"mlflow": {"config": resource}}})
assert done.success
