"""What is not text where a name or key belongs is refused with its value and type, wherever names are taken."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from runyard.exceptions import InvalidParameter

CALLS: dict[str, Callable[[Any, Any], object]] = {
    "start_run": lambda mlflow, name: mlflow.start_run(run_name=name),
    "create_run": lambda mlflow, name: mlflow.MlflowClient().create_run("0", run_name=name),
    "update_run": lambda mlflow, name: mlflow.MlflowClient().update_run("abc", name=name),
    "set_experiment": lambda mlflow, name: mlflow.set_experiment(name),
    "create_experiment": lambda mlflow, name: mlflow.create_experiment(name),
    "rename_experiment": lambda mlflow, name: mlflow.MlflowClient().rename_experiment("0", name),
    "get_experiment_by_name": lambda mlflow, name: mlflow.get_experiment_by_name(name),
    "search_runs": lambda mlflow, name: mlflow.search_runs(experiment_names=[name], output_format="list"),
    "create_registered_model": lambda mlflow, name: mlflow.MlflowClient().create_registered_model(name),
    "rename_registered_model": lambda mlflow, name: mlflow.MlflowClient().rename_registered_model("m", name),
    "get_registered_model": lambda mlflow, name: mlflow.MlflowClient().get_registered_model(name),
    "create_model_version": lambda mlflow, name: mlflow.MlflowClient().create_model_version(name, "/elsewhere"),
    "set_registered_model_alias": lambda mlflow, name: mlflow.MlflowClient().set_registered_model_alias("m", name, 1),
    "log_param": lambda mlflow, name: mlflow.log_param(name, 1),
    "log_params": lambda mlflow, name: mlflow.log_params({name: 1}),
    "log_metric": lambda mlflow, name: mlflow.log_metric(name, 1),
    "log_metrics": lambda mlflow, name: mlflow.log_metrics({name: 1}),
    "set_tag": lambda mlflow, name: mlflow.set_tag(name, 1),
    "set_tags": lambda mlflow, name: mlflow.set_tags({name: 1}),
    "delete_tag": lambda mlflow, name: mlflow.delete_tag(name),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_number_is_not_a_name(mlflow: ModuleType, call: str) -> None:
    """Not an error of Python's own, and nothing is stored under a name that nobody chose."""
    with pytest.raises(InvalidParameter, match=r"\b5\b.*\bint\b"):
        CALLS[call](mlflow, 5)


def test_zero_is_not_a_missing_name(mlflow: ModuleType) -> None:
    """The run would get a random name."""
    with pytest.raises(InvalidParameter, match="run_name"):
        mlflow.start_run(run_name=0)
    assert mlflow.active_run() is None
