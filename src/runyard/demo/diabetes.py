"""Progression of diabetes after a year: gradient boosting, a tree at a time."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import train_test_split

import runyard
from runyard.demo.sweep import Settings, Sweep, grid, log_model_file

TREES = 150


def sweep() -> Sweep:
    """Twelve boosted ensembles."""
    patients, progression = load_diabetes(return_X_y=True, as_frame=True)
    data = train_test_split(patients, progression, test_size=0.25, random_state=0)
    candidates = list(grid(model=["boosting"], learning_rate=[0.02, 0.05, 0.2], max_depth=[2, 4], subsample=[0.6, 1.0]))
    return Sweep(
        experiment="diabetes",
        description=f"How far do {TREES} boosted trees get on the diabetes data, and **when do they overfit**?",
        candidates=candidates,
        train=lambda settings: _train(settings, *data),
        compared="val_rmse",
        best=min,
    )


def _train(settings: Settings, train_x: Any, val_x: Any, train_y: Any, val_y: Any) -> float:
    runyard.set_tag("task", "regression")
    runyard.log_param("n_estimators", TREES)
    table = train_x.assign(progression=train_y)
    runyard.log_input(runyard.data.from_pandas(table, targets="progression", name="diabetes-train"), context="training")
    chosen = {name: value for name, value in settings.items() if name != "model"}
    model = GradientBoostingRegressor(n_estimators=TREES, random_state=0, **chosen).fit(train_x, train_y)
    stages = zip(model.staged_predict(train_x), model.staged_predict(val_x), strict=True)
    for step, (train_guess, val_guess) in enumerate(stages, start=1):
        runyard.log_metrics(
            {
                "train_rmse": float(root_mean_squared_error(train_y, train_guess)),
                "val_rmse": float(root_mean_squared_error(val_y, val_guess)),
            },
            step=step,
        )
    predicted = model.predict(val_x)
    runyard.log_metrics(
        {"val_mae": float(mean_absolute_error(val_y, predicted)), "val_r2": float(r2_score(val_y, predicted))}
    )
    runyard.log_figure(_residual_figure(val_y.to_numpy(), predicted), "plots/predicted-vs-actual.png")
    lines = [f"{actual:g},{guess:.3f}" for actual, guess in zip(val_y, predicted, strict=True)]
    runyard.log_text("\n".join(["actual,predicted", *lines]) + "\n", "predictions.csv")
    importances = dict(zip(train_x.columns, map(float, model.feature_importances_), strict=True))
    runyard.log_dict(importances, "feature_importances.json")
    log_model_file(model)
    return float(root_mean_squared_error(val_y, predicted))


def _residual_figure(actual: Any, predicted: Any) -> Figure:
    figure = Figure(figsize=(5, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.scatter(actual, predicted, s=14, alpha=0.7)
    ends = [float(np.min(actual)), float(np.max(actual))]
    axes.plot(ends, ends, color="grey", linestyle="--", linewidth=1)
    axes.set(xlabel="actual progression", ylabel="predicted progression")
    return figure
