"""A step: adds its number to what the run before it came to."""

import sys

import mlflow

number, before, *rest = sys.argv[1:]
with mlflow.start_run():
    total = float(number)
    if before != "none":
        total += mlflow.get_run(before).data.metrics["sum"]
        mlflow.log_text(mlflow.artifacts.load_text(f"runs:/{before}/sum.txt"), "before.txt")
    mlflow.log_metric("sum", total)
    mlflow.log_text(str(total), "sum.txt")
    if rest:
        with mlflow.start_run(nested=True, run_name="inside"):
            mlflow.log_metric("inner", 1)
