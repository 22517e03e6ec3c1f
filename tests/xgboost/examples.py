"""Models of XGBoost."""

from typing import Any

import numpy as np
import pandas as pd

import xgboost
from tests.flavors.examples import Example

_RANDOM = np.random.default_rng(7)
ROWS = pd.DataFrame(_RANDOM.normal(size=(40, 3)), columns=["a", "b", "c"])
TARGET = (ROWS["a"] + ROWS["b"] * ROWS["c"] > 0).astype(int)


def _booster() -> Any:
    matrix = xgboost.DMatrix(ROWS, TARGET)
    return xgboost.train({"objective": "binary:logistic", "max_depth": 2}, matrix, num_boost_round=5)


def _by_matrix(model: Any, rows: Any) -> Any:
    return model.predict(xgboost.DMatrix(rows))


def _by_rows(model: Any, rows: Any) -> Any:
    return model.predict(rows)


EXAMPLES = [
    Example("booster", _booster, ROWS, _by_matrix),
    Example("booster-as-json", _booster, ROWS, _by_matrix, options={"model_format": "json"}),
    Example(
        "classifier",
        lambda: xgboost.XGBClassifier(n_estimators=5, max_depth=2).fit(ROWS, TARGET),
        ROWS,
        _by_rows,
        forms={"array": ROWS.to_numpy(), "lists": ROWS.to_numpy().tolist()},
    ),
    Example("regressor", lambda: xgboost.XGBRegressor(n_estimators=5).fit(ROWS, ROWS["a"]), ROWS, _by_rows),
]
