"""What is XGBoost's own about saving its models: categories, and parameters of predictions."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import runyard
import xgboost
from tests.xgboost.examples import ROWS, TARGET

NONE: dict[str, Any] = {"pip_requirements": []}
KINDS = ROWS.assign(
    kind=pd.Categorical(np.where(ROWS["b"] > 0, "p", np.where(ROWS["c"] > 0, "q", "r"))),
    size=pd.Categorical(np.where(ROWS["c"] > 0, 7, 3)),
)
VALUES = KINDS.astype({"kind": object, "size": int})
"""The rows as JSON and CSV have them."""


def _booster() -> Any:
    return xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(KINDS, TARGET, enable_categorical=True), 5)


@pytest.mark.parametrize("signed", [True, False])
def test_a_booster_takes_the_values_that_stand_for_its_categories(signed: bool, store: Path) -> None:
    """XGBoost takes categories only; a signature, JSON and CSV have none. A row alone lacks most of them."""
    model = _booster()
    runyard.xgboost.save_model(model, "model", input_example=KINDS[:3] if signed else None, **NONE)
    loaded = runyard.pyfunc.load_model("model")

    expected = model.predict(xgboost.DMatrix(KINDS, enable_categorical=True))
    np.testing.assert_array_equal(expected, loaded.predict(KINDS))
    np.testing.assert_array_equal(expected, loaded.predict(VALUES))
    np.testing.assert_array_equal(expected[4:5], loaded.predict(VALUES[4:5]))


def test_an_estimator_takes_them_too(store: Path) -> None:
    """The booster in it knows them."""
    model = xgboost.XGBClassifier(n_estimators=5, enable_categorical=True).fit(KINDS, TARGET)
    runyard.xgboost.save_model(model, "model", input_example=KINDS[:3], **NONE)

    assert list(model.predict(KINDS)) == list(runyard.pyfunc.load_model("model").predict(VALUES))


def test_parameters_that_xgboost_does_not_take_are_left_out(store: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The others reach the prediction; a warning names these."""
    model = xgboost.train({}, xgboost.DMatrix(ROWS, TARGET), 2)
    example = (ROWS[:3], {"output_margin": False, "colour": "red"})
    runyard.xgboost.save_model(model, "model", input_example=example, **NONE)

    with caplog.at_level(logging.WARNING, logger="runyard"):
        found = runyard.pyfunc.load_model("model").predict(ROWS, {"output_margin": True})
    np.testing.assert_array_equal(model.predict(xgboost.DMatrix(ROWS), output_margin=True), found)
    assert "['colour']" in caplog.text
