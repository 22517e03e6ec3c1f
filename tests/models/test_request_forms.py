"""Every form of a request reaches every kind of signature, with the same values: JSON in its forms, and CSV."""

import csv
import datetime
import io
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from runyard.models import scoring_csv
from runyard.models.enforcement import enforce_schema
from runyard.models.scoring_input import parse_csv, parse_json
from runyard.types.schema import AnyType, Array, ColSpec, Map, Object, Property, Schema, TensorSpec
from tests.types.schema_cases import described

DAY = "2024-05-01"
NOON = datetime.datetime(2024, 5, 1)


def _tensor(kind: str, *shape: int, name: str | None = None) -> TensorSpec:
    return TensorSpec(np.dtype(kind), (-1, *shape), name)


# A signature, the columns of a request as JSON has them, and what the model is given.
CASES: dict[str, tuple[Schema, dict[str, list[Any]], Any]] = {
    "numbers": (
        Schema([ColSpec("double", "a"), ColSpec("long", "b")]),
        {"a": [1.5, 2], "b": [1, 2]},
        pd.DataFrame({"a": [1.5, 2.0], "b": [1, 2]}),
    ),
    "texts": (Schema([ColSpec("string", "a")]), {"a": ["NA", "007"]}, pd.DataFrame({"a": ["NA", "007"]})),
    "gaps": (
        Schema([ColSpec("long", "n", False), ColSpec("boolean", "f", False), ColSpec("string", "s", False)]),
        {"n": [1, None], "f": [None, True], "s": ["x", None]},
        pd.DataFrame({"n": pd.array([1, None], dtype="Int64"), "f": [None, True], "s": ["x", None]}),
    ),
    "dates and bytes": (
        Schema([ColSpec("datetime", "t"), ColSpec("binary", "z")]),
        {"t": [f"{DAY}T02:00:00+02:00", DAY], "z": ["YQ==", "YWI="]},
        pd.DataFrame({"t": pd.to_datetime([DAY, DAY]).as_unit("ns"), "z": [b"a", b"ab"]}),
    ),
    "lists and objects": (
        Schema([ColSpec(Array("double"), "v"), ColSpec(Object([Property("at", "datetime")]), "o")]),
        {"v": [[1, 2], [3]], "o": [{"at": DAY}, {"at": DAY}]},
        pd.DataFrame({"v": [[1.0, 2.0], [3.0]], "o": [{"at": NOON}, {"at": NOON}]}),
    ),
    "maps": (
        Schema([ColSpec(Map("long"), "m"), ColSpec("string", "s")]),
        {"m": [{"x": 1}, {"y": 2}], "s": ["a", "b"]},
        pd.DataFrame({"m": [{"x": 1}, {"y": 2}], "s": ["a", "b"]}),
    ),
    "names that are numbers": (
        Schema([ColSpec("long", 0), ColSpec("double", 1)]),
        {"0": [1, 2], "1": [1.5, 2]},
        pd.DataFrame({0: [1, 2], 1: [1.5, 2.0]}),
    ),
    "names of several levels": (
        Schema.from_json(Schema([ColSpec("long", ("a", "b")), ColSpec("double", ("a", "c"))]).to_json()),
        {"('a', 'b')": [1, 2], "('a', 'c')": [1.5, 2]},
        pd.DataFrame({("a", "b"): [1, 2], ("a", "c"): [1.5, 2.0]}),
    ),
    "any column": (
        Schema([ColSpec(AnyType(), "a"), ColSpec("long", "b")]),
        {"a": [1, 2], "b": [1, 2]},
        pd.DataFrame({"a": [1, 2], "b": [1, 2]}),
    ),
    "an array of rows": (
        Schema([_tensor("float64", 2)]),
        {"p": [1, 3], "q": [2, 4]},
        np.array([[1.0, 2.0], [3.0, 4.0]]),
    ),
    "an array of numbers": (Schema([_tensor("int32")]), {"p": [1, 2]}, np.array([1, 2], dtype="int32")),
    "an array of tables": (
        Schema([_tensor("float32", 2, 2)]),
        {"p": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]},
        np.array([[[1, 2], [3, 4]], [[5, 6], [7, 8]]], dtype="float32"),
    ),
    "an array of texts": (Schema([_tensor("str")]), {"p": ["NA", "b"]}, np.array(["NA", "b"])),
    "an array of booleans": (Schema([_tensor("bool", 1)]), {"p": [True, False]}, np.array([[True], [False]])),
    "an array of dates": (
        Schema([_tensor("datetime64[ns]")]),
        {"p": [DAY, "2024-05-02"]},
        np.array([DAY, "2024-05-02"], dtype="datetime64[ns]"),
    ),
    "a named array": (
        Schema([_tensor("float64", 2, name="x")]),
        {"x": [[1, 2], [3, 4]]},
        {"x": np.array([[1.0, 2.0], [3.0, 4.0]])},
    ),
    "named arrays": (
        Schema([_tensor("float64", 2, name="x"), _tensor("int64", name="y")]),
        {"x": [[1, 2], [3, 4]], "y": [1, 2]},
        {"x": np.array([[1.0, 2.0], [3.0, 4.0]]), "y": np.array([1, 2])},
    ),
}
FORMS = ("split", "records", "instances", "inputs", "inputs by row", "csv", "long csv")


