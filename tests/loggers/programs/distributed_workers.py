"""Each of the workers of torchrun logs to a run of its own."""

import os

import mlflow

mlflow.set_experiment("torchrun")
with mlflow.start_run(run_name=f"worker {os.environ['RANK']}"):
    mlflow.set_tag("client", mlflow.__name__)
