"""Kinds of dataset sources: those that are known, and one's own."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import runyard.data
from runyard.data import sources
from runyard.data.dataset_source import DatasetSource
from runyard.data.dataset_source_registry import (
    get_dataset_source_from_json,
    get_registered_sources,
    register_dataset_source,
    resolve_dataset_source,
)
from runyard.data.http_dataset_source import HTTPDatasetSource
from runyard.data.schema import TensorDatasetSchema
from runyard.exceptions import InvalidParameter
from runyard.types import Schema


class Warehouse(DatasetSource):
    """A table of somebody's own warehouse."""

    source_type = "warehouse"

    def __init__(self, table: str) -> None:
        self.table = table

    @classmethod
    def _can_resolve(cls, raw_source: Any) -> bool:
        return isinstance(raw_source, str) and raw_source.startswith("warehouse:")

    @classmethod
    def _resolve(cls, raw_source: Any) -> "Warehouse":
        return cls(str(raw_source).removeprefix("warehouse:"))

    def to_dict(self) -> dict[str, Any]:
        """The table."""
        return {"table": self.table}


@pytest.fixture
def registered() -> Iterator[None]:
    """The warehouse is known during the test."""
    register_dataset_source(Warehouse)
    yield
    sources.REGISTERED.remove(Warehouse)


@pytest.mark.usefixtures("registered")
def test_registered_source_is_resolved_and_rebuilt() -> None:
    """A library that knows where its data comes from says so once."""
    dataset = runyard.data.from_pandas(pd.DataFrame({"a": [1]}), source="warehouse:pets")

    rebuilt = runyard.data.get_source(dataset._to_mlflow_entity())

    assert isinstance(rebuilt, Warehouse)
    assert "pets" == rebuilt.table
    assert Warehouse in get_registered_sources()


def test_sources_are_resolved_by_their_form() -> None:
    """Only kinds that the caller takes are given."""
    assert isinstance(resolve_dataset_source("https://example.org/x.csv"), HTTPDatasetSource)
    assert "local" == resolve_dataset_source("x.csv", get_registered_sources()).source_type
    with pytest.raises(InvalidParameter, match="none of: HTTPDatasetSource"):
        resolve_dataset_source("x.csv", [HTTPDatasetSource])


def test_source_of_an_unknown_type_is_refused_with_the_known_ones() -> None:
    """Another program's dataset says which types can be rebuilt here."""
    assert {"uri": "x.csv"} == get_dataset_source_from_json('{"uri": "x.csv"}', "local").to_dict()
    with pytest.raises(InvalidParameter, match=r"'nope' cannot be rebuilt; known: .*'local'"):
        get_dataset_source_from_json("{}", "nope")


def test_schemas_are_those_of_models() -> None:
    """The schema of a dataset goes into a signature as it is."""
    table = runyard.data.from_pandas(pd.DataFrame({"a": [1], "b": ["x"]}))
    tensors = runyard.data.from_numpy(np.ones((3, 2)), targets=np.ones(3)).schema

    assert table.schema == Schema.from_json(
        '[{"type": "long", "name": "a", "required": true}, {"type": "string", "name": "b", "required": true}]'
    )
    assert tensors == TensorDatasetSchema.from_dict(tensors.to_dict())
    with pytest.raises(InvalidParameter, match="describes no tensors"):
        TensorDatasetSchema.from_dict({})


def test_features_and_targets_are_told_apart() -> None:
    """What a model is given never holds what it is to answer."""
    rows = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "said": ["x", "x"]})

    given = runyard.data.from_pandas(rows, targets="b", predictions="said").to_pyfunc()

    assert (["a"], ["x", "y"]) == (list(given.inputs.columns), list(given.outputs))
    assert runyard.data.from_numpy(np.ones(2)).to_pyfunc().outputs is None


def test_datasets_can_be_evaluated() -> None:
    """What was logged as input is what the evaluation runs on."""
    rows = pd.DataFrame({"a": [1.0, 2.0, 3.0], "y": [1.0, 2.0, 4.0], "said": [1.0, 2.0, 3.0]})
    dataset = runyard.data.from_pandas(rows, targets="y", predictions="said", name="pets").to_evaluation_dataset(
        "p.csv"
    )

    result = runyard.evaluate(data=dataset, model_type="regressor")

    assert (["a"], "y", "p.csv") == (dataset.feature_names, dataset.targets_name, dataset.path)
    assert [1.0, 2.0, 4.0] == list(dataset.labels_data)
    assert 1 / 3 == pytest.approx(result.metrics["mean_squared_error"])
    assert (2, 3) == runyard.data.from_numpy(np.ones((2, 3)), targets=np.ones(2)).to_evaluation_dataset().features.shape


@pytest.mark.parametrize("name", ["from_tensorflow", "from_huggingface", "load_delta"])
def test_other_kinds_of_data_say_what_to_use(name: str) -> None:
    """A bare AttributeError would leave the user searching for a typo."""
    with pytest.raises(AttributeError, match="Convert the data with to_pandas"):
        getattr(runyard.data, name)
