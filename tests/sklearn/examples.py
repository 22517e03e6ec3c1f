"""Models of scikit-learn."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.flavors.examples import Example

ROWS = pd.DataFrame({"a": [0.5, 1.5, 2.5, 4.0], "b": [1.0, 0.0, 1.0, 0.0]})
NUMBERS = np.array([1.0, 2.5, 2.0, 4.5])


def _predicted(model: Any, rows: Any) -> Any:
    return model.predict(rows)


EXAMPLES = [
    Example(
        "line",
        lambda: LinearRegression().fit(ROWS, NUMBERS),
        ROWS,
        _predicted,
        options={"serialization_format": "skops"},
    ),
    Example(
        "classes",
        lambda: make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, ["no", "yes", "no", "yes"]),
        ROWS,
        _predicted,
        options={"serialization_format": "cloudpickle"},
    ),
]
