"""What is checked of models of Prophet and of the tables they take."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import runyard
from prophet import Prophet
from runyard.exceptions import InvalidParameter
from tests.prophet.examples import DATES, fitted

NONE: dict[str, Any] = {"pip_requirements": []}


@pytest.mark.parametrize(
    ("given", "told"), [(object(), "a fitted Prophet, not object"), (Prophet(), "not fitted. Call its fit")]
)
def test_what_is_not_a_fitted_model_is_refused(given: Any, told: str, store: Path) -> None:
    """The folder is not made."""
    with pytest.raises(InvalidParameter, match=told):
        runyard.prophet.save_model(given, "model", **NONE)

    assert not (store / "model").exists()


@pytest.mark.parametrize(
    ("data", "told"), [(DATES.rename(columns={"ds": "day"}), "not columns day"), ([1, 2], "not list")]
)
def test_tables_need_dates(data: Any, told: str, store: Path) -> None:
    """The message says in which column."""
    runyard.prophet.save_model(fitted(), "model", **NONE)

    with pytest.raises(InvalidParameter, match=f"column 'ds', {told}"):
        runyard.pyfunc.load_model("model").predict(data)


def test_a_loaded_model_can_be_examined(store: Path) -> None:
    """Its history and its dates are those of the model that was saved."""
    model = fitted()
    runyard.prophet.save_model(model, "model", **NONE)
    loaded = runyard.prophet.load_model("model")

    pd.testing.assert_frame_equal(model.history, loaded.history, check_dtype=False)
    assert 64 == len(loaded.make_future_dataframe(4))
