"""What a served model answers: every form of input, and input of every wrong kind."""

import json
from typing import Any

import pytest

from tests.serving.conftest import ModelServer
from tests.support.http import Caller

SPLIT = {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}}
ROW: dict[str, Any] = {"a": 1, "b": 2}


@pytest.mark.parametrize(
    "body",
    [
        SPLIT,
        {"dataframe_split": {"columns": ["b", "zz", "a"], "data": [[2, 0, 1], [4, 0, 3]], "index": ["x", "y"]}},
        {"dataframe_records": [{"a": 1, "b": 2}, {"b": 4, "a": 3.0, "c": "text"}]},
        {"instances": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]},
        {"inputs": {"a": [1, 3], "b": [2, 4]}},
        {"inputs": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]},
        {"dataframe_split": {"columns": ["a", "b"], "data": [["1", "2"], ["3", "4"]]}},
    ],
)
def test_every_form_of_json_gives_the_same_predictions(sums: ModelServer, body: object) -> None:
    """Clients choose the form that suits them; the signature's types make all of them the same rows."""
    assert sums.ask(body) == (200, {"predictions": [3.0, 7.0]})


@pytest.mark.parametrize(
    "kind",
    ["text/csv", "text/csv; charset=utf-8", "TEXT/CSV", "application/csv", 'Application/CSV;charset="UTF-8"'],
)
def test_csv_is_read_by_its_header(sums: ModelServer, kind: str) -> None:
    """Columns of CSV may come in any order."""
    assert sums.ask("b,a,c\n2,1,x\n4,3,y\n", kind=kind) == (200, {"predictions": [3.0, 7.0]})


def test_params_reach_the_model(sums: ModelServer) -> None:
    """A request's params are the second argument of predict."""
    assert sums.ask({**SPLIT, "params": {"factor": 10}}) == (200, {"predictions": [30.0, 70.0]})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        (b"\xff\xfe", "not UTF-8"),
        ("[" * 100_000, "nested too deeply"),
        ([1], "it is a list"),
        ('"text"', "it is a string"),
        ("3", "it is a number"),
        ("null", "it is null"),
        ({}, "exactly one of"),
        ({"columns": ["a"], "data": [[1]]}, "exactly one of"),
        ({"inputs": [1], "instances": [1]}, "it has instances and inputs"),
        ({**SPLIT, "params": [1]}, "`params` must be an object"),
        ({"dataframe_split": [1]}, "must be an object"),
        ({"dataframe_split": {"columns": ["a"]}}, "must be an object with a list `data`"),
        ({"dataframe_split": {"columns": "ab", "data": [[1, 2]]}}, "`columns`"),
        ({"dataframe_split": {"columns": ["a", "b"], "data": [[1]]}}, "2 columns, and a row with 1"),
        ({"dataframe_split": {"columns": ["a", "a"], "data": [[1, 2]]}}, "'a' is given twice"),
        ({"dataframe_records": {"a": 1}}, "must be a list of objects"),
        ({"dataframe_records": [1]}, "must be a list of objects"),
        ({"instances": [{"a": 1, "b": "x"}]}, "Column 'b' does not fit"),
        ({"instances": [{"a": 1, "b": 2.5}]}, "2.5 is not a whole number"),
        ({"instances": [{"a": 1, "b": None}]}, "a value is missing"),
        ({"instances": [{"a": 1, "b": 2**70}]}, "Column 'b' does not fit"),
        ({"instances": [{"a": "x", "b": 1}]}, "Column 'a' does not fit"),
        ({"inputs": {"a": [1, 2], "b": [1]}}, "`inputs` cannot be read"),
    ],
)
def test_a_wrong_body_is_refused_with_the_reason(sums: ModelServer, body: object, said: str) -> None:
    """A client's mistake gets status 400, a code, and what was wrong with which value."""
    status, answer = sums.ask(body)
    assert (400, "BAD_REQUEST") == (status, answer["error_code"])
    assert said in answer["message"]


@pytest.mark.parametrize("body", ["", "a,b\n1,x\n", "a,b\n1,\n", "a,b\n1,2.5\n", b"\xff\xfe"])
def test_wrong_csv_is_refused(sums: ModelServer, body: str | bytes) -> None:
    """What is not CSV, or does not fit the signature, gets status 400."""
    status, answer = sums.ask(body, kind="text/csv")
    assert (400, "BAD_REQUEST") == (status, answer["error_code"])


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/x-ndjson", "application/json; charset=latin-1", "application/json; format=split"],
)
def test_another_content_type_is_refused(sums: ModelServer, kind: str) -> None:
    """Only JSON and CSV in UTF-8 are taken, and the answer says so."""
    status, answer = sums.ask(SPLIT, kind=kind)
    assert (415, "INVALID_PARAMETER_VALUE") == (status, answer["error_code"])


