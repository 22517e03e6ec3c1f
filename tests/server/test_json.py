"""What is not a JSON object of the right shape is refused on every route, by name and with nothing of our insides."""

import json
import random
import re
from collections.abc import Callable
from string import ascii_letters
from typing import Any, get_origin
from urllib.parse import urlencode

import pytest

from runyard.protocol.message import AnyMessage
from runyard.server.settings import PROXIED_ROOT
from tests.server import route_walk as walk
from tests.support.http import Caller
from tests.support.postgres import Cluster
from tests.support.server import RunningServer

MALFORMED = {
    "empty": b"",
    "blank": b"  \n",
    "cut": b'{"a": ',
    "trailing": b'{"a": 1} x',
    "two objects": b"{}{}",
    "single quotes": b"{'a': 1}",
    "bad UTF-8": b'{"a": "\xff\xfe"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "form": b"a=1&b=2",
    "NUL": b"\x00",
}
NON_OBJECTS = (b"[]", b"[{}]", b"1", b"1.5", b"true", b"null", b'"text"', b'"[]"', b'"1"', b"NaN")
WRONG = {
    str: (7, {"a": 1}, ["x"], True),
    int: ("x", 1.5, True, [1], {}),
    float: ("x", True, [1.0], {}),
    bool: ("x", 7, []),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=list(MALFORMED))
def test_malformed_on_every_route(server: RunningServer, caller: Caller, body: bytes) -> None:
    """A client with a bug must learn of it, and nothing may be stored from half a message."""
    before = walk.stored(server)

    for method, path in walk.BODY_ROUTES:
        if not body and (method, path) in walk.EMPTY_ALLOWED:
            continue
        status, headers, answer = caller.request(method, path, body, walk.JSON)
        error = json.loads(walk.answer_of(status, headers, answer))
        assert (400, {"error_code", "message", "request_id"}) == (status, set(error)), path
        assert error["error_code"] in ("BAD_REQUEST", "INVALID_PARAMETER_VALUE"), path

    assert before == walk.stored(server)


@pytest.mark.parametrize("body", NON_OBJECTS)
def test_non_objects_on_every_route(server: RunningServer, caller: Caller, body: bytes) -> None:
    """A list where an object belongs is where other servers break."""
    before = walk.stored(server)

    for method, path in walk.BODY_ROUTES:
        status, headers, answer = caller.request(method, path, body, walk.JSON)
        assert 400 == status, (path, answer)
        walk.answer_of(status, headers, answer)

    assert before == walk.stored(server)


def _wrong_values(hint: Any) -> tuple[Any, ...]:
    inner = walk.bare(hint)
    if get_origin(inner) is list:
        return ("text", 7, {"a": 1}, True)
    if "IdMark" in repr(hint):  # ids come as integers too
        return ({"a": 1}, ["x"], True)
    if "Choice" in repr(hint):
        return ({"a": 1}, ["x"], True, "NO_SUCH_NAME", 99)
    return WRONG.get(inner, ("text", 7, ["x"], True))


@pytest.mark.parametrize("kind", walk.KINDS, ids=walk.NAMES)
def test_wrong_types_on_every_route(server: RunningServer, caller: Caller, kind: type[AnyMessage]) -> None:
    """The answer names the field, so that the caller finds it."""
    before = walk.stored(server)

    for name, hint in walk.hints(kind).items():
        for value in () if walk.in_path(kind, name) else _wrong_values(hint):
            request = walk.request_of(kind, {**walk.example(kind), name: value})
            status, headers, answer = caller.request(*request, walk.JSON)
            assert (400, True) == (status, name in walk.answer_of(status, headers, answer)), (name, value, answer)

    assert before == walk.stored(server)


@pytest.mark.parametrize("depth", [101, 5_000, 1_000_000])
@pytest.mark.parametrize("brackets", [("[", "]"), ('{"a":', "}")])
def test_depth(caller: Caller, depth: int, brackets: tuple[str, str]) -> None:
    """Nesting must not exhaust the parser's stack, whichever field it hides in."""
    opening, closing = brackets
    body = b'{"experiment_id": "0", "extra": ' + (opening * depth + "1" + closing * depth).encode() + b"}"

    for path in ("runs/create", "runs/log-batch", "runs/log-metric"):
        status, headers, answer = caller.request("POST", f"/api/2.0/mlflow/{path}", body, walk.JSON)
        assert 400 == status, path
        walk.answer_of(status, headers, answer)


TOO_LARGE = (2**63, -(2**63) - 1, 2**64, 10**30, 10**400, "9" * 30, "-" + "9" * 5_000, 1e30)


@pytest.mark.parametrize("kind", walk.KINDS, ids=walk.NAMES)
def test_int64_edges(server: RunningServer, caller: Caller, kind: type[AnyMessage]) -> None:
    """Databases hold 64 bits; what does not fit is refused wherever it stands, and the answer names the field."""
    before = walk.stored(server)

    for place in walk.places_of(int, kind):
        for number in TOO_LARGE:
            message = walk.replaced(walk.example(kind), place, number)
            status, headers, answer = caller.request(*walk.request_of(kind, message), walk.JSON)
            said = walk.answer_of(status, headers, answer)
            assert (400, True) == (status, str(place[-1]) in said), (place, number, said)

    assert before == walk.stored(server)


