"""Datasets of polars tables."""

import datetime
import json

import polars as pl
import pytest

import runyard
import runyard.data
from runyard.exceptions import InvalidParameter

DAY = datetime.date(2020, 1, 1)


@pytest.mark.parametrize(
    ("table", "types"),
    [
        ({"a": [1, 2], "b": ["x", "y"], "c": [1.5, 2.5]}, ["long", "string", "double"]),
        ({"a": pl.Series([1], dtype=pl.UInt16), "b": pl.Series([1], dtype=pl.UInt32)}, ["integer", "long"]),
        ({"a": pl.Series([1.0], dtype=pl.Float32), "b": [True], "c": [DAY]}, ["float", "boolean", "datetime"]),
        ({"a": [b"x"], "b": pl.Series(["x"], dtype=pl.Categorical)}, ["binary", "string"]),
        ({"a": [[1, 2]], "b": [{"x": 1, "y": "a"}]}, ["array", "object"]),
    ],
)
def test_columns_have_mlflows_types(table: dict[str, object], types: list[str]) -> None:
    """The description is what a run stores, and what pages and clients of MLflow read."""
    described = runyard.data.from_polars(pl.DataFrame(table), source="d.csv").to_dict()

    columns = json.loads(described["schema"])["mlflow_colspec"]
    assert types == [column["type"] for column in columns]
    assert list(table) == [column["name"] for column in columns]


def test_description_is_mlflows() -> None:
    """The same table logged by either is the same dataset: MLflow 3.17.2 gave these texts."""
    table = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})

    described = runyard.data.from_polars(table, source="d.csv", targets="b").to_dict()

    assert {
        "name": "dataset",
        "digest": str(table.hash_rows().sum()),
        "source": '{"uri": "d.csv"}',
        "source_type": "local",
        "schema": '{"mlflow_colspec": [{"type": "long", "name": "a", "required": true}, '
        '{"type": "string", "name": "b", "required": true}]}',
        "profile": '{"num_rows": 2, "num_elements": 4}',
    } == described


def test_column_with_a_gap_is_optional() -> None:
    """A signature made of the schema must not refuse the table."""
    schema = runyard.data.from_polars(pl.DataFrame({"a": [1, None]})).schema

    assert schema is not None
    assert [] == schema.required_input_names()


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([1], dtype=pl.UInt64),
        pl.Series([datetime.timedelta(1)]),
        pl.Series([datetime.time(1)]),
        pl.Series([None]),
    ],
)
def test_column_without_a_name_for_its_type_means_no_schema(column: pl.Series) -> None:
    """The dataset is logged all the same."""
    described = runyard.data.from_polars(pl.DataFrame({"a": column})).to_dict()

    assert described["schema"] is None
    assert described["digest"]


def test_polars_dataset_is_logged_and_read_back() -> None:
    """A run shows which data it used."""
    table = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})

    with runyard.start_run() as run:
        runyard.log_input(runyard.data.from_polars(table, source="d.csv", name="pets"), context="training")

    used = runyard.get_run(run.info.run_id).inputs
    assert used is not None
    assert [("pets", "local")] == [(each.dataset.name, each.dataset.source_type) for each in used.dataset_inputs]


def test_what_a_model_is_given_leaves_targets_out() -> None:
    """Evaluation hands the features to the model, and compares with the targets."""
    dataset = runyard.data.from_polars(pl.DataFrame({"a": [1, 2], "b": ["x", "y"]}), targets="b")

    given = dataset.to_pyfunc()

    assert (["a"], ["x", "y"]) == (list(given.inputs.columns), list(given.outputs))


def test_unknown_column_is_refused_by_name() -> None:
    """A misspelt target must not surface during the training."""
    with pytest.raises(InvalidParameter, match="no column 'z' to take as targets"):
        runyard.data.from_polars(pl.DataFrame({"a": [1]}), targets="z")
