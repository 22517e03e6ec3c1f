"""Models of Spark ML: which can be saved, what they predict, and files by way of another file system."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.ml import Pipeline
from pyspark.ml.regression import LinearRegression

import runyard
from runyard import spark as flavor
from runyard.exceptions import InvalidParameter
from tests.spark.examples import ROWS, TARGETS, assembler, trained

NONE: dict[str, Any] = {"pip_requirements": []}


def test_a_single_model_is_saved_as_a_pipeline_of_one(spark: Any, store: Path) -> None:
    """Lists of numbers in its column of features become vectors, which pandas does not have."""
    vectors = assembler().transform(spark.createDataFrame(TARGETS))
    flavor.save_model(LinearRegression(labelCol="y").fit(vectors), "model", **NONE)

    assert len(flavor.load_model("model").stages) == 1
    rows = pd.DataFrame({"features": ROWS.to_numpy().tolist()})
    predicted = runyard.pyfunc.load_model("model").predict(rows)
    np.testing.assert_allclose(predicted, TARGETS["y"], atol=1e-6)


def test_what_only_prepares_data_gives_its_output(spark: Any, store: Path) -> None:
    """The column that its last stage adds."""
    flavor.save_model(assembler(), "model", **NONE)

    (first, *_) = runyard.pyfunc.load_model("model").predict(ROWS)
    assert first.toArray().tolist() == ROWS.iloc[0].tolist()


@pytest.mark.parametrize(
    ("given", "reason"), [(Pipeline(stages=[]), r"Fit it first: Pipeline\.fit"), (object(), "not object")]
)
def test_what_is_no_fitted_model_is_refused(given: Any, reason: str, spark: Any, store: Path) -> None:
    """The message says what to give."""
    with pytest.raises(InvalidParameter, match=reason):
        flavor.save_model(given, "model", **NONE)
    assert not Path("model").exists()


def test_models_pass_through_another_file_system(spark: Any, store: Path) -> None:
    """Where Spark's workers are other machines they cannot see this one's folders. Nothing is left there."""
    through = store / "cluster"
    model = trained(assembler(), LinearRegression(labelCol="y"))
    flavor.save_model(model, "model", dfs_tmpdir=through.as_uri(), **NONE)
    assert list(through.iterdir()) == []

    loaded = flavor.load_model("model", dfs_tmpdir=through.as_uri())
    assert loaded.transform(spark.createDataFrame(ROWS)).count() == len(ROWS)
    assert list(through.iterdir()) == []


def test_an_array_is_refused(spark: Any, store: Path) -> None:
    """A pipeline takes its columns by name."""
    flavor.save_model(trained(assembler(), LinearRegression(labelCol="y")), "model", **NONE)

    with pytest.raises(InvalidParameter, match="DataFrame with its columns, not ndarray"):
        runyard.pyfunc.load_model("model").predict(ROWS.to_numpy())