def _sent(form: str, columns: dict[str, list[Any]], schema: Schema | None) -> Any:
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    records = [dict(zip(columns, row, strict=True)) for row in rows]
    if form.endswith("csv"):
        return parse_csv(_csv(columns, rows), schema)
    bodies: dict[str, Any] = {
        "split": {"dataframe_split": {"columns": list(columns), "data": rows}},
        "records": {"dataframe_records": records},
        "instances": {"instances": records},
        "inputs": {"inputs": columns},
        "inputs by row": {"inputs": records},
        "rows": {"instances": rows},
        "one": {"inputs": records[0]},
    }
    return parse_json(json.dumps(bodies[form]), schema).data


def _csv(columns: dict[str, list[Any]], rows: list[list[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(
        [
            ["" if one is None else json.dumps(one) if isinstance(one, list | dict) else one for one in row]
            for row in rows
        ]
    )
    return text.getvalue()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CASES)
def test_a_form_of_request_reaches_a_signature(name: str, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever form suits a client, the model is given the same rows, of the same types."""
    if form == "long csv":
        monkeypatch.setattr(scoring_csv, "_SHORT", 0)
    schema, columns, expected = CASES[name]

    assert described(enforce_schema(_sent(form, columns, schema), schema)) == described(expected)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case[0].is_tensor_spec()])
def test_rows_without_names_have_those_of_the_signature(name: str) -> None:
    """A plain table whose rows have as many values as the model has columns leaves no doubt which is which."""
    schema, columns, expected = CASES[name]

    assert described(enforce_schema(_sent("rows", columns, schema), schema)) == described(expected)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case[0].is_tensor_spec()])
def test_an_object_of_single_values_is_one_row(name: str) -> None:
    """A client that asks for one prediction need not wrap each value in a list."""
    schema, columns, expected = CASES[name]
    found = enforce_schema(_sent("one", columns, schema), schema)

    assert 1 == len(found)
    assert described(found.iloc[0].tolist()) == described(expected.iloc[0].tolist())


@pytest.mark.parametrize("form", FORMS)
def test_columns_of_a_signature_without_names_come_by_place(form: str) -> None:
    """Whatever a client calls them."""
    schema = Schema([ColSpec("double"), ColSpec("long")])
    found = enforce_schema(_sent(form, {"p": [1.5, 2], "q": [1, 2]}, schema), schema)

    assert described(found) == described(pd.DataFrame({"p": [1.5, 2.0], "q": [1, 2]}))


@pytest.mark.parametrize("form", FORMS)
def test_every_column_reaches_a_model_that_takes_anything(form: str) -> None:
    """The signature of data that none can describe has one column; the data may have more."""
    schema = Schema([ColSpec(AnyType())])
    found = enforce_schema(_sent(form, {"a": [1, 2], "b": ["x", "NA"]}, schema), schema)

    assert described(found) == described(pd.DataFrame({"a": [1, 2], "b": ["x", "NA"]}))


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("dataframe_split", {"columns": ["a", "b"], "data": []}),
        ("dataframe_split", {"data": []}),
        ("dataframe_records", []),
        ("instances", []),
        ("inputs", []),
        ("inputs", {"a": [], "b": []}),
    ],
)
@pytest.mark.parametrize("kinds", [("double", "long"), ("string", "datetime"), ("boolean", "binary")])
def test_no_rows_are_a_table_without_rows(form: str, body: Any, kinds: tuple[str, str]) -> None:
    """A batch that happens to be empty has no predictions, and is not a mistake, in whichever form it comes."""
    schema = Schema([ColSpec(kinds[0], "a"), ColSpec(kinds[1], "b")])
    found = enforce_schema(parse_json(json.dumps({form: body}), schema).data, schema)

    assert (["a", "b"], 0) == (list(found.columns), len(found))


def test_an_index_of_names_stays_with_its_rows() -> None:
    """pandas' own split form has one."""
    schema = Schema([ColSpec("string", "a"), ColSpec("datetime", "t")])
    body = {"dataframe_split": {"columns": ["t", "a"], "index": ["u", "u"], "data": [[DAY, "x"], [DAY, "y"]]}}
    found = enforce_schema(parse_json(json.dumps(body), schema).data, schema)

    assert (["x", "y"], ["u", "u"]) == (found["a"].tolist(), found.index.tolist())
