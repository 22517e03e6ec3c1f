"""Models of LightGBM."""

from typing import Any

import numpy as np
import pandas as pd

import lightgbm
from tests.flavors.examples import Example

_RANDOM = np.random.default_rng(7)
ROWS = pd.DataFrame(_RANDOM.normal(size=(60, 3)), columns=["a", "b", "c"])
TARGET = (ROWS["a"] + ROWS["b"] * ROWS["c"] > 0).astype(int)
KINDS = ROWS.assign(
    kind=pd.Categorical(np.where(ROWS["b"] > 0, "p", np.where(ROWS["c"] > 0, "q", "r"))),
    size=pd.Categorical(np.where(ROWS["c"] > 0, 7, 3)),
)
"""Two columns are categories: texts and whole numbers."""
PARAMS: dict[str, Any] = {"objective": "binary", "num_leaves": 4, "min_data_in_leaf": 2, "verbose": -1, "seed": 0}
SETTINGS: dict[str, Any] = {"n_estimators": 5, "num_leaves": 4, "min_child_samples": 2, "verbose": -1}


def _booster(rows: pd.DataFrame = ROWS) -> Any:
    return lightgbm.train(PARAMS, lightgbm.Dataset(rows, TARGET), num_boost_round=5)


def _stopped_early() -> Any:
    model = lightgbm.LGBMClassifier(**SETTINGS | {"n_estimators": 50, "learning_rate": 1.0})
    return model.fit(
        ROWS, TARGET, eval_X=ROWS[:30], eval_y=1 - TARGET[:30], callbacks=[lightgbm.early_stopping(2, verbose=False)]
    )


def _native(model: Any, rows: Any) -> Any:
    return model.predict(rows)


_RANKER = {"skops_trusted_types": ["lightgbm.sklearn.LGBMRanker"]}

EXAMPLES = [
    Example("booster", _booster, ROWS, _native, forms={"array": ROWS.to_numpy(), "lists": ROWS.to_numpy().tolist()}),
    Example("categories", lambda: _booster(KINDS), KINDS, _native),
    Example("classifier", lambda: lightgbm.LGBMClassifier(**SETTINGS).fit(ROWS, TARGET), ROWS, _native),
    Example("stopped-early", _stopped_early, ROWS, _native),
    Example(
        "regressor-as-pickle",
        lambda: lightgbm.LGBMRegressor(**SETTINGS).fit(ROWS, ROWS["a"]),
        ROWS,
        _native,
        options={"serialization_format": "cloudpickle"},
    ),
    Example(
        "ranker",
        lambda: lightgbm.LGBMRanker(**SETTINGS).fit(ROWS, TARGET, group=[30, 30]),
        ROWS,
        _native,
        options=_RANKER,
    ),
]