@pytest.mark.parametrize("kind", [kind for kind in walk.KINDS if "GET" in kind.operation.methods])
def test_int64_edges_in_a_query(caller: Caller, kind: type[AnyMessage]) -> None:
    """A query string has no other integers than text, with the same limits."""
    for name in (str(place[0]) for place in walk.places_of(int, kind) if len(place) == 1):
        for number in TOO_LARGE:
            fields = {**walk.example(kind), name: number}
            query = urlencode({key: value for key, value in fields.items() if not walk.in_path(kind, key)}, doseq=True)
            status, headers, answer = caller.request("GET", f"{kind.operation.address(fields)}?{query}")
            said = walk.answer_of(status, headers, answer)
            assert (400, True) == (status, name in said), (name, number, said)


def test_too_many_fields_in_a_query(caller: Caller) -> None:
    """A list that is too long is a wrong value, whatever carries it."""
    query = "&".join(f"run_ids={number:032x}" for number in range(1_001))
    status, answer = caller.get(f"metrics/get-history-bulk-interval?metric_key=m&{query}")

    assert (400, "INVALID_PARAMETER_VALUE") == (status, answer["error_code"])


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**400, "9" * 30, "-" + "9" * 5_000])
def test_ids_beyond_64_bits(caller: Caller, number: int | str) -> None:
    """An id that no database can hold names nothing."""
    for kind in walk.KINDS:
        for name, hint in walk.hints(kind).items():
            if "IdMark" in repr(hint):
                value = [number] if get_origin(walk.bare(hint)) is list else number
                request = walk.request_of(kind, {**walk.example(kind), name: value})
                status, headers, answer = caller.request(*request, walk.JSON)
                assert status in (400, 404), (name, answer)
                walk.answer_of(status, headers, answer)


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63)])
def test_the_largest_integers_are_kept(caller: Caller, number: int) -> None:
    """The last values that fit are values like any other."""
    run_id = caller.new_run()
    caller.call("runs/log-metric", {"run_id": run_id, "key": "m", "value": 1, "timestamp": 1, "step": number})

    status, answer = caller.get(f"metrics/get-history?run_id={run_id}&metric_key=m")

    assert (200, number) == (status, answer["metrics"][0]["step"])


def test_strict_json_out(caller: Caller) -> None:
    """No answer holds a bare NaN, which parsers of other languages refuse."""
    run_id = caller.new_run()
    for key, literal in (("a", "NaN"), ("b", "Infinity"), ("c", "-Infinity"), ("d", "1e999"), ("e", '"nan"')):
        body = f'{{"run_id": "{run_id}", "key": "{key}", "value": {literal}, "timestamp": 1}}'.encode()
        assert 200 == caller.request("POST", "/api/2.0/mlflow/runs/log-metric", body, walk.JSON)[0]

    _, _, answer = caller.request("GET", f"/api/2.0/mlflow/runs/get?run_id={run_id}")

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} stands bare in the answer")

    metrics = json.loads(answer, parse_constant=refuse)["run"]["data"]["metrics"]
    expected = {"a": "NaN", "b": "Infinity", "c": "-Infinity", "d": "Infinity", "e": "NaN"}
    assert expected == {metric["key"]: metric["value"] for metric in metrics}


@pytest.mark.parametrize("kind", walk.KINDS, ids=walk.NAMES)
@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "\udfff"], ids=["NUL", "high surrogate", "low surrogate"])
def test_text_that_cannot_be_stored(server: RunningServer, caller: Caller, kind: type[AnyMessage], text: str) -> None:
    """One database would keep it and another fail: nobody takes it."""
    before = walk.stored(server)

    for path in walk.text_fields(kind):
        request = walk.request_of(kind, walk.replaced(walk.example(kind), path, text))
        status, headers, answer = caller.request(*request, walk.JSON)
        assert status in (400, 404), (path, answer)
        walk.answer_of(status, headers, answer)

    assert before == walk.stored(server)


@pytest.mark.postgres
def test_hostile_values_on_postgresql(start_server: Callable[..., RunningServer], postgres: Cluster) -> None:
    """The other database's driver trips over other values; what clients see is the same."""
    uri = postgres.store(PROXIED_ROOT)
    with Caller(start_server(database_uri=uri).url) as caller:
        for kind in walk.KINDS:
            for path in walk.text_fields(kind):
                for text in ("a\x00b", "a\ud800b"):
                    request = walk.request_of(kind, walk.replaced(walk.example(kind), path, text))
                    status, headers, answer = caller.request(*request, walk.JSON)
                    assert status in (400, 404), (request, path, answer)
                    walk.answer_of(status, headers, answer)
            for number in (2**63 - 1, -(2**63), 2**63):
                fields = {name: number for name, hint in walk.hints(kind).items() if walk.bare(hint) is int}
                request = walk.request_of(kind, {**walk.example(kind), **fields})
                status, _, answer = caller.request(*request, walk.JSON)
                assert status < 500, (request, answer)
    postgres.drop_database(uri)


