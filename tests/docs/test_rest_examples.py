"""The examples of the REST reference, run by curl against a server whose artifacts are in S3."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from runyard.protocol.message import OPERATIONS
from tests.docs.reference import description
from tests.docs.rest_examples import EXAMPLES, server, told
from tests.docs.rest_story import STORY
from tests.support.s3 import ObjectStore


def closed(schema: Any) -> Any:
    """A schema of objects that hold nothing but what it names."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    own = {"additionalProperties": False} if isinstance(schema.get("properties"), dict) else {}
    return {**own, **{name: closed(one) for name, one in schema.items()}}


def test_every_request_has_an_example() -> None:
    """A reader finds a line to copy for each operation and each route of artifacts."""
    described = {one["operationId"] for methods in description()["paths"].values() for one in methods.values()}
    of_second_methods = {f"{name}_by_get" for name in OPERATIONS}

    assert described - of_second_methods == {step.name for step in STORY}


def test_examples_are_answered_as_shown(objects: ObjectStore, tmp_path: Path) -> None:
    """Each curl line succeeds after those before it, and its answer is the one shown, with what is declared in it."""
    with server(tmp_path, objects) as running:
        examples, answers = told(tmp_path / "work", running.url)

    assert json.loads(EXAMPLES.read_text(encoding="utf-8")) == examples, "Write them anew with: make docs"
    components = closed(description()["components"])
    for name in OPERATIONS:
        answer = {"$ref": f"#/components/schemas/{OPERATIONS[name].answer.__name__}", "components": components}
        problems = [error.message for error in Draft202012Validator(answer).iter_errors(answers[name])]
        assert (name, []) == (name, problems)


def test_openapi_shows_them() -> None:
    """Tools that read the description show what people read: the request, the answer, the line and the statuses."""
    examples = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    described = description()["paths"]
    for name, example in examples.items():
        shown = described[example["path"]][example["method"].lower()]
        sent = {one["name"]: one.get("example") for one in shown.get("parameters", ())}
        if example["method"] != "GET" and "request" in example:
            sent = shown["requestBody"]["content"]["application/json"]["example"]
        assert {**example.get("request", example.get("parameters", {}))}.items() <= sent.items(), name
        if "answer" in example:
            assert example["answer"] == shown["responses"]["200"]["content"]["application/json"]["example"]
        assert example["curl"] == shown["x-codeSamples"][0]["source"]
        assert example.get("absent", False) == ("404" in shown["responses"]), name
