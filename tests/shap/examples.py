"""Explainers of shap."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

from runyard.core.libraries import lazy
from tests.flavors.examples import Example

shap = lazy("shap")  # which takes seconds to import

_RANDOM = np.random.default_rng(7)
ROWS = pd.DataFrame(_RANDOM.normal(size=(20, 3)), columns=["a", "b", "c"])
TARGET = ROWS["a"] * 2 + ROWS["b"]
FEW = ROWS.head(4)


def line() -> Any:
    """A model."""
    return LinearRegression().fit(ROWS.to_numpy(), TARGET)


def forest() -> Any:
    """A model that shap cannot read again in its own format."""
    return RandomForestRegressor(n_estimators=3, random_state=0).fit(ROWS.to_numpy(), TARGET)


def _explained(explainer: Any, rows: Any) -> Any:
    return explainer(rows).values


EXAMPLES = [
    Example("of-a-function", lambda: shap.ExactExplainer(line().predict, ROWS.to_numpy()), FEW.to_numpy(), _explained),
    Example("of-a-line", lambda: shap.LinearExplainer(line(), ROWS.to_numpy()), FEW.to_numpy(), _explained),
]
