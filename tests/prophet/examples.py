"""Models of Prophet."""

from typing import Any

import numpy as np
import pandas as pd

from prophet import Prophet
from tests.flavors.examples import Example

_RANDOM = np.random.default_rng(5)
HISTORY = pd.DataFrame(
    {
        "ds": pd.date_range("2020-01-01", periods=60),
        "y": np.arange(60) / 10 + _RANDOM.normal(size=60),
        "holiday": _RANDOM.integers(0, 2, size=60),
    }
)
DATES = pd.DataFrame({"ds": pd.date_range("2020-03-01", periods=4)})


def fitted(*, regressor: bool = False) -> Any:
    """A model without what is sampled at random."""
    options = {"yearly_seasonality": False, "weekly_seasonality": True, "daily_seasonality": False}
    model = Prophet(n_changepoints=2, uncertainty_samples=0, **options)
    if regressor:
        model.add_regressor("holiday")
    return model.fit(HISTORY, seed=1)


def _native(model: Any, rows: Any) -> Any:
    return model.predict(rows)


EXAMPLES = [
    Example("weekly", fitted, DATES, _native),
    Example("regressor", lambda: fitted(regressor=True), DATES.assign(holiday=[0, 1, 1, 0]), _native),
]
