"""Automatic logging of trainings with LightGBM, where MLflow has nothing to compare with."""

from types import ModuleType
from typing import Any

import pytest
from sklearn.model_selection import GridSearchCV

import lightgbm
from runyard.autologging.watchers import is_watched
from tests.lightgbm.examples import KINDS, PARAMS, ROWS, SETTINGS, TARGET
from tests.lightgbm.trainings import data


def _runs(mlflow: ModuleType) -> list[Any]:
    found: list[Any] = mlflow.search_runs(output_format="list", order_by=["attributes.start_time ASC"])
    return found


def test_a_training_in_the_programs_run_leaves_that_open(mlflow: ModuleType) -> None:
    """Two trainings are two models of it."""
    mlflow.lightgbm.autolog()
    with mlflow.start_run() as run:
        lightgbm.train(PARAMS, data(), 2)
        lightgbm.LGBMClassifier(**SETTINGS).fit(ROWS, TARGET)
        assert mlflow.active_run().info.run_id == run.info.run_id

    [found] = _runs(mlflow)
    assert "mlflow.autologging" not in found.data.tags
    assert 2 == len(found.outputs.model_outputs)


def test_exclusive_leaves_the_programs_run_alone(mlflow: ModuleType) -> None:
    """Nothing is logged to it."""
    mlflow.lightgbm.autolog(exclusive=True)
    with mlflow.start_run():
        lightgbm.train(PARAMS, data(), 2)

    [run] = _runs(mlflow)
    assert {} == run.data.params


def test_disabling_puts_lightgbms_own_functions_back(mlflow: ModuleType) -> None:
    """Afterwards nothing of ours is between the program and LightGBM."""
    before = lightgbm.train, lightgbm.sklearn.train, lightgbm.LGBMClassifier.fit
    mlflow.lightgbm.autolog()
    assert all(map(is_watched, (lightgbm.train, lightgbm.sklearn.train, lightgbm.LGBMClassifier.fit)))
    mlflow.lightgbm.autolog(disable=True)

    assert before == (lightgbm.train, lightgbm.sklearn.train, lightgbm.LGBMClassifier.fit)


@pytest.mark.parametrize("both", [True, False])
def test_a_search_is_a_run_with_its_candidates_or_trainings_of_their_own(both: bool, mlflow: ModuleType) -> None:
    """Without scikit-learn's part each training inside has a run, as with MLflow, where these fail."""
    mlflow.lightgbm.autolog()
    if both:
        mlflow.sklearn.autolog(log_models=False)

    GridSearchCV(lightgbm.LGBMClassifier(**SETTINGS), {"num_leaves": [2, 3]}, cv=2).fit(ROWS, TARGET)

    first, *others = _runs(mlflow)
    assert {"FINISHED"} == {run.info.status for run in (first, *others)}
    parents = {run.data.tags.get("mlflow.parentRunId") for run in others}
    assert (2, {first.info.run_id}) == (len(others), parents) if both else (4, {None}) == (len(others), parents)


def test_early_stopping_by_a_param_is_noticed(mlflow: ModuleType) -> None:
    """Not the callback alone stops early."""
    mlflow.lightgbm.autolog(log_models=False)
    params = PARAMS | {"learning_rate": 1.0, "early_stopping_round": 2}

    booster = lightgbm.train(params, data(), 40, valid_sets=[data(ROWS[:30], 1 - TARGET[:30])])

    [run] = _runs(mlflow)
    assert booster.best_iteration == run.data.metrics["best_iteration"]


def test_a_training_that_goes_on_counts_on(mlflow: ModuleType) -> None:
    """The steps of its metrics are the iterations of the whole model."""
    first = lightgbm.train(PARAMS, data(), 3)
    mlflow.lightgbm.autolog(log_models=False)

    lightgbm.train(PARAMS, data(), 2, valid_sets=[data()], init_model=first)

    [run] = _runs(mlflow)
    points = mlflow.MlflowClient().get_metric_history(run.info.run_id, "valid_0-binary_logloss")
    assert [3, 4] == [point.step for point in points]


def test_a_model_of_categories_answers_values(mlflow: ModuleType) -> None:
    """Its signature has the kinds of values that the categories stand for."""
    mlflow.lightgbm.autolog()
    model = lightgbm.LGBMClassifier(**SETTINGS).fit(KINDS, TARGET)

    [run] = _runs(mlflow)
    loaded = mlflow.pyfunc.load_model(f"models:/{run.outputs.model_outputs[0].model_id}")
    assert "string" in str(loaded.metadata.signature.inputs)
    assert list(model.predict(KINDS)) == list(loaded.predict(KINDS.astype({"kind": object, "size": int})))
