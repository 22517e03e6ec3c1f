"""What an operator sees: a line for each request with its id, and numbers for Prometheus."""

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as text_format

from runyard.version import __version__
from tests.support.clock import wait_until
from tests.support.collector import Collector, collecting
from tests.support.http import Caller
from tests.support.server import ROOT, RunningServer

DASHBOARD = ROOT / "web" / "docs" / "examples" / "grafana-dashboard.json"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    """Takes the spans that are exported."""
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[RunningServer]:
    """Two processes that log all as JSON, and export spans."""
    folder = tmp_path_factory.mktemp("observed")
    options = ("--workers", "2", "--log-level", "info", "--log-format", "json", "--static-prefix", "/runs", "--tracing")
    server = RunningServer(
        folder, f"sqlite:///{folder / 'runyard.db'}", options=options, environment=collector.environment()
    )
    server.answers = lambda: answers(server)  # type: ignore[method-assign]  # below its prefix
    yield server.start()
    server.kill()


def answers(server: RunningServer) -> bool:
    """Does it answer?"""
    try:
        return bool(urllib.request.urlopen(f"{server.url}/runs/health", timeout=2).status == 200)
    except OSError:
        return False


def ask(server: RunningServer, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str, Any]:
    """Status, id and JSON of an answer, on a connection of its own."""
    with Caller(server.url) as caller:
        sent = None if body is None else json.dumps(body).encode()
        fields = {
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        status, found, answer = caller.request(method, f"/runs{path}", sent, fields)
        by_name = {name.lower(): value for name, value in found.items()}
        is_json = by_name.get("content-type", "").startswith("application/json")
        return status, by_name["x-request-id"], json.loads(answer) if is_json else answer.decode()


def lines(server: RunningServer, request: str) -> list[Any]:
    """What the log says of a request."""
    said = [json.loads(line) for line in server.output().splitlines() if line.startswith("{")]
    return [line for line in said if line.get("request_id") == request]


def test_every_request_has_a_line_under_its_id(observed: RunningServer) -> None:
    """The id is the client's own where it sent one; the answer has it, and an error too."""
    status, request, _ = ask(
        observed, "POST", "/api/2.0/mlflow/experiments/create", {"name": "seen"}, X_Request_ID="job-7/step:1"
    )
    assert (200, "job-7/step:1") == (status, request)
    assert wait_until(lambda: len(lines(observed, request)) == 1)
    [line] = lines(observed, request)
    assert {"info", "runyard.access", "POST", 200, "create_experiment"} <= set(line.values())
    assert ("/runs/api/2.0/mlflow/experiments/create", "127.0.0.1") == (line["path"], line["client"])
    assert line["milliseconds"] > 0
    assert line["sent"] > 0

    status, request, error = ask(
        observed,
        "GET",
        "/api/2.0/mlflow/runs/get?run_id=secret",
        X_Forwarded_For="203.0.113.9",
        X_Request_ID="two words",
    )
    assert (404, request) == (status, error["request_id"])
    assert re.fullmatch("[0-9a-f]+-[0-9a-f]+", request)  # what was sent cannot be one
    assert wait_until(lambda: len(lines(observed, request)) == 1)
    [line] = lines(observed, request)
    assert (404, "203.0.113.9") == (line["status"], line["forwarded_for"])
    assert "secret" not in json.dumps(line)

    ids = {ask(observed, "GET", "/health")[1] for _ in range(20)}
    assert 20 == len(ids)


def test_spans_of_requests_are_exported(observed: RunningServer, collector: Collector) -> None:
    """Part of the caller's trace, named by the operation, and found again in the log; none of what monitors ask."""
    trace, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    ask(observed, "GET", "/health", traceparent=f"00-{trace}-{caller}-01")
    _, request, _ = ask(
        observed, "GET", "/api/2.0/mlflow/runs/get?run_id=secret", traceparent=f"00-{trace}-{caller}-01"
    )
    assert wait_until(lambda: any(span["trace"] == trace for span in collector.spans))

    [span] = [span for span in collector.spans if span["trace"] == trace]
    expected = {
        "name": "GET get_run",
        "parent": caller,
        "service": "runyard",
        "error": False,
        "http.request.method": "GET",
        "http.response.status_code": 404,
        "url.path": "/runs/api/2.0/mlflow/runs/get",
        "runyard.operation": "get_run",
        "runyard.request_id": request,
        "client.address": "127.0.0.1",
    }
    assert expected.items() <= span.items()
    assert "secret" not in json.dumps(span)
    assert wait_until(lambda: len(lines(observed, request)) == 1)
    assert trace == lines(observed, request)[0]["trace_id"]


def test_metrics_are_those_of_all_processes(observed: RunningServer) -> None:
    """Whichever process is asked; Prometheus' own parsers read both formats."""
    for number in range(12):
        assert 200 == ask(observed, "POST", "/api/2.0/mlflow/experiments/create", {"name": f"many-{number}"})[0]
        assert 200 == ask(observed, "PUT", f"/api/2.0/mlflow-artifacts/artifacts/9/{number}.json", "x" * 98)[0]
        assert 400 == ask(observed, "POST", "/api/2.0/mlflow/runs/log-batch", {"run_id": 5})[0]
    assert wait_until(
        lambda: 12 <= count(observed, "runyard_requests_total", operation="create_experiment", status="200")
    )

    assert 12 <= count(observed, "runyard_request_seconds_count", operation="create_experiment")
    assert 12 == count(observed, "runyard_requests_total", operation="log_batch", status="400")
    assert 12 == count(observed, "runyard_requests_total", operation="artifacts", status="200")
    assert 1200 == count(observed, "runyard_artifact_bytes_total", way="received")
    assert 12 <= count(observed, "runyard_writer_group_size_sum")
    assert 2 == count(observed, "runyard_processes")
    assert 0 == count(observed, "runyard_waiting", kind="write")
    assert count(observed, "runyard_database_bytes") > 10_000
    assert 1 == count(observed, "runyard_server_info", version=__version__)

    newer = ask(observed, "GET", "/metrics", Accept="application/openmetrics-text; version=1.0.0")[2]
    newer_names = {family.name for family in open_metrics(newer)}  # type: ignore[no-untyped-call]
    assert newer_names == {
        family.name.removesuffix("_info") for family in text_format(ask(observed, "GET", "/metrics")[2])
    }
    assert 405 == ask(observed, "POST", "/metrics", {})[0]


def count(server: RunningServer, name: str, **labels: str) -> float:
    """A number of `/metrics`; 0 when it is not there."""
    text = ask(server, "GET", "/metrics")[2]
    samples = [sample for family in text_format(text) for sample in family.samples]
    return next((sample.value for sample in samples if (sample.name, sample.labels) == (name, labels)), 0)


def test_dashboard_shows_what_there_is(observed: RunningServer) -> None:
    """Every series that a panel asks for is one that the server gives."""
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    asked = set(re.findall(r"\brunyard_\w+", json.dumps([panel["targets"] for panel in dashboard["panels"]])))
    ask(observed, "GET", "/")
    text = ask(observed, "GET", "/metrics")[2]
    given = {sample.name for family in text_format(text) for sample in family.samples}

    assert len(asked) > 8
    assert asked <= given


def test_text_log_holds_no_forged_line(start_server: Callable[..., RunningServer]) -> None:
    """Also with text logs, and a server that tells no numbers."""
    server = start_server("--log-level", "info", "--no-metrics")
    with Caller(server.url) as caller:
        assert 404 == caller.request("GET", "/metrics")[0]
        assert 404 == caller.request("GET", "/there%0aERROR%20runyard:%20all%20is%20lost")[0]
        assert 200 == caller.request("GET", "/health")[0]
    assert wait_until(lambda: "GET /health 200 in" in server.output())

    assert "there\\nERROR runyard" in server.output()
    assert not [line for line in server.output().splitlines() if line.startswith("ERROR")]
    assert re.search(
        r"INFO runyard.access: 127.0.0.1 GET /metrics 404 in [\d.]+ ms, \d+ bytes \[[0-9a-f-]+\]", server.output()
    )
