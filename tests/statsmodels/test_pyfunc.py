"""Results of statsmodels as a pyfunc, and what is kept of them."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import statsmodels.api as sm

import runyard
from runyard.exceptions import InvalidParameter
from tests.statsmodels.examples import CLASSES, ROWS, SERIES, TARGET

NONE: dict[str, Any] = {"pip_requirements": []}


def _loaded(results: Any, **options: Any) -> Any:
    runyard.statsmodels.save_model(results, "model", **NONE, **options)
    return runyard.pyfunc.load_model("model")


def test_data_is_left_out_of_the_file_only(store: Path) -> None:
    """The results that were saved can still be looked at."""
    results = sm.OLS(TARGET, ROWS).fit()

    loaded = _loaded(results, remove_data=True).get_raw_model()

    assert loaded.model.data.orig_exog is None or loaded.model.endog is None
    assert 50 == len(results.model.endog)
    assert results.params.tolist() == loaded.params.tolist()
    assert 50 == len(results.resid)


def test_params_are_arguments_of_predict(store: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Others are told and left out."""
    results = sm.GLM(CLASSES, ROWS, family=sm.families.Binomial()).fit()
    signature = runyard.models.infer_signature(ROWS, params={"which": "linear"})
    loaded = _loaded(results, signature=signature)

    pd.testing.assert_series_equal(results.predict(ROWS, which="linear"), loaded.predict(ROWS))
    pd.testing.assert_series_equal(results.predict(ROWS), loaded.predict(ROWS, params={"which": "mean"}))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (pd.DataFrame({"start": [60, 61], "end": [64, 65]}), "2 rows of start, end"),
        (pd.DataFrame({"x": [1]}), "1 rows of x"),
        ([[60, 64]], "Given are list"),
    ],
)
def test_a_series_is_asked_for_an_interval(data: Any, told: str, store: Path) -> None:
    """The message says how."""
    loaded = _loaded(sm.tsa.ARIMA(SERIES, order=(1, 0, 0)).fit())

    with pytest.raises(InvalidParameter, match=f"'start' and 'end'.*{told}"):
        loaded.predict(data)


@pytest.mark.parametrize("given", [object(), sm.OLS(TARGET, ROWS), "model"])
def test_what_is_not_results_is_refused(given: Any, store: Path) -> None:
    """Models that are not fitted are not, either."""
    with pytest.raises(InvalidParameter, match="what the fit of a model of statsmodels gives"):
        runyard.statsmodels.save_model(given, "model", **NONE)

    assert not (store / "model").exists()
