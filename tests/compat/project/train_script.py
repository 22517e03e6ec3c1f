"""Logs to the run it was started for, and what it was started with."""

import os
import sys
from pathlib import Path

import mlflow

given = {name: os.environ[f"MLFLOW_{name}"] for name in ("RUN_ID", "EXPERIMENT_ID", "TRACKING_URI")}
with mlflow.start_run() as run:
    mlflow.log_metric("loss", 0.5, step=1)
    mlflow.log_param("own param", 1)
    mlflow.set_tag("own tag", "yes")
    seen = {
        "arguments": sys.argv[1:],
        "params": {key: value for key, value in mlflow.active_run().data.params.items() if key != "own param"},
        "run": run.info.run_id == given["RUN_ID"],
        "experiment": run.info.experiment_id == given["EXPERIMENT_ID"],
        "tracking uri": mlflow.get_tracking_uri() == given["TRACKING_URI"],
        "run is named to programs": "MLFLOW_RUN_ID" in os.environ,
        "from the shell": os.environ.get("FROM_THE_SHELL"),
        "files": sorted(path.name for path in Path.cwd().iterdir()),
        "status": run.info.status,
    }
    mlflow.log_dict(seen, "seen.json")
    mlflow.log_text("model", "model/weights.txt")
