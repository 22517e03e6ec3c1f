"""Values of requests: none changes on its way to the model, and those that do not fit are named in plain words."""

import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from runyard.exceptions import BadRequest, RunyardException
from runyard.models import infer_signature, scoring_csv
from runyard.models.enforcement import enforce_params, enforce_schema
from runyard.models.scoring_input import parse_csv, parse_json
from runyard.types.schema import Array, ColSpec, Map, Object, ParamSchema, ParamSpec, Property, Schema, TensorSpec

DATES = Schema([ColSpec("datetime", "t")])
MILLISECONDS = 1714564800000
KITCHEN = re.compile(r"np\.|numpy|dtype|You might|passing|inhomogeneous|\.\.|Timestamp|iterable|unhashable|\bastype\b")


def _read(schema: Schema, form: str, value: Any) -> Any:
    if form == "csv":
        return enforce_schema(parse_csv(value, schema), schema)
    return enforce_schema(parse_json(json.dumps({form: value}), schema).data, schema)


def _of(kind: Any) -> Schema:
    return Schema([ColSpec(kind, "a")])


@pytest.mark.parametrize("moment", [MILLISECONDS, MILLISECONDS // 1000, 1.5, True, f"{MILLISECONDS}", "now"])
@pytest.mark.parametrize(
    ("form", "around"),
    [
        ("dataframe_split", lambda one: {"columns": ["t"], "data": [["2024-05-01"], [one]]}),
        ("dataframe_split", lambda one: {"data": [[one]]}),
        ("dataframe_records", lambda one: [{"t": one}]),
        ("instances", lambda one: [{"t": one}]),
        ("instances", lambda one: [one]),
        ("inputs", lambda one: {"t": [one]}),
        ("csv", lambda one: f"t\n{one}\n"),
    ],
)
def test_a_number_is_not_a_date(form: str, around: Any, moment: Any) -> None:
    """Its unit is anybody's guess: read as nanoseconds, pandas' milliseconds were the first hour of 1970."""
    with pytest.raises(BadRequest, match="is not a date: send ISO 8601"):
        _read(DATES, form, around(moment))


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (Schema([ColSpec(Array("datetime"), "t")]), {"t": [MILLISECONDS]}),
        (Schema([ColSpec(Array(Array("datetime")), "t")]), {"t": [["2024-05-01"], [MILLISECONDS]]}),
        (Schema([ColSpec(Map("datetime"), "t")]), {"t": {"at": MILLISECONDS}}),
        (Schema([ColSpec(Object([Property("at", Array("datetime"))]), "t")]), {"t": {"at": [MILLISECONDS]}}),
        (Schema([TensorSpec(np.dtype("datetime64[ns]"), (-1,))]), [MILLISECONDS]),
        (Schema([TensorSpec(np.dtype("datetime64[D]"), (-1,), "t")]), {"t": [19000]}),
    ],
)
def test_a_number_is_not_a_date_inside_of_something_either(schema: Schema, value: Any) -> None:
    """Lists, objects and arrays of dates are read as columns of them are."""
    with pytest.raises(BadRequest, match="is not a date: send ISO 8601"):
        _read(schema, "inputs", value)


def test_a_number_is_not_a_date_in_params_and_in_python() -> None:
    """The same rule holds wherever a date can come in."""
    params = ParamSchema([ParamSpec("since", "datetime", "2024-05-01")])
    for wrong in (MILLISECONDS, f"{MILLISECONDS}", "1612101000000", 1.5):
        with pytest.raises(RunyardException, match=r"'since' is a date: .* send ISO 8601"):
            enforce_params({"since": wrong}, params)
    for column in ([MILLISECONDS], [float(MILLISECONDS)], [True], [f"{MILLISECONDS}"]):
        with pytest.raises(RunyardException, match="cannot become datetime"):
            enforce_schema(pd.DataFrame({"t": column}), DATES)


