"""Examples of the API's description: for each operation a request, its answer and the curl line that sends it.

They are in a file that `make docs` writes from real requests; it is read when somebody asks for the description.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import orjson

from runyard._resources import web

Schema = dict[str, Any]


@cache
def examples() -> dict[str, Schema]:
    """Name of an operation, or of the function that answers to a route of artifacts → its example."""
    found: dict[str, Schema] = orjson.loads((web() / "docs" / "reference" / "examples.json").read_bytes())
    return found


def add_examples(described: Schema) -> None:
    """Add the examples to a description, and leave out the status 404 where nothing can be missing."""
    for operation in _operations(described):
        example = examples().get(operation["operationId"])
        if example is not None:
            _add(operation, example)


def _operations(described: Schema) -> Iterator[Schema]:
    for methods in described["paths"].values():
        yield from methods.values()


def _add(operation: Schema, example: Schema) -> None:
    sent, json = example.get("request", {}), "application/json"
    operation["x-codeSamples"] = [{"lang": "Shell", "label": "curl", "source": example["curl"]}]
    values = {**sent, **example.get("parameters", {})}
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in values:
            parameter["example"] = values[parameter["name"]]
    if sent and example["method"] != "GET":
        operation["requestBody"]["content"][json]["example"] = sent
    if "answer" in example:
        content = operation["responses"]["200"].setdefault("content", {})
        content.setdefault(json, {"schema": {"type": "object"}})["example"] = example["answer"]
    if not example.get("absent"):
        operation["responses"].pop("404", None)
