"""Every operation that the description names, called with whatever it allows and much that it does not."""

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from runyard.server.artifact_paths import PROXY_ROOTS
from tests.server import route_walk as walk
from tests.support.server import RunningServer

DOCUMENTED = (501, 503)
"""What this server cannot do at all, and what it cannot do now."""
OF_ARTIFACTS = (
    ("/get-artifact", "GET"),
    ("/model-versions/get-artifact", "GET"),
    ("/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files", "GET"),
    ("/ajax-api/2.0/mlflow/upload-artifact", "POST"),
    (f"{PROXY_ROOTS[0]}/artifacts", "GET"),
    *((f"{PROXY_ROOTS[0]}/artifacts/{{path}}", method) for method in ("GET", "PUT", "DELETE")),
    *((f"{PROXY_ROOTS[0]}/mpu/{step}/{{path}}", "POST") for step in ("create", "complete", "abort")),
    (f"{PROXY_ROOTS[0]}/presigned/{{path}}", "GET"),
)
OPERATIONS = [(kind.operation.main_path, method) for kind in walk.KINDS for method in kind.operation.methods]
SOME = hypothesis.settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
    phases=[hypothesis.Phase.generate],
)


@pytest.fixture(scope="module")
def described(server: RunningServer) -> Any:
    """The description as the server gives it."""
    return schemathesis.openapi.from_url(f"{server.url}/api/openapi.json")


@pytest.fixture(scope="module")
def connection() -> Iterator[requests.Session]:
    """A connection for all requests: to make one takes as long as to answer most of them."""
    with requests.Session() as session:
        yield session


def test_every_operation_is_tried(described: Any) -> None:
    """What is described and not listed here would be tried by nobody."""
    named = {(operation.ok().path, operation.ok().method.upper()) for operation in described.get_all_operations()}

    assert {*OPERATIONS, *OF_ARTIFACTS} == named


@pytest.mark.parametrize(("path", "method"), [*OPERATIONS, *OF_ARTIFACTS], ids=str)
def test_no_request_breaks_the_server(described: Any, connection: requests.Session, path: str, method: str) -> None:
    """It is performed or refused with a reason, and what is answered is as declared."""
    operation = described[path][method]
    modes = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
    cases = hypothesis.strategies.one_of([operation.as_strategy(generation_mode=mode) for mode in modes])

    @SOME
    @hypothesis.given(case=cases)
    def send(case: Any) -> None:
        response = case.call(session=connection)
        if response.status_code not in DOCUMENTED:
            case.validate_response(response, checks=[not_a_server_error, response_schema_conformance])

    send()