def test_dates_as_pandas_writes_them_on_request_arrive_whole() -> None:
    """What the refusal recommends works, to the nanosecond, with and without a zone, and far away."""
    rows = pd.DataFrame({"t": pd.to_datetime(["2024-05-01T12:00:00.123456789", "NaT"])})
    body = f'{{"dataframe_split": {rows.to_json(orient="split", date_format="iso", date_unit="ns")}}}'
    assert enforce_schema(parse_json(body, DATES).data, DATES)["t"].tolist() == rows["t"].tolist()
    found = _read(DATES, "instances", ["2024-05-01T12:00:00+02:00", "20240501", "2024-05-01 12:00"])
    assert [str(one) for one in found["t"]] == ["2024-05-01 10:00:00", "2024-05-01 00:00:00", "2024-05-01 12:00:00"]
    with pytest.raises(BadRequest, match="20240501 is not a date"):
        _read(DATES, "instances", [20240501])
    assert "9999-12-31 00:00:00" == str(_read(DATES, "instances", ["9999-12-31"])["t"][0])


@pytest.mark.parametrize("limit", [0, 10**6])
def test_words_of_a_csv_body_stay_words(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Namibia's NA, the surname Null and the text None are not missing values; only an empty cell is one."""
    monkeypatch.setattr(scoring_csv, "_SHORT", limit)
    words = ["NA", "None", "nan", "NaN", "null", "NULL", "N/A", "True", "007", "1.50", "-", "<NA>"]
    schema = Schema([ColSpec("string", "word"), ColSpec("double", "x"), ColSpec("long", "n", required=False)])
    text = "word,x,n\n" + "".join(f"{word},NA,9007199254740993\n" for word in words) + ",1.5,\n"
    found = enforce_schema(parse_csv(text.encode(), schema), schema)
    assert words == found["word"].tolist()[:-1]
    assert [True] == found["word"].isna().tolist()[-1:]
    assert [*[True] * len(words), False] == found["x"].isna().tolist()
    assert [*[9007199254740993] * len(words), pd.NA] == found["n"].tolist()


@pytest.mark.parametrize("limit", [0, 10**6])
def test_a_quote_that_never_ends_is_refused(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """All rows after it would be the text of one cell, and the model would answer for a single row."""
    monkeypatch.setattr(scoring_csv, "_SHORT", limit)
    schema = Schema([ColSpec("string", "word"), ColSpec("double", "x")])
    with pytest.raises(BadRequest, match="cannot be read as CSV"):
        parse_csv(b'word,x\n"a,1\nb,2\n', schema)


def test_words_stay_words_where_no_signature_says_what_is_text() -> None:
    """Columns of numbers keep their gaps, whatever stands for these."""
    found = parse_csv(b"country,none,x,y\nNA,None,1,NA\nDE,None,,nan\nFR,None,3,2.5\n")
    assert (["NA", "DE", "FR"], ["None"] * 3) == (found["country"].tolist(), found["none"].tolist())
    assert ([1.0, 3.0], [2.5]) == (found["x"].dropna().tolist(), found["y"].dropna().tolist())


def test_numbers_become_text_where_the_signature_has_text() -> None:
    """As MLflow's server does; a boolean or a list has no text that a client could foresee, and null is missing."""
    assert ["7", "7.5", "x"] == _read(_of("string"), "instances", [7, 7.5, "x"])["a"].tolist()
    assert [True] == _read(_of("string"), "instances", [None])["a"].isna().tolist()
    for wrong in (True, [1], {"x": 1}):
        with pytest.raises(BadRequest, match="is not text"):
            _read(_of("string"), "instances", [{"a": wrong}])


@pytest.mark.parametrize(("kind", "value"), [("long", 1), ("integer", 1), ("boolean", True), ("string", "x")])
def test_optional_takes_null_over_http_and_in_python(kind: str, value: Any) -> None:
    """A column may lack a value exactly when the signature says optional, whichever way the rows come."""
    optional = Schema([ColSpec(kind, "a", required=False)])
    for found in (
        _read(optional, "instances", [{"a": value}, {"a": None}]),
        _read(optional, "dataframe_split", {"columns": ["a"], "data": [[value], [None]]}),
        _read(optional, "csv", f'a\n{value}\n""\n'),
        enforce_schema(pd.DataFrame({"a": [value, None]}), optional),
        enforce_schema(pd.DataFrame({"a": pd.Series([value, None], dtype=object)}), optional),
    ):
        assert ([value], [False, True]) == (found["a"].dropna().tolist(), found["a"].isna().tolist())
    assert [True] == _read(optional, "instances", [{"a": None}])["a"].isna().tolist()
    if kind != "string":
        for form, sent in (("instances", [None]), ("csv", 'a\n""\n')):
            with pytest.raises(BadRequest, match="a value is missing"):
                _read(_of(kind), form, sent)


BAD: dict[str, tuple[Schema | None, str, Any, str]] = {
    "a word for a whole number": (_of("long"), "instances", ["abc"], "'abc' is not a number"),
    "a word for a number": (_of("double"), "csv", "a\nabc\n", "'abc' is not a number"),
    "a fraction": (_of("integer"), "csv", "a\n2.5\n", "2.5 is not a whole number"),
    "a number out of range": (_of("integer"), "instances", [2**31], "out of the range of int32"),
    "a number too large": (_of("float"), "instances", [1e300], "1e+300 is out of the range of float32"),
    "a list for a number": (_of("double"), "instances", [{"a": [1]}], "[1] is not a number"),
    "a word for a boolean": (_of("boolean"), "csv", "a\nmaybe\n", "'maybe' is neither true nor false"),
    "no base64": (_of("binary"), "instances", ["***"], "'***' is not base64"),
    "a bad date": (_of("datetime"), "csv", "a\n2024-13-01\n", "'2024-13-01' is not a date"),
    "no JSON in a cell": (_of(Array("long")), "csv", 'a\n"[1,"\n', "is not JSON"),
    "a short row": (_of("long"), "dataframe_split", {"columns": ["a", "b"], "data": [[1]]}, "a row with 1 values"),
    "a short index": (_of("long"), "dataframe_split", {"data": [[1]], "index": [1, 2]}, "1 rows, and an index of 2"),
    "an object as a name": (_of("long"), "dataframe_split", {"columns": [{}], "data": [[1]]}, "texts or numbers"),
    "uneven columns": (_of("long"), "inputs", {"a": [1, 2], "b": [1]}, "different lengths"),
    "uneven lists": (Schema([TensorSpec(np.dtype("int32"), (-1,))]), "inputs", [[1, 2], [3]], "different lengths"),
    "uneven lists of any type": (None, "inputs", [[1, 2], [3]], "different lengths"),
    "a word in an array": (Schema([TensorSpec(np.dtype("float32"), (-1,))]), "inputs", ["abc", 1], "'abc' is not"),
    "a fraction in an array": (Schema([TensorSpec(np.dtype("uint8"), (-1,))]), "inputs", [2.5], "2.5 is not a whole"),
    "null in an array of texts": (Schema([TensorSpec(np.dtype("str"), (-1,))]), "inputs", [None], "is missing"),
    "single values": (Schema([TensorSpec(np.dtype("float64"), (-1, 2))]), "inputs", {"a": 1}, "the shape (-1, 2)"),
    "another shape": (Schema([TensorSpec(np.dtype("float64"), (-1, 2))]), "inputs", [1.5], "the shape (-1, 2)"),
    "too few values": (Schema([ColSpec("long", "a"), ColSpec("long", "b")]), "instances", [1], "rows of 2 values"),
    "a long row of CSV": (_of("long"), "csv", "a\n1,2\n", "more values than its header"),
    "a long row of any CSV": (None, "csv", "a,b\n1,2\n1,2,3\n", "Expected 2 fields in line 3, saw 3"),
    "a name twice": (_of("long"), "csv", "a,a\n1,2\n", "'a' is given twice"),
    "nothing": (_of("long"), "csv", "", "it is empty"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_fit_is_named_in_plain_words(name: str) -> None:
    """The caller reads which value and why, and nothing of the libraries that noticed."""
    schema, form, value, says = BAD[name]
    with pytest.raises(RunyardException) as refused:
        enforce_schema(_whole(schema, form, value), schema or Schema([ColSpec("string")]))
    assert says in refused.value.message
    assert not KITCHEN.search(refused.value.message), refused.value.message


def _whole(schema: Schema | None, form: str, value: Any) -> Any:
    return parse_csv(value, schema) if form == "csv" else parse_json(json.dumps({form: value}), schema).data


def test_words_of_python_stand_for_truth_in_csv() -> None:
    """pandas writes True and False."""
    schema = infer_signature(pd.DataFrame({"f": [True]})).inputs
    assert schema is not None
    assert [True, False, True, False] == _read(schema, "csv", "f\nTrue\nFalse\ntrue\n0\n")["f"].tolist()