LONG = "".join(random.Random(1).choices(ascii_letters, k=70_000))  # no index of PostgreSQL holds it, packed or not


@pytest.mark.postgres
@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", LONG], ids=["NUL", "surrogate", "long"])
def test_hostile_texts_about_what_exists(start_server: Callable[..., RunningServer], database: str, text: str) -> None:
    """Only where the run and the model are found does a text get as far as the database, which must not break."""
    with Caller(start_server(database_uri=database).url) as caller:
        known = walk.things(caller)
        for kind in walk.KINDS:
            message = walk.about(kind, known)
            for path in walk.text_fields(kind):
                fields = walk.replaced({**walk.example(kind), **message}, path, text)
                sent = {name: value for name, value in fields.items() if name in message or name == path[0]}
                status, headers, answer = caller.request(*walk.request_of(kind, sent), walk.JSON)
                assert status < 500, (kind, path, answer)
                if status != 200:
                    walk.answer_of(status, headers, answer)
                elif text != LONG:
                    # other names of the same run, which are not looked at
                    assert path[-1] == "run_uuid" or path == ("metrics", 0, "run_id"), (kind, path)


@pytest.mark.parametrize("text", ["%00", "a%00b", "%ED%A0%80", "%FF", "%2E%2E", "x" * 5_000])
def test_hostile_parts_of_a_path(server: RunningServer, caller: Caller, text: str) -> None:
    """What stands in a path is text from outside like any other."""
    before = walk.stored(server)

    for kind in walk.KINDS:
        if "{" in kind.operation.path:
            address = re.sub(r"\{\w+\}", text, kind.operation.main_path)
            body = json.dumps(
                {name: value for name, value in walk.example(kind).items() if not walk.in_path(kind, name)}
            )
            status, headers, answer = caller.request(kind.operation.methods[0], address, body.encode(), walk.JSON)
            assert status in (400, 404), (address, answer)
            walk.answer_of(status, headers, answer)

    assert before == walk.stored(server)


OWN = [kind for kind in walk.KINDS if kind.operation.family == "runyard"]
OWN_NAMES = [kind.operation.name for kind in OWN]


@pytest.mark.parametrize("kind", OWN, ids=OWN_NAMES)
def test_unknown_fields_of_our_own_operations(server: RunningServer, caller: Caller, kind: type[AnyMessage]) -> None:
    """A misspelt field must not act as if it had not been sent: ``dryrun`` would promote for real."""
    before = walk.stored(server)

    for name in walk.hints(kind):
        misspelt = name.replace("_", "") if "_" in name else name + "s"
        fields = {**walk.example(kind), misspelt: "x"}
        if kind.operation.methods[0] == "GET":
            asked = caller.request("GET", f"{kind.operation.main_path}?{urlencode(fields, doseq=True)}")
        else:
            asked = caller.request(*walk.request_of(kind, fields), walk.JSON)
        error = json.loads(walk.answer_of(*asked))
        assert (400, "INVALID_PARAMETER_VALUE") == (asked[0], error["error_code"])
        assert [True, True] == [f"'{misspelt}'" in error["message"], f"'{name}'" in error["message"]], error

    assert before == walk.stored(server)


PROMOTE = "/api/2.0/runyard/registered-models/promote"
START = "/api/2.0/runyard/runs/start"
ASK = "/api/2.0/runyard/model-versions/get"


@pytest.mark.parametrize(
    ("method", "address", "body", "said"),
    [
        ("POST", f"{PROMOTE}?dry_run=true", '{"name":"m"}', "go into the body"),
        (
            "POST",
            PROMOTE,
            '{"name":"m","version":"1","alias":"a","dry_run":true,"dry_run":false}',
            "'dry_run' is given",
        ),
        ("POST", f"{PROMOTE}?fail=true", '{"name":"m","fail":false}', "'fail' is in the address and in the body"),
        ("POST", f"{PROMOTE}?fail=perhaps", '{"name":"m","version":"1","condition":"1 > 0","alias":"a"}', "'fail'"),
        ("POST", START, '{"experiment_id":"0","start_time":1,"tags":[{"key":"a","vale":"b"}]}', "'tags.vale'"),
        ("POST", START, '{"experiment_id":"0","start_time":1,"tags":[{"key":"a","key":"b"}]}', "'key' is given twice"),
        ("GET", f"{ASK}?name=m&version=1&version=2", "", "'version' is given twice"),
    ],
)
def test_what_our_own_operations_cannot_mean(caller: Caller, method: str, address: str, body: str, said: str) -> None:
    """Wherever a field got lost or contradicts another, nothing is done: a check must not promote for real."""
    status, _, answer = caller.request(method, address, body.encode(), walk.JSON if body else {})

    assert status == 400
    assert said in json.loads(answer)["message"]


def test_unknown_fields_of_mlflows_operations(caller: Caller) -> None:
    """Its clients of tomorrow send what we do not know yet."""
    assert 200 == caller.post("experiments/search", {"max_results": 1, "tomorrow": True})[0]
    assert 200 == caller.get("experiments/get?experiment_id=0&tomorrow=1")[0]
