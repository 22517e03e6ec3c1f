"""What programs ask for and do not find: the answer is theirs to read, and names the reason."""

import json

import pytest

from tests.server import route_walk as walk
from tests.support.http import Caller


@pytest.mark.parametrize(
    ("method", "path", "word"),
    [
        ("POST", "/api/3.0/mlflow/traces", "Traces"),
        ("POST", "/api/2.0/mlflow/traces", "Traces"),
        ("GET", "/ajax-api/2.0/mlflow/traces/tr-1/info", "Traces"),
        ("POST", "/api/3.0/mlflow/traces/tr-1/assessments", "Traces"),
        ("POST", "/v1/traces", "Traces"),
        ("GET", "/api/2.0/mlflow/webhooks", "Webhooks"),
        ("POST", "/api/2.0/mlflow/webhooks/7/test", "Webhooks"),
        ("POST", "/api/2.0/mlflow/users/create", "Users"),
        ("GET", "/api/2.0/mlflow/experiments/permissions/get", "Permissions"),
        ("GET", "/api/3.0/mlflow/workspaces", "Workspaces"),
        ("POST", "/api/3.0/mlflow/datasets/search", "Evaluation datasets"),
        ("GET", "/api/3.0/mlflow/scorers/list", "Scorers"),
        ("POST", "/api/3.0/mlflow/gateway/endpoints/create", "gateway"),
        ("GET", "/gateway/chat/mlflow/invocations", "gateway"),
        ("POST", "/api/3.0/mlflow/prompt-optimization/jobs", "prompts"),
        ("GET", "/api/3.0/mlflow/review-queues", "Review queues"),
        ("GET", "/api/3.0/mlflow/label-schemas", "Label schemas"),
        ("GET", "/api/3.0/mlflow/issues", "Issues"),
        ("GET", "/api/2.0/endpoints/", "Deployments"),
        ("POST", "/graphql", "GraphQL"),
    ],
)
def test_parts_of_mlflow_that_are_not_there(caller: Caller, method: str, path: str, word: str) -> None:
    """Who asks for a part that is not offered is told so, and is not sent looking for a mistake in the address."""
    status, headers, body = caller.request(method, path, b"{}" if method != "GET" else None, walk.JSON)

    said = walk.answer_of(status, headers, body)
    assert 404 == status
    assert ["ENDPOINT_NOT_FOUND", True, False] == [json.loads(said)["error_code"], word in said, "address" in said]


@pytest.mark.parametrize(
    "path",
    [
        "/model-versions/get-artifact?name=m&version=1&path=../x",
        "/model-versions/get-artifact?name=none&version=1&path=x",
        "/model-versions/get-artifact",
        "/get-artifact?run_id=none&path=x",
        "/get-artifact",
        "/api",
        "/ajax-api",
        "/api/2.0/mlflow-artifacts/artifacts/%2e%2e/x",
        "/ajax-api/2.0/mlflow/logged-models/m-none/artifacts/files?artifact_file_path=x",
        "/v1/metrics",
    ],
)
def test_what_programs_ask_is_refused_in_json(caller: Caller, path: str) -> None:
    """A program that is sent a page cannot say to its user what was wrong."""
    walk.answer_of(*caller.request("GET", path))
