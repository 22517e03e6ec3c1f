"""What an operator of a model server sees: a line for each request with its id, and spans."""

import asyncio
import json
from typing import Any

import pytest

from runyard.serving.app import create_app
from runyard.serving.settings import ServingSettings
from tests.serving.conftest import ModelServer
from tests.serving.served import served
from tests.support.clock import wait_until
from tests.support.collector import collecting
from tests.support.http import Caller

BODY = json.dumps({"inputs": {"a": [1], "b": [2]}}).encode()


def test_every_request_has_a_line_under_its_id(sums: ModelServer) -> None:
    """The caller's own id where there is one; an error has it too."""
    with Caller(sums.url) as caller:
        fields = {"Content-Type": "application/json"}
        good = caller.request("POST", "/invocations", BODY, {**fields, "X-Request-ID": "job-7"})[1]
        _, bad, answer = caller.request("POST", "/invocations", b"{", {**fields, "X-Request-ID": "job-8"})
    said: list[Any] = []

    def logged() -> bool:
        said[:] = [json.loads(line) for line in sums.output().splitlines() if line.startswith("{")]
        return {"job-7", "job-8"} <= {line.get("request_id") for line in said}

    assert wait_until(logged)
    by_name = [{name.lower(): value for name, value in headers.items()} for headers in (good, bad)]
    assert ["job-7", "job-8"] == [headers["x-request-id"] for headers in by_name]
    assert "job-8" == json.loads(answer)["request_id"]
    of_requests = {line["request_id"]: line for line in said if line["logger"] == "runyard.access"}
    assert ["invocations", "/invocations"] == [of_requests["job-7"][name] for name in ("operation", "path")]
    assert [200, 400] == [of_requests[name]["status"] for name in ("job-7", "job-8")]


def test_spans_are_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of requests, under the service's own name; what is left is sent when the server ends."""
    with collecting() as collector:
        for name, value in {**collector.environment(), "OTEL_SERVICE_NAME": "churn"}.items():
            monkeypatch.setenv(name, value)
        asyncio.run(_ask_once(create_app(served("sums"), ServingSettings(tracing=True))))

    [span] = collector.spans
    assert ["POST invocations", "churn", 200] == [
        span[name] for name in ("name", "service", "http.response.status_code")
    ]


async def _ask_once(app: Any) -> None:
    """Start the application, send it one request, and end it."""
    steps = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    asked = asyncio.Event()

    async def next_step() -> dict[str, str]:
        if len(steps) == 1:
            await asked.wait()
        return steps.pop(0)

    started = asyncio.Event()

    async def note(_message: Any) -> None:
        started.set()

    serving = asyncio.create_task(app({"type": "lifespan"}, next_step, note))
    await started.wait()
    headers = [
        (b"host", b"127.0.0.1:5000"), (b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY)),
    ]  # fmt: skip
    scope = {"type": "http", "method": "POST", "path": "/invocations", "query_string": b"", "headers": headers}

    async def body() -> dict[str, Any]:
        return {"type": "http.request", "body": BODY, "more_body": False}

    await app(scope, body, note)
    asked.set()
    await serving
