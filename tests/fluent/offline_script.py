"""A training whose server is away: the address, then what to do in the end (``exit`` or ``kill``)."""

import os
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

import runyard as mlflow

mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("away")
features = np.arange(20.0).reshape(10, 2)
model = LogisticRegression().fit(features, [0, 1] * 5)
with mlflow.start_run(run_name="training", tags={"team": "red"}) as run:
    print(run.info.run_id, flush=True)
    mlflow.log_params({"lr": 0.1})
    for step in range(50):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.set_tag("phase", "one")
    mlflow.log_text("first", "note.txt")
    mlflow.log_text("second", "note.txt")
    mlflow.log_dict({"x": 1}, "conf/c.json")
    Path("weights.bin").write_bytes(b"before")
    mlflow.log_artifact("weights.bin")
    Path("weights.bin").write_bytes(b"after")
    mlflow.log_image(np.zeros((4, 4, 3), dtype="uint8"), key="picture", step=1)
    mlflow.log_table({"a": [1, 2]}, "rows.json")
    mlflow.log_table({"a": [3]}, "rows.json")
    mlflow.sklearn.log_model(
        model, name="model", params={"depth": 3}, pip_requirements=["scikit-learn"], registered_model_name="late"
    )
    with mlflow.start_run(nested=True, run_name="child"):
        mlflow.log_metric("inner", 1.0)
    if sys.argv[2] == "kill":
        os.kill(os.getpid(), 9)
with mlflow.start_run(run_name="next"):
    mlflow.log_metric("m", 1.0)