def test_a_model_that_raises_answers_400_with_its_message_and_no_traceback(anything: ModelServer) -> None:
    """The caller sees what the model said; where it said it is for the log, which has an incident's id."""
    status, answer = anything.ask({"inputs": {"do": ["raise"]}})
    assert 400 == status
    assert "ValueError: the rows are upside down" in answer["message"]
    assert "Traceback" not in json.dumps(answer)
    assert answer["message"].rpartition(" ")[2].strip(")") in anything.output()


def test_a_model_that_ends_its_thread_does_not_end_the_server(anything: ModelServer) -> None:
    """sys.exit in a model is one failed request."""
    assert 400 == anything.ask({"inputs": {"do": ["exit"]}})[0]
    assert (200, {"predictions": [1]}) == anything.ask({"inputs": [1]})


def test_predictions_without_a_form_in_json_are_the_models_mistake(anything: ModelServer) -> None:
    """The answer names the type and what to return instead."""
    status, answer = anything.ask({"inputs": {"do": ["object"]}})
    assert 500 == status
    assert "returned object" in answer["message"]


def test_nan_is_null_unless_the_caller_wants_the_word(anything: ModelServer) -> None:
    """Strict readers take every answer; those who want MLflow's bare words ask for them."""
    with Caller(anything.url) as caller:
        sent = json.dumps({"inputs": {"do": ["nan"]}}).encode()
        kind = {"Content-Type": "application/json"}
        strict = caller.request("POST", "/invocations", sent, kind)[2]
        bare = caller.request("POST", "/invocations?nan=bare", sent, kind)[2]
        odd = caller.request("POST", "/invocations?nan=odd", sent, kind)[0]
    assert b'{"predictions":[1.0,null,null]}' == strict
    assert b'{"predictions": [1.0, NaN, Infinity]}' == bare
    assert 400 == odd


def test_nan_and_infinity_may_be_sent(anything: ModelServer) -> None:
    """MLflow's clients send them as bare words."""
    assert (200, {"predictions": [None, None, 1.0]}) == anything.ask('{"inputs": [NaN, Infinity, 1]}')


def test_bodies_of_chat_services_are_passed_through_and_answered_bare(anything: ModelServer) -> None:
    """The whole object is the input, and the prediction itself is the answer."""
    body = {"messages": [{"role": "user", "content": "hello"}], "temperature": 0.5}
    assert (200, body) == anything.ask(body)


@pytest.mark.parametrize("path", ["/ping", "/health"])
def test_health_is_answered_with_an_empty_line(sums: ModelServer, path: str) -> None:
    """Probes made for MLflow's server work."""
    status, headers, text = sums.get(path)
    assert (200, "application/json", "\n") == (status, headers["content-type"], text)


def test_paths_and_methods_that_are_not_there_are_named(sums: ModelServer) -> None:
    """A wrong address gets an envelope too."""
    assert 404 == sums.get("/predict")[0]
    status, headers, _ = sums.get("/invocations")
    assert (405, "POST") == (status, headers["allow"])


def test_a_host_of_somebody_else_is_refused(sums: ModelServer) -> None:
    """A name that leads to this machine by rebinding gets nothing out of a model that only this machine may ask."""
    with Caller(sums.url) as caller:
        headers = {"Content-Type": "application/json", "Host": "evil.example"}
        assert 403 == caller.request("POST", "/invocations", json.dumps(SPLIT).encode(), headers)[0]


def test_the_page_and_the_document_show_the_signature(sums: ModelServer) -> None:
    """People find a form with the model's columns, programs their types."""
    status, headers, page = sums.get("/docs")
    assert (200, True) == (status, headers["content-type"].startswith("text/html"))
    assert 'name="a" data-type="double"' in page
    document = json.loads(sums.get("/openapi.json")[2])
    forms = document["paths"]["/invocations"]["post"]["requestBody"]["content"]["application/json"]["schema"]["oneOf"]
    fields = next(one for one in forms if one["title"] == "dataframe_records")["properties"]["dataframe_records"]
    assert ["a", "b"] == fields["items"]["required"]
    assert 200 == sums.get("/static/js/serving.js")[0]
