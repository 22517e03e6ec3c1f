"""A signature takes the data it was made from: in Python, in the forms of JSON, and in CSV where a cell can hold it."""

import base64
import datetime
import decimal
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

import runyard
from runyard.models import ModelSignature, convert_input_example_to_serving_input, infer_signature
from runyard.models.enforcement import enforce_schema
from runyard.models.scoring_input import parse_csv, parse_json
from runyard.types.datatypes import Array, DataType, Map
from runyard.types.schema import ColSpec, Schema

UTC = datetime.UTC
WHOLE = st.integers(-(2**63), 2**63 - 1)
DAYS = st.datetimes(datetime.datetime(1, 1, 2), datetime.datetime(9999, 12, 30))
NEAR = st.datetimes(datetime.datetime(1970, 1, 1), datetime.datetime(2200, 1, 1))
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=5)
TEXTS = st.sampled_from(["NA", "None", "007", "true", "1.50", "é", "a,b", 'q"q']) | WORDS.filter(str.strip)
PLAIN: dict[str, Any] = {
    **{f"Int{bits}": st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{f"UInt{bits}": st.integers(0, 2**bits - 1) for bits in (8, 16, 32, 64)},
    **{f"Float{bits}": st.floats(width=bits, allow_nan=False) for bits in (32, 64)},
    "boolean": st.booleans(),
    "string": TEXTS,
}
NESTED = st.recursive(
    st.none() | st.booleans() | WHOLE | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = [
    WHOLE,
    st.booleans(),
    st.floats(allow_nan=False),
    TEXTS,
    st.binary(min_size=1, max_size=4),
    DAYS,
    DAYS.map(lambda one: one.date()),
    NEAR.map(lambda one: one.replace(tzinfo=UTC)),
    st.lists(WHOLE | st.none(), max_size=3),
    st.lists(TEXTS | st.none(), max_size=3),
    st.dictionaries(st.sampled_from("xy"), WHOLE | st.none(), max_size=2),
    st.just([]) | st.just({}),
    NESTED,
]


@st.composite
def columns(draw: st.DrawFn, size: int) -> Any:
    """A column of some kind, with gaps or without."""
    kind: Any = draw(st.sampled_from([*PLAIN, "object", "category", "zone", "moments", "floats"]))
    if kind == "category":
        values: list[list[Any]] = [[1, 3], ["a", "NA"], [1.5, 2], [True, False]]
        items: Any = st.sampled_from(draw(st.sampled_from(values)))
    else:
        named = {"floats": st.floats(), "zone": NEAR, "moments": NEAR}
        items = PLAIN[kind] if kind in PLAIN else named[kind] if kind in named else draw(st.sampled_from(OBJECTS))
    has_gaps = draw(st.booleans())
    found = draw(st.lists(items | st.none() if has_gaps else items, min_size=size, max_size=size))
    if kind in PLAIN:
        is_numpy = not has_gaps and kind not in ("boolean", "string") and draw(st.booleans())
        return pd.Series(found, dtype=kind.lower()) if is_numpy else pd.Series(found, dtype=kind)
    if kind in ("zone", "moments"):
        return pd.Series(pd.to_datetime(found, utc=True).tz_convert("Asia/Tokyo" if kind == "zone" else None))
    if kind == "category":
        return pd.Series(pd.Categorical(found))
    return pd.Series(found, dtype="float64" if kind == "floats" else object)


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    """Tables with columns of every kind, names of every kind, and maybe no rows."""
    size = draw(st.integers(0, 4))
    found = [draw(columns(size)) for _ in range(draw(st.integers(1, 3)))]
    name = st.sampled_from("abc") | st.integers(0, 3) | st.tuples(st.just("u"), st.sampled_from("ab"))
    names = draw(st.lists(name, min_size=len(found), max_size=len(found), unique=draw(st.integers(0, 9)) > 0))
    made = pd.concat(found, axis=1) if found else pd.DataFrame()
    made.columns = names
    return made


def _stored(signature: ModelSignature) -> Schema:
    """The inputs as they are read from a model's file."""
    inputs = ModelSignature.from_dict(json.loads(json.dumps(signature.to_dict()))).inputs
    assert inputs is not None
    return inputs


@settings(max_examples=150, deadline=None)
@given(frames())
def test_a_signature_takes_the_table_it_was_made_from(rows: pd.DataFrame) -> None:
    """Whatever somebody logs a model with, the model takes afterwards, with every column and row."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        signature = infer_signature(rows)
        found = [enforce_schema(rows, inputs) for inputs in (signature.inputs, _stored(signature)) if inputs]

    assert [rows.shape] * 2 == [one.shape for one in found]
    assert [list(rows.columns)] * 2 == [list(one.columns) for one in found]
    assert [rows.isna().to_numpy().tolist()] * 2 == [one.isna().to_numpy().tolist() for one in found]


@settings(max_examples=150, deadline=None)
@given(frames().filter(lambda rows: rows.columns.is_unique))
def test_a_server_takes_the_table_that_the_signature_was_made_from(rows: pd.DataFrame) -> None:
    """As the example that is saved with a model, as records, and as CSV when its cells are plain."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        inputs = _stored(infer_signature(rows))
        body = convert_input_example_to_serving_input(rows)
        assert body is not None
        split = json.loads(body)["dataframe_split"]
        names = [str(name) for name in rows.columns]
        records = [dict(zip(names, row, strict=True)) for row in split["data"]]
        given_: list[Any] = [parse_json(body, inputs).data]
        given_.append(parse_json(json.dumps({"dataframe_records": records}), inputs).data)
        if inputs.has_input_names() and all(hasattr(spec.type, "to_numpy") for spec in inputs.inputs):
            plain = rows.set_axis(names, axis=1).map(
                lambda one: base64.b64encode(one).decode() if isinstance(one, bytes) else one
            )
            given_.append(parse_csv(plain.to_csv(index=False), inputs))
        found = [enforce_schema(one, inputs) for one in given_]

    assert {len(rows)} == {len(one) for one in found}


ODD: dict[str, Any] = {
    "integer categories with a gap": pd.DataFrame({"a": pd.Categorical([1, None, 3])}),
    "boolean categories with a gap": pd.DataFrame({"a": pd.Categorical([True, None])}),
    "categories that are not values": pd.DataFrame({"a": pd.cut([1, 5], 2), "b": [1, 2]}),
    "two columns of one name": pd.DataFrame([[1, 2]], columns=["a", "a"]),
    "a name that is a date": pd.DataFrame([[1, 2]], columns=pd.to_datetime(["2024", "2025"])),
    "names that are missing": pd.DataFrame([[1, 2]], columns=[None, "a"]),
    "durations": pd.DataFrame({"a": pd.to_timedelta([1, 2])}),
    "periods": pd.DataFrame({"a": pd.period_range("2024-01", periods=2, freq="M")}),
    "sparse columns": pd.DataFrame({"a": pd.arrays.SparseArray([0, 1]), "b": pd.arrays.SparseArray([0.0, np.nan])}),
    "whole numbers beyond 64 bits": pd.DataFrame({"a": pd.Series([2**70, 1], dtype=object)}),
    "mixed zones": pd.DataFrame({"a": [datetime.datetime(2024, 1, 1, tzinfo=UTC), datetime.datetime(2024, 1, 1)]}),
    "decimals": pd.DataFrame({"a": [decimal.Decimal("1.5"), None], "b": [1, 2]}),
    "arrays in cells": pd.DataFrame({"a": [np.array(["x"]), np.array(["yz"])], "b": [np.zeros((2, 2))] * 2}),
    "no columns": pd.DataFrame(index=[1, 2]),
    "nothing": pd.DataFrame(),
    "a column without a name, with a gap": pd.Series([1, None]),
    "a list with a gap": [1, None],
    "an empty list": [],
    "objects that lack keys": [{"a": 1}, {"b": [None, 2.5]}, {}],
    "objects inside, empty ones too": pd.DataFrame({"a": [{"x": {}}, {"x": {"y": [{}]}}, {"x": {"y": [{"z": 1}]}}]}),
    "a dictionary of arrays and lists": {"a": np.array([1]), "b": [1, None]},
    "a tuple": (1, 2),
    "a set": {1, 2},
    "bytes": b"x",
    "a COO matrix": sparse.coo_matrix(np.eye(2)),
    "a sparse array": sparse.csr_array(np.eye(2)),
    "records": np.array([(1, 2.0)], dtype=[("a", "int64"), ("b", "float64")]),
    "an array without a dimension": np.array(1.5),
    **{
        f"an array of {kind}": np.array([1, 0]).astype(kind)
        for kind in "? i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 g F D >i4 >f8 M8[ns] M8[D] m8[s] S3 U3 O".split()
    },
    **{
        f"a column of {kind}": pd.DataFrame({"a": np.array([1, 0]).astype(kind), "b": [1, 2]})
        for kind in "? i1 i8 u1 u8 f2 f4 g F >i4 M8[ns] M8[s] m8[s]".split()
    },
}


@pytest.mark.parametrize("name", ODD)
def test_odd_data_is_taken_again(name: str) -> None:
    """Inference says what it can of the data; what it cannot name is of any type, and nothing of it is lost."""
    data = ODD[name]
    found = enforce_schema(data, _stored(infer_signature(data)))

    if isinstance(data, pd.DataFrame):
        assert (data.shape, data.columns.tolist()) == (found.shape, found.columns.tolist())


@pytest.mark.parametrize(
    ("column", "kind", "taken"),
    [
        (pd.array([4, None], dtype="Int8"), "integer", "Int32"),
        (pd.array([4, None], dtype="UInt16"), "integer", "Int32"),
        (pd.array([4, None], dtype="UInt32"), "long", "Int64"),
        (pd.array([2**60 + 1, None], dtype="Int64"), "long", "Int64"),
        (pd.Series([2**60 + 1, None], dtype=object), "long", "Int64"),
        (pd.Categorical([1, None, 3]), "long", "Int64"),
        (pd.array([True, None], dtype="boolean"), "boolean", "boolean"),
        (pd.Series([True, None], dtype=object), "boolean", "object"),
        (pd.array([1.5, None], dtype="Float32"), "float", "float32"),
        (pd.Series(pd.to_datetime(["2024-05-01T02:00+02:00", "NaT"])), "datetime", "datetime64[ns]"),
        (pd.Series([datetime.date(9999, 12, 31), None], dtype=object), "datetime", "datetime64[s]"),
        ([b"x", None], "binary", "object"),
        (pd.Series([pd.Timestamp("2024-05-01"), None], dtype=object), "datetime", "datetime64[ns]"),
        (pd.Series([1.5, pd.NA], dtype=object), "double", "float64"),
    ],
)
def test_gaps_keep_their_kind(column: Any, kind: str, taken: str) -> None:
    """An optional column reaches the model as pandas has such columns: no whole number turns into a fraction."""
    rows = pd.DataFrame({"a": column})
    inputs = _stored(infer_signature(rows))
    [spec] = inputs.inputs
    found = enforce_schema(rows, inputs)["a"]

    assert (kind, False, taken) == (repr(spec.type), spec.required, str(found.dtype))
    values = [one.tz_convert(None) if getattr(one, "tzinfo", None) else one for one in rows["a"].dropna()]
    assert [str(pd.Timestamp(one)) if kind == "datetime" else one for one in values] == [
        str(one) if kind == "datetime" else one for one in found.dropna()
    ]


@pytest.mark.parametrize("gap", [None, float("nan"), pd.NA, pd.NaT], ids=repr)
@pytest.mark.parametrize("kind", [*DataType, Array(DataType.long), Map(DataType.double)], ids=repr)
def test_whatever_says_that_an_optional_value_is_missing_is_taken(kind: Any, gap: Any) -> None:
    """Tables from databases and files tell gaps in four ways, and a whole column may be one."""
    schema = Schema([ColSpec(kind, "a", required=False)])
    rows = pd.DataFrame({"a": pd.Series([gap, gap], dtype=object)})

    assert enforce_schema(rows, schema)["a"].isna().all()
    assert enforce_schema(rows.convert_dtypes(), schema)["a"].isna().all()


def _counted(model_input: Any) -> list[int]:
    return [len(model_input), len(model_input.columns)]


@pytest.mark.parametrize(
    "rows",
    [
        pd.DataFrame({"age": pd.array([4, None], dtype="Int64"), "ok": pd.array([True, None], dtype="boolean")}),
        pd.DataFrame({"age": pd.Series([4, None], dtype=object), "grade": pd.Categorical([1, None])}),
        pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]),
        pd.DataFrame([[1, 2], [3, 4]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")])),
        pd.DataFrame({"t": pd.to_datetime(["2024-01-01", "2024-01-02"], utc=True), "n": [1, 2]}),
        pd.DataFrame({"a": [1, "x"], "b": [1, 2]}),
    ],
    ids=["nullable", "objects", "twice", "levels", "zone", "any"],
)
def test_a_saved_model_takes_its_own_example(rows: pd.DataFrame, store: Path) -> None:
    """In Python and as the request that is saved with it."""
    runyard.pyfunc.save_model("model", python_model=_counted, input_example=rows, pip_requirements=[])
    assert [2, 2] == runyard.pyfunc.load_model("model").predict(rows)
    if rows.columns.is_unique:
        request = Path("model/serving_input_example.json").read_text(encoding="utf-8")
        assert [2, 2] == runyard.models.validate_serving_input("model", request)


def test_an_input_that_no_signature_describes_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    """Somebody who wants checks learns which column is in the way."""
    infer_signature(pd.DataFrame({"a": [1], "b": np.array([1], dtype="uint64")}))
    assert "column 'b' has uint64" in caplog.text
