"""Automatic logging of trainings with XGBoost, where MLflow has nothing to compare with."""

import inspect
import logging
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sklearn.ensemble import BaggingClassifier
from sklearn.model_selection import GridSearchCV

import xgboost
from runyard.autologging.boosting import metric_key
from runyard.autologging.watchers import is_watched
from tests.xgboost.examples import ROWS, TARGET
from tests.xgboost.trainings import PARAMS, matrix

SMALL: dict[str, Any] = {"n_estimators": 2, "n_jobs": 1}


def _runs(mlflow: ModuleType) -> list[Any]:
    found: list[Any] = mlflow.search_runs(output_format="list", order_by=["attributes.start_time ASC"])
    return found


def test_arguments_by_position_are_settings_too(mlflow: ModuleType) -> None:
    """Old scripts give the evaluation sets by position."""
    mlflow.xgboost.autolog(log_models=False)

    xgboost.train(PARAMS, matrix(), 3, [(matrix(), "valid")])

    [run] = _runs(mlflow)
    assert "3" == run.data.params["num_boost_round"]
    assert 3 == len(mlflow.MlflowClient().get_metric_history(run.info.run_id, "valid-logloss"))


def test_a_training_in_the_programs_run_leaves_that_open(mlflow: ModuleType) -> None:
    """Params of a second training that differ are with its model, and a warning says so."""
    mlflow.xgboost.autolog()
    with mlflow.start_run() as run:
        xgboost.train(PARAMS, matrix(), 2)
        xgboost.XGBClassifier(**SMALL).fit(ROWS, TARGET)
        assert mlflow.active_run().info.run_id == run.info.run_id

    [found] = _runs(mlflow)
    assert "mlflow.autologging" not in found.data.tags
    assert "1.5" == found.data.params["eta"]
    assert 2 == len(found.outputs.model_outputs)


def test_exclusive_leaves_the_programs_run_alone(mlflow: ModuleType) -> None:
    """Nothing is logged to it."""
    mlflow.xgboost.autolog(exclusive=True)
    with mlflow.start_run():
        xgboost.train(PARAMS, matrix(), 2)

    [run] = _runs(mlflow)
    assert {} == run.data.params


def test_disabling_puts_xgboosts_own_functions_back(mlflow: ModuleType) -> None:
    """Afterwards nothing of ours is between the program and XGBoost."""
    before = xgboost.train, xgboost.sklearn.train, xgboost.DMatrix.__init__, xgboost.XGBModel.fit
    mlflow.xgboost.autolog()
    assert all(map(is_watched, (xgboost.train, xgboost.sklearn.train, xgboost.DMatrix.__init__, xgboost.XGBModel.fit)))
    assert inspect.signature(xgboost.train) == inspect.signature(before[0])
    mlflow.xgboost.autolog(disable=True)

    assert before == (xgboost.train, xgboost.sklearn.train, xgboost.DMatrix.__init__, xgboost.XGBModel.fit)
    assert "score" not in vars(xgboost.XGBClassifier)


def test_scikit_learns_metrics_stay_watched_for_who_is_left(mlflow: ModuleType) -> None:
    """Each part switches on and off by itself."""
    from sklearn import metrics  # noqa: PLC0415  (its functions are looked at)

    mlflow.sklearn.autolog()
    mlflow.xgboost.autolog(log_models=False)
    mlflow.sklearn.autolog(disable=True)
    rows = ROWS
    predicted = xgboost.XGBClassifier(**SMALL).fit(rows, TARGET).predict(rows)
    metrics.accuracy_score(TARGET, predicted)
    mlflow.xgboost.autolog(disable=True)

    assert not is_watched(metrics.accuracy_score)
    [run] = _runs(mlflow)
    assert ["accuracy_score_rows"] == list(run.data.metrics)


@pytest.mark.parametrize("both", [True, False])
def test_what_another_estimator_trains_is_part_of_that(both: bool, mlflow: ModuleType) -> None:
    """With scikit-learn's part on, its run is the only one; else each training inside has its own, as with MLflow."""
    mlflow.xgboost.autolog(log_models=False)
    if both:
        mlflow.sklearn.autolog(log_models=False)

    BaggingClassifier(xgboost.XGBClassifier(**SMALL), n_estimators=3).fit(ROWS, TARGET)

    assert [["sklearn"], ["xgboost"] * 3][not both] == [run.data.tags["mlflow.autologging"] for run in _runs(mlflow)]


def test_candidates_of_a_search_are_runs_below_it(mlflow: ModuleType) -> None:
    """Threads of the search make no other runs."""
    mlflow.xgboost.autolog()
    mlflow.sklearn.autolog(log_models=False)

    model = xgboost.XGBClassifier(**SMALL)
    GridSearchCV(model, {"max_depth": [1, 2, 3]}, cv=2, n_jobs=2).fit(ROWS, TARGET)

    search, *candidates = _runs(mlflow)
    assert 3 == len(candidates)
    assert {search.info.run_id} == {run.data.tags["mlflow.parentRunId"] for run in candidates}


def test_a_callback_that_stops_early_is_noticed(mlflow: ModuleType) -> None:
    """Not the argument alone stops early."""
    mlflow.xgboost.autolog(log_models=False)
    stop = xgboost.callback.EarlyStopping(rounds=2)
    evals = [(matrix(ROWS[:20], 1 - TARGET[:20]), "valid")]

    booster = xgboost.train(PARAMS, matrix(), num_boost_round=30, evals=evals, callbacks=[stop], verbose_eval=False)

    [run] = _runs(mlflow)
    assert booster.best_iteration == run.data.metrics["best_iteration"]


def test_functions_are_params_by_their_names(mlflow: ModuleType) -> None:
    """Their addresses would differ from run to run."""
    mlflow.xgboost.autolog(log_models=False)

    def distance(predicted: Any, data: Any) -> tuple[str, float]:
        return "distance", float(abs(predicted - data.get_label()).mean())

    xgboost.train(PARAMS, matrix(), 2, evals=[(matrix(), "train")], custom_metric=distance, verbose_eval=False)

    [run] = _runs(mlflow)
    assert run.data.params["custom_metric"].endswith("<locals>.distance")
    assert "train-distance" in run.data.metrics


def test_keys_have_only_what_keys_may_have() -> None:
    """A dataset may be called anything."""
    assert "train _2020_-ndcg_at_3" == metric_key("train (2020)", "ndcg@3")


def test_a_store_that_fails_does_not_stop_the_training(
    mlflow: ModuleType, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The failure is reported once."""
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    mlflow.xgboost.autolog()
    with caplog.at_level(logging.WARNING, logger="runyard"):
        mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'file' / 'store.db'}")
        booster = xgboost.train(PARAMS, matrix(), 2, evals=[(matrix(), "train")], verbose_eval=False)

    assert 2 == booster.num_boosted_rounds()
    assert "xgboost" in caplog.text


def test_a_model_remembers_its_training(mlflow: ModuleType) -> None:
    """Numbers measured later are the model's too, whatever else was trained since."""
    mlflow.xgboost.autolog()
    rows = ROWS
    first = xgboost.XGBRegressor(**SMALL).fit(rows, ROWS["a"])
    xgboost.XGBRegressor(**SMALL).fit(ROWS, ROWS["b"])
    first.score(rows, ROWS["a"])

    before, after = _runs(mlflow)
    assert ["XGBRegressor_score_rows"] == list(before.data.metrics)
    assert {} == after.data.metrics
