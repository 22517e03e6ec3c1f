"""What is CatBoost's own about saving its models: its formats, its classes, its options."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import catboost
import runyard
from runyard.exceptions import InvalidParameter
from tests.catboost.examples import ROWS, SETTINGS, TARGET, classifier
from tests.flavors.examples import described

NONE: dict[str, Any] = {"pip_requirements": []}


@pytest.mark.parametrize("chosen", ["cpp", "python", "pmml", "nonsense"])
def test_formats_that_cannot_be_loaded_are_refused(chosen: str, store: Path) -> None:
    """MLflow saves some of them, and fails to load them."""
    with pytest.raises(InvalidParameter, match=rf"'{chosen}'.*cbm, json"):
        runyard.catboost.save_model(classifier(), "model", format=chosen, **NONE)
    assert not (store / "model").exists()


def test_what_is_not_a_trained_model_of_catboost_is_refused(store: Path) -> None:
    """The message says what is, or what to do."""
    with pytest.raises(InvalidParameter, match="CatBoostRanker, not dict"):
        runyard.catboost.save_model({}, "model")
    with pytest.raises(InvalidParameter, match="not fitted"):
        runyard.catboost.save_model(catboost.CatBoostClassifier(), "model")


class Careful(catboost.CatBoostClassifier):  # type: ignore[misc]
    """Somebody's own class."""


def test_an_own_class_is_loaded_as_the_one_it_extends(store: Path) -> None:
    """The file holds the model, not the class."""
    model = Careful(**SETTINGS).fit(ROWS, TARGET)
    runyard.catboost.save_model(model, "model", **NONE)

    loaded = runyard.catboost.load_model("model")
    assert type(loaded) is catboost.CatBoostClassifier
    assert list(model.predict(ROWS)) == list(loaded.predict(ROWS))


def test_a_class_that_is_not_catboosts_is_not_made(store: Path) -> None:
    """A description may say anything."""
    runyard.catboost.save_model(classifier(), "model", **NONE)
    model = described(store / "model")
    model["flavors"]["catboost"]["model_type"] = "Pool"
    (store / "model" / "MLmodel").write_text(yaml.safe_dump(model), encoding="utf-8")

    with pytest.raises(InvalidParameter, match="'Pool', not one of CatBoost"):
        runyard.catboost.load_model("model")


def test_parameters_reach_the_prediction(store: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Those that the signature has and CatBoost takes; MLflow takes them and does nothing with them."""
    model = classifier()
    example = (ROWS[:3], {"prediction_type": "Class", "colour": "red"})
    runyard.catboost.save_model(model, "model", input_example=example, **NONE)

    with caplog.at_level(logging.WARNING, logger="runyard"):
        raw = runyard.pyfunc.load_model("model").predict(ROWS, {"prediction_type": "RawFormulaVal"})
    np.testing.assert_allclose(model.predict(ROWS, prediction_type="RawFormulaVal"), raw)
    assert "['colour']" in caplog.text
