"""Digests and schemas are the same numbers and texts as MLflow's, so that datasets logged by either are one dataset.

The expected values come from mlflow 3.17.2 with pandas 3.
"""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from runyard.data import from_numpy, from_pandas

COLUMNS: list[tuple[Any, str, str | None]] = [
    ([1, 2], "98da2335", '{"type": "long", "name": "i", "required": true}'),
    ([1.5, None], "9745e5de", '{"type": "double", "name": "f", "required": false}'),
    (["a", "b"], "337feb71", '{"type": "string", "name": "s", "required": true}'),
    ([True, False], "c5123380", '{"type": "boolean", "name": "b", "required": true}'),
    ([[1], [2]], "161db3fb", '{"type": "array", "items": {"type": "long"}, "name": "o", "required": true}'),
    ([b"x", b"y"], "3846eda5", '{"type": "binary", "name": "by", "required": true}'),
    (np.array([1, 2], dtype="int32"), "971f1626", '{"type": "integer", "name": "i32", "required": true}'),
    (np.array([1, 2], dtype="float32"), "a6280134", '{"type": "float", "name": "f32", "required": true}'),
    ([1, "a"], "64fca68f", None),
]
NAMES = ["i", "f", "s", "b", "o", "by", "i32", "f32", "mix"]


@pytest.mark.parametrize(("name", "column"), list(zip(NAMES, COLUMNS, strict=True)), ids=NAMES)
def test_a_table_has_mlflows_digest_and_schema(name: str, column: tuple[Any, str, str | None]) -> None:
    """One column of each kind."""
    values, digest, schema = column
    dataset = from_pandas(pd.DataFrame({name: values}), source="/tmp/x.csv")

    assert dataset.digest == digest
    assert dataset.to_dict()["schema"] == (f'{{"mlflow_colspec": [{schema}]}}' if schema else None)


def test_only_the_first_rows_and_the_length_of_a_long_table_count() -> None:
    """A digest of a large table is quick, and still tells that rows were added."""
    long = pd.DataFrame({"x": range(20_000), "y": [str(number) for number in range(20_000)]})

    assert from_pandas(long).digest == "09efbbb6"
    assert from_pandas(long.head(15_000)).digest != "09efbbb6"


@pytest.mark.parametrize(
    ("features", "digest"),
    [
        (np.array([[1, 2], [3, 4]]), "8be7b4a3"),
        (np.array([1.5, 2.5]), "f4797784"),
        ({"a": np.array([1]), "b": np.array([[1.0]])}, "47282e41"),
        (np.array(["a", "b"]), "88d43939"),
        (np.zeros((20_000,)), "e22a7c5e"),
    ],
)
def test_arrays_have_mlflows_digest(features: Any, digest: str) -> None:
    """One array of each kind, and several by name."""
    assert from_numpy(features).digest == digest


def test_targets_are_part_of_the_digest_and_of_the_schema() -> None:
    """The same features with other targets are another dataset."""
    dataset = from_numpy(np.array([[1, 2], [3, 4]]), targets=np.array([0, 1]))

    assert dataset.digest == "255081a8"
    assert json.loads(dataset.to_dict()["schema"])["mlflow_tensorspec"]["targets"] == (
        '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
    )
    assert dataset.profile == {
        "features_shape": (2, 2),
        "features_size": 4,
        "features_nbytes": 32,
        "targets_shape": (2,),
        "targets_size": 2,
        "targets_nbytes": 16,
    }


def test_objects_that_lack_a_property_make_it_optional() -> None:
    """Rows of dictionaries need not be alike."""
    dataset = from_pandas(pd.DataFrame({"d": [{"a": 1, "b": "x"}, {"a": 2}]}))

    assert dataset.schema is not None
    (column,) = dataset.schema.to_dict()
    assert column["properties"] == {"a": {"type": "long", "required": True}, "b": {"type": "string", "required": False}}
