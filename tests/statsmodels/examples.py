"""Models of statsmodels."""

from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf

from tests.flavors.examples import Example

_RANDOM = np.random.default_rng(0)
ROWS = sm.add_constant(pd.DataFrame(_RANDOM.normal(size=(50, 2)), columns=["a", "b"]))
TARGET = 1 + ROWS["a"] - ROWS["b"] + _RANDOM.normal(size=50) / 10
CLASSES = (ROWS["a"] + _RANDOM.normal(size=50) > 0).astype(int)
SERIES = pd.Series(_RANDOM.normal(size=60).cumsum(), index=pd.date_range("2020-01-01", periods=60, freq="D"))
INTERVAL = pd.DataFrame({"start": [60], "end": [64]})


def _by_rows(results: Any, rows: Any) -> Any:
    return results.predict(rows)


def _by_interval(results: Any, rows: Any) -> Any:
    return results.predict(rows["start"][0], rows["end"][0])


EXAMPLES = [
    Example(
        "linear",
        lambda: sm.OLS(TARGET, ROWS).fit(),
        ROWS,
        _by_rows,
        forms={"array": ROWS.to_numpy(), "lists": ROWS.to_numpy().tolist()},
    ),
    Example("without-data", lambda: sm.OLS(TARGET, ROWS).fit(), ROWS, _by_rows, options={"remove_data": True}),
    Example("formula", lambda: smf.ols("y ~ a + b", ROWS.assign(y=TARGET)).fit(), ROWS, _by_rows),
    Example("classes", lambda: sm.GLM(CLASSES, ROWS, family=sm.families.Binomial()).fit(), ROWS, _by_rows),
    Example(
        "series",
        lambda: sm.tsa.ARIMA(SERIES, order=(1, 0, 0)).fit(),
        INTERVAL,
        _by_interval,
        forms={"dates": pd.DataFrame({"start": [pd.Timestamp("2020-03-01")], "end": [pd.Timestamp("2020-03-05")]})},
    ),
]
