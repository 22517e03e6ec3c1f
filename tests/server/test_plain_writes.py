"""Writes that take the short way are answered as those that pass every layer: these have a header more."""

import gzip
import json
import re
from typing import Any

import pytest

from tests.support.http import API, Caller
from tests.support.raw import Connection

PLAIN = {"Content-Type": "application/json"}
LONG = {"key": "long", "value": "a" * 3000}
NO_RUN = {"run_id": "0" * 32, "key": "a", "value": 1.0, "timestamp": 1}


@pytest.fixture(scope="module")
def run(server: Any) -> str:
    """A run to write to."""
    with Caller(server.url) as caller:
        return caller.new_run()


def answered(caller: Caller, path: str, body: bytes, **headers: str) -> tuple[int, dict[str, str], Any]:
    """What is the same in every answer to a request."""
    given = {**PLAIN, **{name.replace("_", "-"): value for name, value in headers.items()}}
    status, found, text = caller.request("POST", API + path, body, given)
    request = found.pop("x-request-id")
    assert request == given.get("X-Request-ID", request)
    packed = found.get("content-encoding") == "gzip"
    if not packed:
        assert len(text) == int(found["content-length"])
    plain = re.sub(rb"[0-9a-f]{32}|[0-9a-f]{12}-[0-9a-f]+", b"ID", gzip.decompress(text) if packed else text)
    varying = {name.strip() for name in found.pop("vary").split(",")}
    for name in ("date", "content-length"):
        found.pop(name)
    return status, {**found, "vary": str(sorted(varying))}, plain


@pytest.mark.parametrize(
    ("path", "message", "status"),
    [
        ("runs/log-metric", {"key": "a", "value": 1.0, "timestamp": 1}, 200),
        ("runs/log-metric", {"key": "a", "value": "NaN", "timestamp": 2}, 200),
        ("runs/log-metric", {"key": "a", "value": "much", "timestamp": 2}, 400),
        ("runs/log-metric", NO_RUN, 404),
        ("runs/log-metric", {"key": "a" * 3000, "value": 1.0, "timestamp": 1}, 400),
        ("runs/log-batch", {"params": [{"key": "p", "value": "1"}]}, 200),
        ("runs/log-parameter", {"key": "", "value": "2"}, 400),
        ("runs/set-tag", {"value": "t"}, 400),
        ("runs/create", {"experiment_id": "0", "run_name": "n", "start_time": 1, "tags": [LONG]}, 200),
        ("runs/update", {"status": "FINISHED", "end_time": 5}, 200),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"Accept_Encoding": "gzip, deflate", "X_Request_ID": "job-1"}])
def test_the_short_way_gives_the_same_answers(
    caller: Caller, run: str, path: str, message: dict[str, Any], status: int, headers: dict[str, str]
) -> None:
    """Their headers and errors too, packed or not."""
    body = json.dumps({"run_id": run, **message} if path != "runs/create" else message).encode()

    short = answered(caller, path, body, **headers)
    layered = answered(caller, path, body, X_Other="1", **headers)

    assert status == short[0]
    assert layered == short


@pytest.mark.parametrize(
    ("headers", "text", "status"),
    [
        (["Host: elsewhere.example"], b"{}", 403),
        (["Host: {host}", "Origin: http://elsewhere.example"], b"{}", 403),
        (["Host: {host}", "Host: {host}"], b"{}", 400),
        (["Host: {host}"], b"{", 400),
        (["Host: {host}", "Content-Encoding: br"], b"{}", 415),
        (["Host: {host}", "Content-Type: text/plain"], b"{}", 400),
    ],
)
def test_what_the_layers_refuse_is_refused(raw: Connection, headers: list[str], text: bytes, status: int) -> None:
    """Nothing passes on the short way that would not on the long one."""
    given = [line.format(host=raw.host) for line in headers]
    if not any(line.startswith("Content-Type") for line in given):
        given.append("Content-Type: application/json")
    head = [f"POST {API}runs/log-metric HTTP/1.1", *given, f"Content-Length: {len(text)}"]
    raw.send("\r\n".join([*head, "", ""]).encode() + text)

    assert status == raw.answer().status


def test_a_body_in_parts_is_whole(raw: Connection, run: str) -> None:
    """What has come already is not lost, and the connection serves the next request; the last one says that it ends."""
    body = json.dumps({"run_id": run, "key": "parts", "value": 1.0, "timestamp": 1}).encode()
    fields = f"Host: {raw.host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    head = f"POST {API}runs/log-metric HTTP/1.1\r\n{fields}"
    for cut in (0, 5, len(body) - 1):
        raw.send(f"{head}\r\n".encode() + body[:cut])
        raw.send(body[cut:])
        assert (200, {}) == ((answer := raw.answer()).status, answer.json)
    raw.send(f"{head}Connection: close\r\n\r\n".encode() + body)
    answer = raw.answer()
    assert (200, "close") == (answer.status, answer.headers["connection"])


def test_they_are_counted(caller: Caller, run: str) -> None:
    """With those that pass the layers, by status."""

    def count(status: int) -> float:
        found = caller.request("GET", "/metrics")[2].decode()
        line = re.search(rf'^runyard_requests_total{{operation="log_metric",status="{status}"}} (\S+)', found, re.M)
        return float(line[1]) if line else 0

    before = count(200), count(404)
    for other in ({}, {"X_Other": "1"}):
        for message in ({**NO_RUN, "run_id": run}, NO_RUN):
            answered(caller, "runs/log-metric", json.dumps(message).encode(), **other)
    assert (before[0] + 2, before[1] + 2) == (count(200), count(404))
