"""The page at /api/docs: every operation with its fields, readable without JavaScript."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from runyard.ui.navigation import Crumb, Shell
from runyard.ui.site import Site


@dataclass(frozen=True)
class ApiField:
    """A row of an operation's table."""

    name: str
    type: str
    location: str
    required: bool
    default: str
    meaning: str


@dataclass(frozen=True)
class ApiOperation:
    """One operation, or one object that operations hold.

    Attributes
    ----------
    answer: Name of the object it answers with; empty where it answers with a file.
    statuses: The HTTP statuses of its answers.
    curl: An example, as a line of the shell.
    answered: What that is answered, as JSON; empty for a file.
    """

    name: str
    method: str
    path: str
    description: str
    fields: tuple[ApiField, ...]
    answer: str = ""
    statuses: str = ""
    curl: str = ""
    answered: str = ""


@dataclass(frozen=True)
class ApiGroup:
    """The operations on one kind of thing."""

    title: str
    operations: tuple[ApiOperation, ...]


@dataclass(frozen=True)
class ApiPage:
    """All that api.html may use."""

    introduction: str
    specification: str
    groups: tuple[ApiGroup, ...]
    objects: tuple[ApiOperation, ...]


def show(site: Site, request: Request, specification: Mapping[str, Any]) -> Response:
    """The page for an OpenAPI description."""
    grouped: dict[str, list[ApiOperation]] = {}
    for path, methods in specification["paths"].items():
        for method, described in methods.items():
            group = next(iter(described.get("tags", ())), "artifacts")
            grouped.setdefault(str(group), []).append(_operation(path, method, described))
    objects = specification["components"]["schemas"].items()
    page = ApiPage(
        introduction=specification["info"]["description"],
        specification=site.urls.to_path("/api/openapi.json"),
        groups=tuple(ApiGroup(title.capitalize(), tuple(operations)) for title, operations in sorted(grouped.items())),
        objects=tuple(
            ApiOperation(name, "", "", _words(schema), tuple(_fields(schema, ""))) for name, schema in objects
        ),
    )
    crumbs = (Crumb("Docs", site.urls("docs")), Crumb("REST API"))
    return site.page(request, "api", page, Shell("REST API", "docs", crumbs))


def _operation(path: str, method: str, described: Mapping[str, Any]) -> ApiOperation:
    parameters = [
        _field(one["name"], one["schema"], one["in"], one.get("required", False))
        for one in described.get("parameters", ())
    ]
    content = described.get("requestBody", {}).get("content", {}).get("application/json", {})
    body = list(_fields(content.get("schema", {}), "body"))
    answer = described["responses"]["200"].get("content", {}).get("application/json", {})
    schema, shown = answer.get("schema", {}), answer.get("example")
    samples = described.get("x-codeSamples", ())
    return ApiOperation(
        name=described["operationId"],
        method=method.upper(),
        path=path,
        description=_words(described),
        fields=(*parameters, *body),
        answer=_type(schema) if "$ref" in schema else "",
        statuses=", ".join(sorted(described["responses"])),
        curl=samples[0]["source"] if samples else "",
        answered=json.dumps(shown, indent=2, ensure_ascii=False) if shown else "",
    )


def _fields(schema: Mapping[str, Any], location: str, prefix: str = "") -> Iterator[ApiField]:
    for name, one in schema.get("properties", {}).items():
        if "properties" in one:
            yield from _fields(one, location, f"{prefix}{name}.")
        else:
            yield _field(prefix + name, one, location, name in schema.get("required", ()))


def _field(name: str, schema: Mapping[str, Any], location: str, required: bool) -> ApiField:
    default = str(schema["default"]) if "default" in schema else ""
    return ApiField(name, _type(schema), location, required, default, _words(schema))


def _words(described: Mapping[str, Any]) -> str:
    """A description without Markdown's marks of code."""
    return str(described.get("description", "")).replace("`", "")


def _type(schema: Mapping[str, Any]) -> str:
    """A type in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "oneOf" in schema or "anyOf" in schema:
        return " | ".join(_type(one) for one in schema.get("oneOf") or schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type", "any"))
