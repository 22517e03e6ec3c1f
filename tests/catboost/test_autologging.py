"""Automatic logging of trainings with CatBoost, which MLflow does not have: it is like that of the other boosters."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import catboost
from runyard.autologging.watchers import is_watched
from tests.catboost.examples import ROWS, SETTINGS, TARGET

pytestmark = pytest.mark.timeout(300)


def _only_run(mlflow: ModuleType) -> Any:
    (run,) = mlflow.search_runs(output_format="list")
    return run


def test_a_training_is_a_run_with_all_of_it(mlflow: ModuleType) -> None:
    """Params as given and as CatBoost resolves them, each iteration's metrics, data, importances and the model."""
    mlflow.catboost.autolog(registered_model_name="kept")
    model = catboost.CatBoostClassifier(**SETTINGS)
    model.fit(ROWS, TARGET, eval_set=(ROWS[:30], TARGET[:30]))

    run = _only_run(mlflow)
    assert (run.info.status, run.data.tags["mlflow.autologging"]) == ("FINISHED", "catboost")
    assert (run.data.params["iterations"], run.data.params["loss_function"]) == ("5", "Logloss")
    points = mlflow.MlflowClient().get_metric_history(run.info.run_id, "validation-Logloss")
    evaluated = model.get_evals_result()["validation"]["Logloss"]
    assert [(point.step, point.value) for point in points] == [(step, value) for step, value in enumerate(evaluated)]
    assert {"train", "eval"} == {use.tags[0].value for use in run.inputs.dataset_inputs}
    name = "feature_importance_PredictionValuesChange.json"
    file = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path=name)
    assert {"a", "b", "c"} == set(json.loads(Path(file).read_text("utf-8")))
    loaded = mlflow.pyfunc.load_model("models:/kept/1")
    assert list(loaded.predict(ROWS)) == list(model.predict(ROWS))
    assert loaded.metadata.signature is not None


def test_stopping_early_is_noticed(mlflow: ModuleType) -> None:
    """The best iteration, the last one, and the metrics of the best once more."""
    mlflow.catboost.autolog(log_models=False)
    settings = SETTINGS | {"iterations": 50, "learning_rate": 1.0}
    model = catboost.CatBoostClassifier(**settings)
    model.fit(ROWS, TARGET, eval_set=(ROWS[:30], 1 - TARGET[:30]), early_stopping_rounds=2)

    run = _only_run(mlflow)
    assert run.data.params["early_stopping_rounds"] == "2"
    assert run.data.metrics["best_iteration"] == model.get_best_iteration()
    assert run.data.metrics["stopped_iteration"] == len(model.get_evals_result()["validation"]["Logloss"]) - 1


@pytest.mark.parametrize("how", ["train", "base", "pool"])
def test_every_way_to_train_is_one_training(how: str, mlflow: ModuleType) -> None:
    """By the function, by the class of all models, and with data that CatBoost has read already."""
    mlflow.catboost.autolog()
    pool = catboost.Pool(ROWS, TARGET)
    if how == "train":
        catboost.train(pool, SETTINGS | {"loss_function": "Logloss"})
    elif how == "base":
        catboost.CatBoost(SETTINGS).fit(ROWS, ROWS["a"])
    else:
        catboost.CatBoostClassifier(**SETTINGS).fit(pool)

    run = _only_run(mlflow)
    assert run.data.params["depth"] == "2"
    assert len(run.outputs.model_outputs) == 1
    assert any(key.startswith("learn-") for key in run.data.metrics)


def test_it_is_switched_off_and_left_out(mlflow: ModuleType) -> None:
    """CatBoost's own functions come back, and `exclusive` leaves the program's runs alone."""
    mlflow.catboost.autolog(exclusive=True)
    assert is_watched(catboost.CatBoostClassifier.fit)
    with mlflow.start_run():
        catboost.CatBoostClassifier(**SETTINGS).fit(ROWS, TARGET)
    assert _only_run(mlflow).data.params == {}

    mlflow.catboost.autolog(disable=True)
    assert not is_watched(catboost.CatBoostClassifier.fit)
    assert not is_watched(catboost.CatBoost._fit)


def test_a_failing_training_fails_its_run(mlflow: ModuleType) -> None:
    """The program gets CatBoost's own error."""
    mlflow.catboost.autolog()
    with pytest.raises(catboost.CatBoostError):
        catboost.CatBoostClassifier(**SETTINGS | {"loss_function": "nonsense"}).fit(ROWS, TARGET)

    assert _only_run(mlflow).info.status == "FAILED"
