"""Predictions of every kind as JSON."""

import datetime
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from runyard.serving.encoding import NotEncodable, encode

FRAME = pd.DataFrame({"a": [1, 2], "b": [1.5, np.nan], "d": pd.to_datetime(["2020-01-01", "2020-01-02"])})


@pytest.mark.parametrize(
    ("predictions", "written"),
    [
        (np.array([0.1, np.nan], dtype="float32"), [0.10000000149011612, None]),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.float64(1.5), 1.5),
        (np.array(["2020-01-01T10:00:00", "NaT"], dtype="datetime64[ns]"), ["2020-01-01T10:00:00", None]),
        (np.array([b"a"]), ["YQ==\n"]),
        (
            np.array([1, "a", None, np.float32(1.5), datetime.date(2020, 1, 1)], dtype=object),
            [1, "a", None, 1.5, "2020-01-01"],
        ),
        (FRAME, [{"a": 1, "b": 1.5, "d": "2020-01-01T00:00:00"}, {"a": 2, "b": None, "d": "2020-01-02T00:00:00"}]),
        (pd.DataFrame([[1, 2]]), [{"0": 1, "1": 2}]),
        (pd.DataFrame({"n": pd.array([1, None], dtype="Int64")}), [{"n": 1}, {"n": None}]),
        (pd.Series([1.0, 2.0]), [{"0": 1.0}, {"0": 2.0}]),
        (pd.Series([1.0], name="y"), [{"y": 1.0}]),
        ({"a": np.array([1.0]), 1: (2, 3)}, {"a": [1.0], "1": [2, 3]}),
        ("text", "text"),
        (None, None),
        ([2**70], [2**70]),
        (["\ud800é"], ["\ud800é"]),
        ([float("inf"), 2**70], [None, 2**70]),
        (np.ma.array([1, 2], mask=[False, True]), [1, None]),
    ],
)  # fmt: skip
def test_a_prediction_is_written_as_mlflow_does_with_null_for_nan(predictions: Any, written: Any) -> None:
    """Clients of MLflow's server read the same values, and strict readers read all of them."""
    assert {"predictions": written} == json.loads(encode(predictions), parse_constant=pytest.fail)


@pytest.mark.parametrize(
    "predictions", [object(), {1}, [1 + 2j], np.array([1j]), np.array([1], dtype="timedelta64[s]")]
)
def test_what_json_cannot_say_is_refused(predictions: Any) -> None:
    """No prediction is turned into something it is not."""
    with pytest.raises(NotEncodable, match="no form in JSON"):
        encode(predictions)


def test_a_value_that_contains_itself_is_refused() -> None:
    """A cycle ends in an error, not in the end of the stack."""
    value: list[Any] = []
    value.append(value)
    with pytest.raises(NotEncodable, match="nested too deeply"):
        encode(value)
