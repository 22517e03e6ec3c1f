"""Trainings with XGBoost to log automatically, with us and with mlflow: name → training, and options of `autolog`."""

from typing import Any

import xgboost
from tests.xgboost.examples import ROWS, TARGET

PARAMS: dict[str, Any] = {"objective": "binary:logistic", "max_depth": 2, "eta": 1.5, "nthread": 1}


def matrix(rows: Any = ROWS, target: Any = TARGET) -> Any:
    """The data as XGBoost takes it."""
    return xgboost.DMatrix(rows, target)


def _booster() -> None:
    params = PARAMS | {"eval_metric": ["logloss", "error@0.4"]}
    evals = [(matrix(), "train"), (matrix(ROWS[:20], 1 - TARGET[:20]), "valid")]
    xgboost.train(params, matrix(), num_boost_round=40, evals=evals, early_stopping_rounds=3, verbose_eval=False)


def _linear() -> None:
    params = {"booster": "gblinear", "objective": "multi:softprob", "num_class": 3, "nthread": 1}
    xgboost.train(params, matrix(target=[row % 3 for row in range(40)]), num_boost_round=2)


def _classifier() -> None:
    settings = {"n_estimators": 30, "learning_rate": 1.5, "max_depth": 2, "n_jobs": 1, "early_stopping_rounds": 2}
    model = xgboost.XGBClassifier(**settings, eval_metric=["logloss", "auc"])
    model.fit(ROWS, TARGET, eval_set=[(ROWS, TARGET), (ROWS[:20], 1 - TARGET[:20])], verbose=False)


def _measured() -> None:
    from sklearn import metrics  # noqa: PLC0415  (as it is once automatic logging is on)

    target = ROWS["a"]
    model = xgboost.XGBRegressor(n_estimators=2, n_jobs=1).fit(ROWS, target)
    predicted = model.predict(ROWS)
    metrics.mean_squared_error(target, predicted)
    model.score(ROWS, target)


def _search() -> None:
    from sklearn.model_selection import GridSearchCV  # noqa: PLC0415  (as it is once automatic logging is on)

    GridSearchCV(xgboost.XGBClassifier(n_estimators=2, n_jobs=1), {"max_depth": [1, 2]}, cv=2).fit(ROWS, TARGET)


def _failing() -> None:
    xgboost.train({"objective": "nonsense"}, matrix(), num_boost_round=2)


_OPTIONS = {
    "importance_types": ["weight", "gain", "total_cover"],
    "log_input_examples": True,
    "log_datasets": False,
    "registered_model_name": "kept",
    "model_format": "json",
    "extra_tags": {"team": "red"},
}

TRAININGS = {
    "booster": (_booster, {"xgboost": {}}),
    "options": (lambda: xgboost.train(PARAMS, matrix(), 2), {"xgboost": _OPTIONS}),
    "linear": (_linear, {"xgboost": {"log_models": False}}),
    "classifier": (_classifier, {"xgboost": {}}),
    "measured": (_measured, {"xgboost": {"log_models": False}}),
    "search": (_search, {"xgboost": {}, "sklearn": {}}),
    "failing": (_failing, {"xgboost": {}}),
}
