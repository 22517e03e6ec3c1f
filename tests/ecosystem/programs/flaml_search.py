"""FLAML searches for a model, and logs its trials below the active run."""

import mlflow
from flaml import AutoML
from sklearn.datasets import load_iris

features, kinds = load_iris(return_X_y=True)
mlflow.set_experiment("flaml")
with mlflow.start_run(run_name="search"):
    AutoML().fit(features, kinds, task="classification", time_budget=30, max_iter=3, estimator_list=["rf"], verbose=0)
