"""Progression of diabetes after a year: gradient boosting, a tree at a time."""

import argparse
from typing import Any

import mlflow
import numpy as np
from files import log_model_file
from matplotlib.figure import Figure
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import train_test_split


def main() -> None:
    """Train one ensemble in the project's run."""
    options = argparse.ArgumentParser()
    options.add_argument("--learning-rate", type=float, required=True)
    options.add_argument("--max-depth", type=int, required=True)
    options.add_argument("--subsample", type=float, required=True)
    options.add_argument("--trees", type=int, required=True)
    chosen = options.parse_args()
    patients, progression = load_diabetes(return_X_y=True, as_frame=True)
    data = train_test_split(patients, progression, test_size=0.25, random_state=0)
    model = GradientBoostingRegressor(
        n_estimators=chosen.trees,
        learning_rate=chosen.learning_rate,
        max_depth=chosen.max_depth,
        subsample=chosen.subsample,
        random_state=0,
    )
    with mlflow.start_run():
        mlflow.set_tag("task", "regression")
        _train(model, *data)


def _train(model: GradientBoostingRegressor, train_x: Any, val_x: Any, train_y: Any, val_y: Any) -> None:
    table = train_x.assign(progression=train_y)
    mlflow.log_input(mlflow.data.from_pandas(table, targets="progression", name="diabetes-train"), context="training")
    model.fit(train_x, train_y)
    stages = zip(model.staged_predict(train_x), model.staged_predict(val_x), strict=True)
    train_known, val_known = train_y.to_numpy(), val_y.to_numpy()
    for step, (train_guess, val_guess) in enumerate(stages, start=1):
        train_rmse, val_rmse = _rmse(train_known, train_guess), _rmse(val_known, val_guess)
        mlflow.log_metrics({"train_rmse": train_rmse, "val_rmse": val_rmse}, step=step)
        if step % 50 == 0:
            print(f"{step} trees: val_rmse {val_rmse:.2f}", flush=True)  # noqa: T201  (a program's own output)
    predicted = model.predict(val_x)
    mlflow.log_metric("val_mae", float(mean_absolute_error(val_y, predicted)))
    mlflow.log_metric("val_r2", float(r2_score(val_y, predicted)))
    mlflow.log_figure(_residual_figure(val_known, predicted), "plots/predicted-vs-actual.png")
    lines = [f"{actual:g},{guess:.3f}" for actual, guess in zip(val_y, predicted, strict=True)]
    mlflow.log_text("\n".join(["actual,predicted", *lines]) + "\n", "predictions.csv")
    importances = dict(zip(train_x.columns, map(float, model.feature_importances_), strict=True))
    mlflow.log_dict(importances, "feature_importances.json")
    log_model_file(model)


def _rmse(known: Any, guess: Any) -> float:
    return float(np.sqrt(np.mean((known - guess) ** 2)))


def _residual_figure(actual: Any, predicted: Any) -> Figure:
    figure = Figure(figsize=(5, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.scatter(actual, predicted, s=14, alpha=0.7)
    ends = [float(np.min(actual)), float(np.max(actual))]
    axes.plot(ends, ends, color="grey", linestyle="--", linewidth=1)
    axes.set(xlabel="actual progression", ylabel="predicted progression")
    return figure


if __name__ == "__main__":
    main()
