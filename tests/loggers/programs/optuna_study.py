"""Minimises a parabola with Optuna, which logs every trial through its MLflowCallback."""

import os

import optuna
from optuna_integration.mlflow import MLflowCallback

callback = MLflowCallback(
    tracking_uri=os.environ["MLFLOW_TRACKING_URI"], metric_name="height", mlflow_kwargs={"tags": {"kind": "test"}}
)


def height(trial):
    x = trial.suggest_float("x", -4, 4)
    return (x - 2) ** 2


study = optuna.create_study(study_name="optuna", sampler=optuna.samplers.RandomSampler(seed=1))
study.optimize(height, n_trials=4, callbacks=[callback])
