"""Trainings with LightGBM to log automatically, with us and with mlflow: name → training, and options of `autolog`."""

import numpy as np

import lightgbm
from tests.lightgbm.examples import PARAMS, ROWS, SETTINGS, TARGET

STOPPING = lightgbm.early_stopping(2, verbose=False)
ESTIMATOR = SETTINGS | {"n_jobs": 1, "random_state": 0}


def data(rows: object = ROWS, target: object = TARGET) -> object:
    """The data as LightGBM takes it."""
    return lightgbm.Dataset(rows, target)


def _booster() -> None:
    params = PARAMS | {"metric": ["binary_logloss", "auc"], "learning_rate": 1.0, "num_threads": 1}
    sets = [data(), data(ROWS[:30], 1 - TARGET[:30])]
    lightgbm.train(params, data(), 40, valid_sets=sets, valid_names=["train", "valid"], callbacks=[STOPPING])


def _ranks() -> None:
    ranks = np.arange(60) % 3
    params = {"objective": "lambdarank", "eval_at": [1, 3], "verbose": -1, "num_threads": 1, "min_data_in_leaf": 2}
    sets = [lightgbm.Dataset(ROWS.to_numpy(), ranks, group=[30, 30])]
    lightgbm.train(params, lightgbm.Dataset(ROWS.to_numpy(), ranks, group=[30, 30]), 3, valid_sets=sets)


def _classifier() -> None:
    model = lightgbm.LGBMClassifier(**ESTIMATOR | {"n_estimators": 30, "learning_rate": 1.0})
    rows, target = (ROWS, ROWS[:30]), (TARGET, 1 - TARGET[:30])
    model.fit(ROWS, TARGET, eval_X=rows, eval_y=target, eval_metric="auc", callbacks=[STOPPING])


def _measured() -> None:
    from sklearn import metrics  # noqa: PLC0415  (as it is once automatic logging is on)

    target = ROWS["a"]
    model = lightgbm.LGBMRegressor(**ESTIMATOR).fit(ROWS, target)
    predicted = model.predict(ROWS)
    metrics.mean_squared_error(target, predicted)
    model.score(ROWS, target)


def _search() -> None:
    from sklearn.model_selection import GridSearchCV  # noqa: PLC0415  (as it is once automatic logging is on)

    GridSearchCV(lightgbm.LGBMClassifier(**ESTIMATOR), {"num_leaves": [2, 3]}, cv=2).fit(ROWS, TARGET)


def _failing() -> None:
    lightgbm.train({"objective": "nonsense", "verbose": -1}, data(), 2)


_OPTIONS = {
    "log_input_examples": True,
    "log_datasets": False,
    "registered_model_name": "kept",
    "extra_tags": {"team": "red"},
}

TRAININGS = {
    "booster": (_booster, {"lightgbm": {}}),
    "ranks": (_ranks, {"lightgbm": {}}),
    "options": (lambda: lightgbm.train(PARAMS, data(), 2), {"lightgbm": _OPTIONS}),
    "classifier": (_classifier, {"lightgbm": {}}),
    "measured": (_measured, {"lightgbm": {"log_models": False}}),
    "search": (_search, {"lightgbm": {}, "sklearn": {}}),
    "failing": (_failing, {"lightgbm": {}}),
}
