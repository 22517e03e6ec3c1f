"""What is LightGBM's own about saving its models: its formats, its categories, its options."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import lightgbm
import runyard
from runyard.exceptions import InvalidParameter
from tests.flavors.examples import described
from tests.lightgbm.examples import KINDS, PARAMS, ROWS, SETTINGS, TARGET

NONE: dict[str, Any] = {"pip_requirements": []}


def _booster(rows: pd.DataFrame, **options: Any) -> Any:
    return lightgbm.train(PARAMS, lightgbm.Dataset(rows, TARGET, **options), num_boost_round=5)


VALUES = KINDS.astype({"kind": object, "size": int})
"""The rows as JSON and CSV have them."""


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("columns", [["a", "kind", "size"], ["a", "b", "kind"], ["size", "c"]])
def test_categories_are_made_of_the_values_that_stand_for_them(columns: list[str], signed: bool, store: Path) -> None:
    """LightGBM refuses texts, and a signature and JSON have nothing else for categories of texts."""
    model = _booster(KINDS[columns])
    runyard.lightgbm.save_model(model, "model", input_example=KINDS[columns][:3] if signed else None, **NONE)
    loaded = runyard.pyfunc.load_model("model")

    expected = model.predict(KINDS[columns])
    np.testing.assert_array_equal(expected, loaded.predict(KINDS[columns]))
    np.testing.assert_array_equal(expected, loaded.predict(VALUES[columns]))
    np.testing.assert_array_equal(expected[4:5], loaded.predict(VALUES[columns][4:5]))


def test_an_estimator_takes_values_for_its_categories_too(store: Path) -> None:
    """The booster in it knows them."""
    model = lightgbm.LGBMClassifier(**SETTINGS).fit(KINDS, TARGET)
    runyard.lightgbm.save_model(model, "model", input_example=KINDS[:3], **NONE)

    loaded = runyard.pyfunc.load_model("model")
    assert list(model.predict(KINDS)) == list(loaded.predict(VALUES))


def test_columns_that_only_count_as_categories_are_left_alone(store: Path) -> None:
    """Numbers may be categories for LightGBM without being any for pandas."""
    rows = VALUES[["a", "size"]]
    model = _booster(rows, categorical_feature=["size"])
    runyard.lightgbm.save_model(model, "model", **NONE)

    np.testing.assert_array_equal(model.predict(rows), runyard.pyfunc.load_model("model").predict(rows))


def test_a_ranker_needs_no_pickle(store: Path) -> None:
    """All classes of LightGBM are known to be harmless."""
    model = lightgbm.LGBMRanker(**SETTINGS).fit(ROWS, TARGET, group=[30, 30])
    runyard.lightgbm.save_model(model, "model", **NONE)

    assert "skops" == described(store / "model")["flavors"]["lightgbm"]["serialization_format"]
    loaded = runyard.lightgbm.load_model("model")
    np.testing.assert_array_equal(model.predict(ROWS), loaded.predict(ROWS))


class Careful(lightgbm.LGBMClassifier):  # type: ignore[misc]
    """Somebody's own class."""


def test_what_skops_cannot_hold_is_pickled_with_a_warning(store: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The warning names the type; a format that was asked for is kept to."""
    model = Careful(**SETTINGS).fit(ROWS, TARGET)
    with caplog.at_level(logging.WARNING, logger="runyard"):
        runyard.lightgbm.save_model(model, "model", **NONE)
    assert "Careful" in caplog.text

    assert list(model.predict(ROWS)) == list(runyard.lightgbm.load_model("model").predict(ROWS))
    with pytest.raises(InvalidParameter, match=r"Careful.*skops_trusted_types"):
        runyard.lightgbm.save_model(model, "other", serialization_format="skops", **NONE)


def test_parameters_reach_the_prediction(store: Path) -> None:
    """Those that the signature has; MLflow takes them and does nothing with them."""
    model = _booster(ROWS)
    example = (ROWS[:3], {"raw_score": False})
    runyard.lightgbm.save_model(model, "model", input_example=example, **NONE)

    loaded = runyard.pyfunc.load_model("model")
    np.testing.assert_array_equal(model.predict(ROWS), loaded.predict(ROWS))
    np.testing.assert_array_equal(model.predict(ROWS, raw_score=True), loaded.predict(ROWS, {"raw_score": True}))


def test_options_of_a_boosters_file_are_passed_on(store: Path) -> None:
    """Its own method takes them."""
    runyard.lightgbm.save_model(_booster(ROWS), "model", num_iteration=2, **NONE)

    assert 2 == runyard.lightgbm.load_model("model").num_trees()


def test_what_is_not_a_model_of_lightgbm_is_refused(store: Path) -> None:
    """The message says what is."""
    with pytest.raises(InvalidParameter, match="scikit-learn API, not dict"):
        runyard.lightgbm.save_model({}, "model")
    with pytest.raises(InvalidParameter, match=r"Unrecognized serialization format 'json'.*skops"):
        runyard.lightgbm.save_model(_booster(ROWS), "model", serialization_format="json")
    estimator = lightgbm.LGBMClassifier(**SETTINGS).fit(ROWS, TARGET)
    with pytest.raises(InvalidParameter, match="num_iteration"):
        runyard.lightgbm.save_model(estimator, "model", num_iteration=2)
    assert not (store / "model").exists()


def test_the_requirements_name_what_reads_the_file(store: Path) -> None:
    """A booster's file needs nothing but LightGBM."""
    runyard.lightgbm.save_model(lightgbm.LGBMRegressor(**SETTINGS).fit(ROWS, ROWS["a"]), "model")

    needed = Path("model/requirements.txt").read_text(encoding="utf-8").splitlines()
    assert set(runyard.lightgbm.get_default_pip_requirements(include_skops=True)) <= set(needed)
    assert json.dumps(needed).count("lightgbm==") == 1
