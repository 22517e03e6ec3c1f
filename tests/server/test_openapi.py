"""The API's own description says what the server does."""

import inspect
import json
import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from runyard.server.openapi import specification
from tests.server import route_walk as walk
from tests.support.http import Caller


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """The description."""
    return specification()


@pytest.mark.parametrize("kind", walk.KINDS, ids=walk.NAMES)
def test_operation_is_described(described: dict[str, Any], kind: Any) -> None:
    """A client generated from it knows every field, and which ones it must send."""
    for method in kind.operation.methods:
        operation = described["paths"][kind.operation.main_path][method.lower()]
        if method == "GET":
            named = {one["name"] for one in operation["parameters"]}
        else:
            named = set(operation["requestBody"]["content"]["application/json"]["schema"]["properties"])
        assert set(walk.hints(kind)) == named
        assert (
            operation["description"] == (inspect.getdoc(kind) or "").replace("``", "`").partition("\n\nAttributes")[0]
        )
        assert {"200", "400", "503"} <= set(operation["responses"])


def test_references_lead_somewhere(described: dict[str, Any]) -> None:
    """A dangling reference breaks every generator."""
    named = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(described)))

    assert named <= set(described["components"]["schemas"])
    assert {"Error", "Metric", "RunFound", "Tag"} <= named


def test_it_is_valid(caller: Caller) -> None:
    """As the tools that make clients of it see it: parameters of paths are declared, types are types."""
    served = json.loads(caller.request("GET", "/api/openapi.json")[2])

    assert [] == [str(error) for error in OpenAPIV31SpecValidator(served).iter_errors()]


def test_operation_ids_are_unique(described: dict[str, Any]) -> None:
    """Generators make a function of each."""
    ids = [operation["operationId"] for methods in described["paths"].values() for operation in methods.values()]

    assert len(ids) == len(set(ids))


def test_it_is_served_for_programs_and_for_people(caller: Caller) -> None:
    """Both come from one place, artifacts included."""
    status, headers, body = caller.request("GET", "/api/openapi.json")
    page_status, _, page = caller.request("GET", "/api/docs")

    assert (200, 200) == (status, page_status)
    assert "application/json" == headers["content-type"]
    assert "/get-artifact" in json.loads(body)["paths"]
    assert [] == [name for name in walk.NAMES if f'id="{name}"'.encode() not in page]
    assert len(walk.NAMES) <= page.count(b"curl --fail-with-body")
    assert [] == [heading for heading in (b"----", b"Attributes", b"Raises") if heading in page]  # of docstrings
