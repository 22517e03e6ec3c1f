"""Models of CatBoost."""

from typing import Any

import numpy as np
import pandas as pd

import catboost
from tests.flavors.examples import Example

_RANDOM = np.random.default_rng(7)
ROWS = pd.DataFrame(_RANDOM.normal(size=(60, 3)), columns=["a", "b", "c"])
TARGET = (ROWS["a"] + ROWS["b"] * ROWS["c"] > 0).astype(int)
KINDS = ROWS.assign(
    kind=np.where(ROWS["b"] > 0, "p", np.where(ROWS["c"] > 0, "q", "r")),
    size=np.where(ROWS["c"] > 0, 7, 3),
)
"""Two columns are categories: texts and whole numbers."""
SETTINGS: dict[str, Any] = {
    "iterations": 5,
    "depth": 2,
    "verbose": False,
    "random_seed": 0,
    "thread_count": 1,
    "allow_writing_files": False,
}


def classifier(rows: pd.DataFrame = ROWS, **options: Any) -> Any:
    """A trained classifier."""
    return catboost.CatBoostClassifier(**SETTINGS).fit(rows, TARGET, **options)


def _stopped_early() -> Any:
    settings = SETTINGS | {"iterations": 50, "learning_rate": 1.0, "early_stopping_rounds": 2}
    return catboost.CatBoostClassifier(**settings).fit(ROWS, TARGET, eval_set=(ROWS[:30], 1 - TARGET[:30]))


def _native(model: Any, rows: Any) -> Any:
    return model.predict(rows)


_FORMS = {"array": ROWS.to_numpy(), "lists": ROWS.to_numpy().tolist()}

EXAMPLES = [
    Example("categories", lambda: classifier(KINDS, cat_features=["kind", "size"]), KINDS, _native),
    Example("classifier", classifier, ROWS, _native, forms=_FORMS),
    Example("stopped-early", _stopped_early, ROWS, _native),
    Example("classifier-as-json", classifier, ROWS, _native, forms=_FORMS, options={"format": "json"}),
    Example("regressor", lambda: catboost.CatBoostRegressor(**SETTINGS).fit(ROWS, ROWS["a"]), ROWS, _native),
    Example(
        "regressor-as-onnx",
        lambda: catboost.CatBoostRegressor(**SETTINGS).fit(ROWS, ROWS["a"]),
        ROWS,
        _native,
        options={"format": "onnx"},
    ),
    Example("base", lambda: catboost.CatBoost(SETTINGS).fit(ROWS, ROWS["a"]), ROWS, _native, forms=_FORMS),
    Example(
        "ranker",
        lambda: catboost.CatBoostRanker(**SETTINGS).fit(ROWS, TARGET, group_id=np.repeat([0, 1], 30)),
        ROWS,
        _native,
    ),
]
